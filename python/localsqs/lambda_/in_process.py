"""InProcessRunner: runs a handler in this process, so that a debugger stops in it and coverage counts it.

An invocation ends as Lambda would end it. What a process of its own is needed for: `os._exit` and a crash of the
interpreter end this process (use `process_runner.ProcessRunner`), memory is not limited, and modules are imported once.

Time is the engine's. In virtual time a handler takes as long as it sleeps, and computing takes none; one that uses more
than `hang_after` seconds of real time is ended. On a SystemClock it is ended at its timeout.
"""

from __future__ import annotations

import json
import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any

from localsqs.lambda_ import sleeping
from localsqs.lambda_.capture import Capture
from localsqs.lambda_.context import LambdaContext
from localsqs.lambda_.environment import function_environment
from localsqs.lambda_.outcome import Outcome, failure, json_or_text
from localsqs.lambda_.overlay import Overlay
from localsqs.lambda_.watchdog import HandlerHangs, TimedOut, watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs._agenda import Agenda
    from localsqs.lambda_.context import ContextFields
    from localsqs.lambda_.overlay import Changes

__all__ = ["InProcessRunner"]

# Of a synchronous answer (Lambda Developer Guide, "Lambda quotas": 6 MB).
_RESPONSE_BYTES_MAX = 6 * 1024 * 1024 + 100
# AWS's runtimes from Python 3.12 on no longer escape what is not ASCII in an answer.
_ANSWERS_IN_UTF8 = sys.version_info >= (3, 12)
_LOG_CHARACTERS_MAX = 1 << 20
_EMPTY = Outcome("ok")


class InProcessRunner:
    """See the module, and Runner.

    Args:
        handler: Called with (event, context).
        agenda: Of the engine.
        environment: The function's variables.
        hang_after: Seconds of real time after which a handler in virtual time is taken to hang.
    """

    def __init__(
        self,
        handler: Callable[[Any, Any], Any],
        agenda: Agenda,
        environment: dict[str, str] | None = None,
        hang_after: float = 60.0,
    ) -> None:
        self._handler = handler
        self._agenda = agenda
        self._environment = dict(environment or {})
        self._hang_after = hang_after
        self._overlay: Overlay | None = None

    def invoke(self, event: Any, context: ContextFields) -> Outcome:
        """Runs the handler once. In virtual time the calling thread must be in a run of the agenda."""
        overlay = self._overlay
        if overlay is None:
            overlay = self._overlay = Overlay(function_environment(context, self._environment))
        return _Call(self._handler, self._agenda, overlay, context, self._hang_after).run(event)

    def set_environment(self, variables: dict[str, str]) -> None:
        """From the next invocation on."""
        self._environment = dict(variables)
        self._overlay = None

    def close(self) -> None:
        """There is nothing to end."""

    def __repr__(self) -> str:
        return f"<InProcessRunner: {getattr(self._handler, '__qualname__', self._handler)!s}>"


class _Call:
    """One invocation."""

    __slots__ = ("_agenda", "_context", "_handler", "_hang_after", "_overlay", "_started_ns", "_timed_out", "_virtual")

    def __init__(
        self, handler: Callable[[Any, Any], Any], agenda: Agenda, overlay: Overlay, context: ContextFields, hang: float
    ) -> None:
        self._handler = handler
        self._agenda = agenda
        self._overlay = overlay
        self._context = context
        self._hang_after = hang
        self._timed_out = False
        self._virtual = agenda.virtual
        self._started_ns = 0

    def run(self, event: Any) -> Outcome:
        thread_id = get_ident()
        outer = sleeping.sleeps.get(thread_id)
        self._started_ns = self._agenda.now_ns()
        context = LambdaContext(self._context, self._agenda.now_ns)
        sleeping.sleeps[thread_id] = self._sleep
        self._overlay.enter(self._context.trace_id)
        try:
            with Capture() as capture:
                outcome = self._watched(event, context)
        finally:
            self._overlay.leave()
            if outer is None:
                del sleeping.sleeps[thread_id]
            else:
                sleeping.sleeps[thread_id] = outer
        return self._completed(outcome, capture.text)

    def _watched(self, event: Any, context: LambdaContext) -> Outcome:
        self._watch()
        try:
            try:
                return self._call(event, context)
            finally:
                if not watchdog.forget():
                    _let_it_arrive()
        except TimedOut as error:  # By a sleep, the watchdog, or both at once.
            watchdog.forget()
            return self._time_out(error)

    def _call(self, event: Any, context: LambdaContext) -> Outcome:
        try:
            returned = self._handler(event, context)
        except Exception as error:
            return Outcome("error", self._failure_of(error), error=error)
        except SystemExit as error:
            return Outcome("exit", self._exit_payload(error), error=error)
        return _EMPTY if returned is None else self._returned(returned)

    def _completed(self, outcome: Outcome, log: str) -> Outcome:
        elapsed_ns = self._agenda.now_ns() - self._started_ns
        timeout_ns = self._context.deadline_ns - self._started_ns
        if (self._timed_out or elapsed_ns > timeout_ns) and outcome.status != "timeout":
            outcome = self._time_out(outcome.error)
        if elapsed_ns == 0 and not log:
            return outcome
        duration_ms = min(elapsed_ns, timeout_ns) / 1e6
        text = log[-_LOG_CHARACTERS_MAX:]
        return Outcome(outcome.status, outcome.payload, duration_ms, log=text, error=outcome.error)

    # --- Time --------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._virtual:
            watchdog.watch(self._hang_after, HandlerHangs)
        else:
            watchdog.watch(self._remaining_ns() / 1e9, TimedOut)

    def _remaining_ns(self) -> int:
        return self._context.deadline_ns - self._agenda.now_ns()

    def _sleep(self, seconds: float) -> None:
        """The handler sleeps: until it has slept enough, or is at its timeout."""
        wanted_ns = round(seconds * 1e9)
        remaining_ns = max(0, self._remaining_ns())
        self._pass_time(min(wanted_ns, remaining_ns))
        if wanted_ns > remaining_ns:
            self._timed_out = True
            raise TimedOut

    def _pass_time(self, span_ns: int) -> None:
        if not self._virtual:
            sleeping.patch.sleep_really(span_ns / 1e9)
            return
        thread_id = get_ident()
        outer = sleeping.sleeps.pop(thread_id)
        changes: Changes | None = self._overlay.leave()
        watchdog.forget()
        try:
            self._agenda.sleep_until(self._agenda.now_ns() + span_ns)
        finally:
            sleeping.sleeps[thread_id] = outer
            self._overlay.enter(self._context.trace_id, changes)
            self._watch()

    def _time_out(self, error: BaseException | None) -> Outcome:
        self._timed_out = True
        if isinstance(error, HandlerHangs):
            self._warn_of_hang()
        ended = f"Task timed out after {self._context.timeout_s:.2f} seconds"
        message = f"RequestId: {self._context.aws_request_id} Error: {ended}"
        return Outcome("timeout", failure("Sandbox.Timedout", message), error=error)

    def _warn_of_hang(self) -> None:
        from localsqs.lambda_.warn import warn

        warn(
            f"the handler of {self._context.function_name} was ended after {self._hang_after:g} seconds of real time: "
            "in virtual time computing takes none, so it would have hung the run. It counts as timed out. If it only "
            "needs longer, give the function a larger hang_after."
        )

    # --- Ends --------------------------------------------------------------------------------------------------------

    def _returned(self, value: Any) -> Outcome:
        if isinstance(value, bytes):  # AWS's runtime client sends them as they are: text, unless they hold JSON.
            return Outcome("ok", json_or_text(value))
        try:
            text = json.dumps(value, default=_encode, ensure_ascii=not _ANSWERS_IN_UTF8)
        except Exception as error:
            if hasattr(value, "close") and hasattr(value, "send"):
                value.close()  # A coroutine that nobody awaits.
            message = f"Unable to marshal response: {error}"
            payload = failure("Runtime.MarshalError", message, self._context.aws_request_id, [])
            return Outcome("unserialisable", payload, error=error)
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:  # Half of a surrogate pair: AWS's runtime client ends with it.
            return Outcome("exit", self._exit_payload(SystemExit(1)), error=error)
        if size > _RESPONSE_BYTES_MAX:
            message = f"Response payload size exceeded maximum allowed payload size ({_RESPONSE_BYTES_MAX} bytes)."
            return Outcome("error", failure("Function.ResponseSizeTooLarge", message))
        return Outcome("ok", json.loads(text))

    def _failure_of(self, error: Exception) -> dict[str, Any]:
        try:
            message = str(error)
        except Exception:
            message = ""
        return failure(type(error).__name__, message, self._context.aws_request_id, _stack_trace(error))

    def _exit_payload(self, error: SystemExit) -> dict[str, Any]:
        if error.code is None or error.code == 0:
            reason = "Runtime exited without providing a reason"
        else:
            reason = f"Runtime exited with error: exit status {error.code if isinstance(error.code, int) else 1}"
        return failure("Runtime.ExitError", f"RequestId: {self._context.aws_request_id} Error: {reason}")


# Texts of tracebacks by where they go through: to look up source lines costs more than an invocation.
_stack_traces: dict[tuple[tuple[Any, int], ...], list[str]] = {}
_STACK_TRACES_MAX = 1000


def _stack_trace(error: Exception) -> list[str]:
    """The frames of an error as Lambda shows them, without our own."""
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    key = []
    while trace is not None:
        key.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    found = _stack_traces.get(tuple(key))
    if found is None:
        import traceback

        if len(_stack_traces) >= _STACK_TRACES_MAX:
            _stack_traces.clear()
        found = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
        _stack_traces[tuple(key)] = found
    return list(found)


def _encode(value: Any) -> Any:
    """As AWS's runtime client: a Decimal is the number it prints, bytes are UTF-8; whatever else fails."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float("nan") if value.is_nan() else json.loads(str(value))
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _let_it_arrive() -> None:
    """The watchdog has raised, or is raising, an exception in this thread: here it may arrive."""
    try:
        for _ in range(10_000):
            pass
    except TimedOut:
        pass
