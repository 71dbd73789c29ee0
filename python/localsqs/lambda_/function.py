"""Function: a Lambda function of an engine, and how one invocation of it goes."""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING, Any

from localsqs._service import partition
from localsqs.clock import to_datetime
from localsqs.lambda_.context import ContextFields
from localsqs.lambda_.in_process import InProcessRunner
from localsqs.lambda_.outcome import Outcome

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from localsqs.engine import Engine
    from localsqs.lambda_.runner import Runner

__all__ = ["Function", "register"]

TIMEOUT_MAX_S = 900
MEMORY_MIN_MB, MEMORY_MAX_MB = 128, 10_240
_THROTTLED = Outcome(
    "throttled",
    {"message": "Rate Exceeded.", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"},
)


class Function:
    """A Lambda function. Made by `Engine.register_function`.

    Attributes:
        name, region, account, arn: `arn` is unqualified.
        timeout: Seconds.
        memory_size: MB.
        environment: Its variables.
        reserved_concurrency: At most so many invocations at a time; None: no limit.
        in_progress: Invocations in progress.
        runner: What runs it.
        handler: The callable, or None if the runner has it elsewhere.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        runner: Runner | None,
        *,
        handler: Callable[[Any, Any], Any] | None = None,
        timeout: float = 3,
        memory_size: int = 128,
        environment: Mapping[str, str] | None = None,
        reserved_concurrency: int | None = None,
        region: str | None = None,
        account: str | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._engine = engine
        self._agenda = engine._agenda
        self._service = engine._service("lambda")
        self._lock = Lock()
        self.name = _checked_name(name)
        self.runner: Runner = runner  # type: ignore[assignment]  # For a handler `register` sets it.
        self.handler = handler
        self.reconfigure(timeout, memory_size, environment or {}, description)
        self.reserved_concurrency = reserved_concurrency
        self.region = region or engine.region
        self.account = account or engine.account
        self.arn = f"arn:{partition(self.region)}:lambda:{self.region}:{self.account}:function:{name}"
        self.tags = dict(tags or {})
        self.in_progress = 0
        self._log_group = f"/aws/lambda/{name}"
        self._log_stream = f"{to_datetime(self.modified_ns):%Y/%m/%d}/[$LATEST]{self._service.random_hex()}"

    def reconfigure(
        self,
        timeout: float | None = None,
        memory_size: int | None = None,
        environment: Mapping[str, str] | None = None,
        description: str | None = None,
    ) -> None:
        """Changes what is not None.

        Raises:
            ValueError: If a number is out of range.
        """
        if timeout is not None:
            self.timeout = _checked_number("timeout", timeout, 0.001, TIMEOUT_MAX_S)
            self._timeout_ns = round(timeout * 1e9)
        if memory_size is not None:
            self.memory_size = int(_checked_number("memory_size", memory_size, MEMORY_MIN_MB, MEMORY_MAX_MB))
            self._memory_text = str(self.memory_size)
        if environment is not None:
            self.environment = {str(name): str(value) for name, value in environment.items()}
            self._tell_environment()
        if description is not None:
            self.description = description
        self.modified_ns = self._agenda.now_ns()

    def _tell_environment(self) -> None:
        tell = getattr(self.runner, "set_environment", None)  # A runner need not care.
        if tell is not None:
            tell(self.environment)

    # --- Concurrency -------------------------------------------------------------------------------------------------

    def begin(self) -> bool:
        """Takes a place for one invocation. False: the reserved concurrency is used up."""
        with self._lock:
            limit = self.reserved_concurrency
            if limit is not None and self.in_progress >= limit:
                return False
            self.in_progress += 1
            return True

    def end(self) -> None:
        """Gives the place back."""
        with self._lock:
            self.in_progress -= 1

    # --- Invoking ----------------------------------------------------------------------------------------------------

    def invoke(
        self,
        event: Any,
        *,
        request_id: str | None = None,
        qualifier: str | None = None,
        client_context: dict[str, Any] | None = None,
    ) -> Outcome:
        """Invokes it once, to its end; engine time passes while it sleeps.

        Args:
            event: A JSON value.
            request_id: Drawn from the seed if None.
            qualifier: The version or alias that was asked for.
            client_context: Only of direct invocations.
        """
        if not self.begin():
            self._service.counters.throttles += 1
            return _THROTTLED
        try:
            if not self._agenda.virtual or self._agenda.carriers.held_here:
                return self.run(event, request_id, qualifier, client_context)
            outcomes: list[Outcome] = []
            self._agenda.run_now(lambda: outcomes.append(self.run(event, request_id, qualifier, client_context)))
            return outcomes[0]
        finally:
            self.end()

    def run(
        self,
        event: Any,
        request_id: str | None = None,
        qualifier: str | None = None,
        client_context: dict[str, Any] | None = None,
    ) -> Outcome:
        """The same for a caller that has a place (`begin`), and in virtual time is in a run of the agenda."""
        context = self._context(request_id or self._service.new_request_id(), qualifier, client_context)
        if self._agenda.virtual:
            outcome = self.runner.invoke(event, context)
            if outcome.status == "timeout" and self._agenda.now_ns() < context.deadline_ns:
                self._agenda.sleep_until(context.deadline_ns)  # It hung without sleeping, or in a process of its own.
        else:
            outcome = self._service.run_in_real_time(lambda: self.runner.invoke(event, context))
        self._count(outcome)
        return outcome

    def _context(self, request_id: str, qualifier: str | None, client_context: dict[str, Any] | None) -> ContextFields:
        return ContextFields(
            self.name,
            qualifier if qualifier and qualifier.isdigit() else "$LATEST",
            f"{self.arn}:{qualifier}" if qualifier else self.arn,
            self._memory_text,
            request_id,
            self._log_group,
            self._log_stream,
            self._agenda.now_ns() + self._timeout_ns,
            self.timeout,
            "",
            client_context,
        )

    def _count(self, outcome: Outcome) -> None:
        counters = self._service.counters
        counters.invocations += 1
        counters.errors += outcome.status != "ok"
        # Billed by the millisecond, one at least (AWS Lambda pricing).
        counters.mb_ms += self.memory_size * (math.ceil(outcome.duration_ms) or 1)
        if '"_aws"' in outcome.log:
            from localsqs.lambda_.emf import publish

            publish(self._engine, outcome.log, self.region, self.account)

    def close(self) -> None:
        """Closes its runner."""
        self.runner.close()

    def __repr__(self) -> str:
        return f"<Function {self.name}: timeout {self.timeout:g} s, {self.memory_size} MB>"


def register(
    engine: Engine,
    name: str,
    handler: Callable[[Any, Any], Any] | str | None,
    *,
    runner: Runner | None,
    environment: Mapping[str, str] | None,
    code_dir: str | os.PathLike[str] | None = None,
    hang_after: float = 60.0,
    **options: Any,
) -> Function:
    """See Engine.register_function."""
    if (handler is None) == (runner is None):
        raise TypeError("a function needs either a handler or a runner")
    function = Function(engine, name, runner, environment=environment, **options)
    if isinstance(handler, str):
        function.handler = _imported(function, handler, code_dir)
    elif handler is not None:
        if not callable(handler):
            raise TypeError(f"a handler is called with (event, context); a {type(handler).__name__} cannot be called")
        function.handler = handler
    if function.handler is not None:
        function.runner = InProcessRunner(function.handler, engine._agenda, function.environment, hang_after)
    elif function.environment:
        function._tell_environment()
    engine._service("lambda").add_function(function)
    return function


def _imported(function: Function, path: str, code_dir: str | os.PathLike[str] | None) -> Any:
    """The handler, imported with the function's environment in place: Powertools reads it then."""
    from localsqs.lambda_.environment import function_environment
    from localsqs.lambda_.handler_loader import load_handler

    variables = function_environment(function._context("", None, None), function.environment)
    return load_handler(path, code_dir=code_dir, environment=variables)


def _checked_name(name: str) -> str:
    import re

    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise ValueError(f"a function's name is 1 to 64 letters, digits, hyphens and underscores, not {name!r}")
    return name


def _checked_number(what: str, value: float, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{what} must be from {least:g} to {most:g}, not {value:g}")
    return value
