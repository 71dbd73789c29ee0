"""A sandbox: one process that runs a function, and the Runtime API that it talks to.

It serves one invocation after the other, as an execution environment of Lambda does, until the process ends, a time-out
kills it, or it uses more memory than the function has. Time here is real time.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from threading import Thread
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.outcome import Outcome, failure, json_or_text
from localsqs.lambda_.runtime_api import RESPONSE_BYTES_MAX, Answer, Invocation, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from localsqs.lambda_.context import ContextFields

__all__ = ["Sandbox"]

# What a function has to get ready, beside its timeout (Lambda: "the Init phase is limited to 10 seconds").
INIT_TIMEOUT_S = 10.0

_MEMORY_LOOK_S = 0.05
_LOG_BYTES_MAX = 1 << 20


class Sandbox:
    """One process of a function. Not thread-safe, but for `kill`.

    Args:
        command: What to start; AWS_LAMBDA_RUNTIME_API is added to its environment.
        code_dir: Where it starts.
        environment: All of its other variables.

    Raises:
        OSError: If the command cannot be started.
    """

    def __init__(self, command: Sequence[str], code_dir: Path, environment: Mapping[str, str]) -> None:
        # A file, not a pipe: a process that writes much never waits for us, and what it has written before its answer
        # is there when the answer is.
        self._output = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        fcntl.fcntl(
            self._output, fcntl.F_SETFL, os.O_APPEND
        )  # Emptied between events, it is written from its beginning.
        self._api = RuntimeApi()
        self._memory_kib = 0
        try:
            self._process = subprocess.Popen(
                list(command),
                cwd=code_dir,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # A group of its own, so that what it starts ends with it.
            )
        except OSError:
            self._api.close()
            self._output.close()
            raise
        self._watcher = Thread(target=self._watch, name="sandbox", daemon=True)
        self._watcher.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs. It may take a moment to notice that it does not."""
        return not self._api.ended

    def get_ready(self, timeout_s: float) -> bool:
        """Waits until the process asks for an event.

        Returns:
            False if it is gone, has failed or was too slow: `invoke` then tells which.
        """
        return self._api.wait_ready(INIT_TIMEOUT_S + timeout_s) and self._api.is_ready()

    def invoke(self, event: Any, context: ContextFields) -> Outcome:
        """Runs the handler once. Afterwards the sandbox is `alive` if it can serve another event."""
        started = monotonic()
        in_time = self._api.wait_ready(INIT_TIMEOUT_S + context.timeout_s)
        if in_time and self._api.is_ready():
            started = monotonic()
            self._api.offer(_invocation(event, context))
            in_time = self._wait_for_answer(started + context.timeout_s, int(context.memory_limit_in_mb) * 1024)
        answer = self._api.take_answer()
        if answer is None:
            self._stop()
            outcome = _exit(context, self._process.returncode) if in_time else _timeout(context)
        else:
            outcome = _answered(answer, context)
            if answer.kind in ("init_error", "too_large"):
                self._stop()  # What runtimes do after these differs; Lambda starts a new process.
        return self._measured(outcome, started)

    def kill(self) -> None:
        """Ends the process, and what it has started, from any thread. Harmless once they are gone."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Ends the process and frees everything. Once is enough."""
        self._stop()
        self._output.close()

    def _stop(self) -> None:
        self.kill()
        self._watcher.join()
        self._api.close()

    def _wait_for_answer(self, deadline: float, memory_kib_max: int) -> bool:
        """False if the deadline passed. A process that takes too much memory is killed on the way."""
        while (left := deadline - monotonic()) > 0:
            if self._api.wait_answer(min(left, _MEMORY_LOOK_S)):
                return True
            if self._look_at_memory() > memory_kib_max:
                self.kill()
        return self._api.wait_answer(0)

    def _measured(self, outcome: Outcome, started: float) -> Outcome:
        """The outcome with duration, memory and log."""
        return Outcome(
            outcome.status,
            outcome.payload,
            duration_ms=(monotonic() - started) * 1000,
            max_memory_mb=-(-self._look_at_memory() // 1024),
            log=self._read_output(),
        )

    def _look_at_memory(self) -> int:
        """The most resident memory so far, in KiB, as Linux counts it; elsewhere 0."""
        with suppress(OSError), open(f"/proc/{self._process.pid}/status", encoding="utf-8", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    self._memory_kib = max(self._memory_kib, int(line.split()[1]))
        return self._memory_kib

    def _read_output(self) -> str:
        """What the process has written since the last time; of much, the end."""
        self._output.seek(max(0, self._output.seek(0, os.SEEK_END) - _LOG_BYTES_MAX))
        text = self._output.read().decode(errors="replace")
        self._output.truncate(0)
        return text

    def _watch(self) -> None:
        """Waits for the end of the process; in a thread of its own."""
        if hasattr(os, "waitid"):  # Until `wait` collects it, its number belongs to nobody else.
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
            self.kill()
        self._process.wait()
        self._api.process_ended()


def _invocation(event: Any, context: ContextFields) -> Invocation:
    return Invocation(
        context.aws_request_id,
        json.dumps(event).encode(),
        # The process knows no other time than the real one.
        time_ns() // 1_000_000 + int(context.timeout_s * 1000),
        context.invoked_function_arn,
        context.trace_id,
        "" if context.client_context is None else json.dumps(context.client_context),
    )


# --- Endings, in Lambda's words --------------------------------------------------------------------------------------


def _timeout(context: ContextFields) -> Outcome:
    message = f"RequestId: {context.aws_request_id} Error: Task timed out after {context.timeout_s:.2f} seconds"
    return Outcome("timeout", failure("Sandbox.Timedout", message))


def _exit(context: ContextFields, code: int) -> Outcome:
    if code == 0:
        reason = "Runtime exited without providing a reason"
    elif code > 0:
        reason = f"Runtime exited with error: exit status {code}"
    else:
        reason = f"Runtime exited with error: signal: {(signal.strsignal(-code) or str(-code)).lower()}"
    return Outcome("exit", failure("Runtime.ExitError", f"RequestId: {context.aws_request_id} Error: {reason}"))


def _answered(answer: Answer, context: ContextFields) -> Outcome:
    if answer.kind == "response":
        return Outcome("ok", json_or_text(answer.body))
    if answer.kind == "too_large":
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."
        return Outcome("error", failure("Function.ResponseSizeTooLarge", message))
    payload = json_or_text(answer.body)
    if not isinstance(payload, dict):
        payload = failure(answer.error_type or "Unhandled", str(payload or ""), context.aws_request_id)
    is_marshal_error = payload.get("errorType") == "Runtime.MarshalError"
    return Outcome("unserialisable" if is_marshal_error else "error", payload)
