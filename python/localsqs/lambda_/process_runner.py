"""ProcessRunner: runs a function in processes of its own, through the Lambda Runtime API.

    ProcessRunner("orders.handler", code_dir="src")                       Python, by awslambdaric
    ProcessRunner("index.handler", code_dir="src", runtime="nodejs")      Node.js, by aws-lambda-ric or our own loop
    ProcessRunner(command=["./bootstrap"], code_dir="build")              whatever speaks the Runtime API

What happens there is real: the time-out kills, the memory is measured, `os._exit` and a segmentation fault end the
process and not the tests. In virtual time an invocation takes none, but for one that times out.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import weakref
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.environment import process_environment
from localsqs.lambda_.outcome import Outcome, failure
from localsqs.lambda_.sandbox import Sandbox

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from localsqs.lambda_.context import ContextFields

__all__ = ["ProcessRunner", "node_command", "python_command"]


class ProcessRunner:
    """Runs a function in processes of its own, one for each invocation that is in progress at a time. Thread-safe.

    A process serves one event after the other; one that ended, was killed or failed to get ready is replaced when the
    next event comes.

    Args:
        handler: "module.function", as Lambda has it.
        code_dir: Where the code lies: the process starts there, and Python finds its modules there.
        runtime: "python", by awslambdaric (`pip install awslambdaric`), or "nodejs". Lambda's own names, such as
            "python3.12" and "nodejs20.x", mean the same; the version is the one that is installed.
        environment: The function's variables; those that it is registered with come on top.
        endpoint_url: Where AWS SDKs in the function find SQS: `server.endpoint_url`. Sets AWS_ENDPOINT_URL_SQS.
        command: What to start instead of what belongs to `runtime`.

    Raises:
        ModuleNotFoundError: If awslambdaric is not installed.
        FileNotFoundError: If there is no such directory, or no Node.js.
        ValueError: If the runtime is none of these, or there is neither a handler nor a command.
    """

    def __init__(
        self,
        handler: str = "",
        *,
        code_dir: str | os.PathLike[str] = ".",
        runtime: str = "python",
        environment: Mapping[str, str] | None = None,
        endpoint_url: str | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self._handler = handler
        self._code_dir = Path(code_dir).resolve(strict=True)
        self._command = list(command) if command is not None else _command(runtime, handler, self._code_dir)
        self._runtime = runtime
        self._own = dict(environment or {})
        if endpoint_url is not None:
            self._own.setdefault("AWS_ENDPOINT_URL_SQS", endpoint_url)
        self._of_function: dict[str, str] = {}
        self._lock = Lock()
        self._idle: list[Sandbox] = []
        self._all: set[Sandbox] = set()
        self._end = weakref.finalize(self, _close_all, self._lock, self._idle, self._all)  # At the latest at exit.

    def invoke(self, event: Any, context: ContextFields) -> Outcome:
        """Runs the handler once. See Runner."""
        try:
            sandbox = self._take(context)
        except OSError as error:
            message = f"RequestId: {context.aws_request_id} Error: {error}"
            return Outcome("exit", failure("Runtime.InvalidEntrypoint", message))
        try:
            return sandbox.invoke(event, context)
        finally:
            self._give_back(sandbox)

    def set_environment(self, variables: Mapping[str, str]) -> None:
        """The function's variables, beside and before those that the runner was made with.

        Processes that wait for an event end, so that the next one starts with these.
        """
        self._of_function = dict(variables)
        with self._lock:
            waiting = list(self._idle)
            self._idle.clear()
        for sandbox in waiting:
            self._forget(sandbox)

    def close(self) -> None:
        """Ends all processes; an invocation in progress ends as if its process had been killed."""
        self._end()

    def __enter__(self) -> ProcessRunner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ProcessRunner {self._handler or ' '.join(self._command)}: {len(self._all)} processes>"

    def _take(self, context: ContextFields) -> Sandbox:
        while True:
            with self._lock:
                sandbox = self._idle.pop() if self._idle else None
            if sandbox is None:
                return self._start(context)
            if sandbox.get_ready(context.timeout_s):
                return sandbox
            self._forget(sandbox)  # It ended after its last answer.

    def _start(self, context: ContextFields) -> Sandbox:
        variables = {**self._own, **self._of_function}
        environment = process_environment(context, self._handler, self._code_dir, self._runtime, variables)
        sandbox = Sandbox(self._command, self._code_dir, environment)
        with self._lock:
            self._all.add(sandbox)
        return sandbox

    def _give_back(self, sandbox: Sandbox) -> None:
        with self._lock:
            if sandbox.alive and self._end.alive:
                self._idle.append(sandbox)
                return
        self._forget(sandbox)

    def _forget(self, sandbox: Sandbox) -> None:
        with self._lock:
            self._all.discard(sandbox)
        sandbox.close()


def _close_all(lock: Lock, idle: list[Sandbox], everything: set[Sandbox]) -> None:
    with lock:
        closing = list(idle)
        idle.clear()
        for sandbox in everything:
            sandbox.kill()  # One in the midst of an invocation is closed by `_give_back`.
        everything.clear()
    for sandbox in closing:
        sandbox.close()


# --- Commands --------------------------------------------------------------------------------------------------------


def _command(runtime: str, handler: str, code_dir: Path) -> list[str]:
    if not handler:
        raise ValueError('a handler is needed, "module.function", or a command')
    if runtime.startswith("python"):
        return python_command(handler)
    if runtime.startswith("nodejs"):
        return node_command(handler, code_dir)
    raise ValueError(f'runtime must be "python" or "nodejs", not {runtime!r}; for others give the command')


def python_command(handler: str) -> list[str]:
    """This Python, with AWS's runtime client."""
    if importlib.util.find_spec("awslambdaric") is None:
        raise ModuleNotFoundError(
            "a Python function in a process of its own needs AWS's runtime client: pip install awslambdaric",
            name="awslambdaric",
        )
    # A free-threaded build switches its GIL on for AWS's client all the same, and says so in the log of the function.
    gil = ["-X", "gil=1"] if "t" in sys.abiflags else []
    return [sys.executable, *gil, "-m", "awslambdaric", handler]


def node_command(handler: str, code_dir: Path) -> list[str]:
    """Node.js with AWS's runtime client if the function's node_modules hold it, else with a small loop of our own.

    AWS's is built by a compiler when it is installed, so it is often missing.
    """
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("a function for Node.js needs node on the PATH")
    for directory in (code_dir, *code_dir.parents):
        client = directory / "node_modules" / "aws-lambda-ric" / "bin" / "index.mjs"
        if client.exists():
            return [node, str(client), handler]
    return [node, str(Path(__file__).with_name("node_runtime.mjs")), handler]
