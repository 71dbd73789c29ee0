"""What `localsqs up` looks after: a stack whose files may change, and what there is to see of it.

session = Session(engine, "template.yaml")
session.start()
for news in session.tick(): ...     # what has happened since the last tick
session.snapshot()                  # queues, functions, alarms as they are now
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localsqs import look
from localsqs.clock import to_datetime
from localsqs.cloudformation import TemplateError, deploy
from localsqs.cloudformation.functions import LocalHandler, LocalProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from localsqs.cloudformation.stack import Stack
    from localsqs.engine import Engine
    from localsqs.lambda_.invocation import Invocation

__all__ = ["AlarmRow", "FunctionRow", "News", "QueueRow", "Session", "Snapshot"]


@dataclass(frozen=True)
class QueueRow:
    """A queue.

    Attributes:
        oldest_s: Seconds since the oldest message arrived; None if there is none.
        holds_dead_letters: Whether it is the dead-letter queue of another.
    """

    name: str
    visible: int
    in_flight: int
    delayed: int
    oldest_s: float | None
    holds_dead_letters: bool


@dataclass(frozen=True)
class FunctionRow:
    """A mapping and its function.

    Attributes:
        failures: Invocations after which messages stayed in the queue, as far as they have been told.
        last: The status of the newest invocation, "" if there was none.
    """

    name: str
    queue: str
    invocations: int
    failures: int
    in_progress: int
    last: str


@dataclass(frozen=True)
class AlarmRow:
    """An alarm: state "OK", "ALARM" or "INSUFFICIENT_DATA"."""

    name: str
    state: str
    since: datetime | None


@dataclass(frozen=True)
class Snapshot:
    """How it all stands."""

    at: datetime
    queues: list[QueueRow]
    functions: list[FunctionRow]
    alarms: list[AlarmRow]


@dataclass(frozen=True)
class News:
    """Something that happened.

    Attributes:
        kind: "invocation", "alarm", "loaded", "stack" or "problem".
        is_bad: Whether somebody should look.
        detail: More lines, a traceback say; "" if there are none.
    """

    at: datetime
    kind: str
    text: str
    is_bad: bool = False
    detail: str = ""


@dataclass
class _Watched:
    """How far the invocations of one mapping have been told, and how many of them failed."""

    next: int = 0
    failures: int = 0
    running: list[Invocation] = field(default_factory=list)


class Session:
    """A stack on an engine, with an eye on its files.

    Args:
        engine: On any clock. On a SystemClock functions work by themselves.
        template: The path of the template.
        stack_name, parameters: As for `localsqs.cloudformation.deploy`.
        environment: Variables that every function has beside its own.
        endpoint_url, processes, adopts: As for `deploy`.
        follows_files: Whether changed files are loaded again.
    """

    def __init__(
        self,
        engine: Engine,
        template: str,
        *,
        stack_name: str | None = None,
        parameters: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        endpoint_url: str | None = None,
        processes: bool = False,
        adopts: bool = False,
        follows_files: bool = True,
    ) -> None:
        self.engine = engine
        self._template = template
        self._options: dict[str, Any] = {
            "stack_name": stack_name,
            "parameters": parameters,
            "environment": environment,
            "endpoint_url": endpoint_url,
            "processes": processes,
            "adopts": adopts,
        }
        self._follows_files = follows_files
        self._template_stamp: tuple[int, int] | None = None
        self._watched: dict[str, _Watched] = {}
        self._alarms: dict[str, str] = {}

    def start(self) -> Stack:
        """Makes the stack. Raises what `deploy` raises."""
        self._template_stamp = self._stamp()
        return deploy(self.engine, self._template, **self._options)

    def tick(self) -> list[News]:
        """Loads what has changed, and tells what has happened since the last call, oldest first."""
        news = list(self._file_news()) if self._follows_files else []
        news += self._invocation_news()
        news += self._alarm_news()
        return sorted(news, key=lambda each: each.at)

    # --- Files -------------------------------------------------------------------------------------------------------

    def _file_news(self) -> Iterator[News]:
        stamp = self._stamp()
        if stamp not in (self._template_stamp, None):
            self._template_stamp = stamp
            yield self._deploy_again()
        for function in list(self.engine._service("lambda").functions.values()):
            code = function.handler if isinstance(function.handler, LocalHandler) else function.runner
            if not isinstance(code, (LocalHandler, LocalProcess)) or not code.has_changed():
                continue
            if code.reload():
                yield self._news("loaded", f"{function.name}: {code.name} loaded again")
            else:
                text = f"{function.name}: {code.name} cannot be loaded, the code from before goes on"
                yield self._news("problem", text, is_bad=True, detail=_traceback(code.error))

    def _deploy_again(self) -> News:
        try:
            stack = deploy(self.engine, self._template, **self._options)
        except (TemplateError, OSError, ModuleNotFoundError) as error:
            text = "the template cannot be deployed, the stack stays as it was"
            return self._news("problem", text, is_bad=True, detail=str(error))
        return self._news("stack", f"stack {stack.name}: {stack.status}")

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = Path(self._template).stat()
        except OSError:  # An editor is about to put it back.
            return None
        return status.st_mtime_ns, status.st_size

    # --- Invocations and alarms --------------------------------------------------------------------------------------

    def _invocation_news(self) -> Iterator[News]:
        for mapping in list(self.engine._service("lambda").mappings.values()):
            watched = self._watched.setdefault(mapping.uuid, _Watched())
            count = len(mapping.invocations)
            pending = [*watched.running, *mapping.invocations[watched.next : count]]
            watched.next = count
            watched.running = [invocation for invocation in pending if invocation.ended_ns is None]
            name = _name_of(mapping)
            shows_log = self._runs_elsewhere(mapping)
            for invocation in pending:
                if invocation.ended_ns is not None:
                    watched.failures += invocation.status != "ok"
                    yield _invocation_news(name, invocation, invocation.ended_ns, shows_log=shows_log)

    def _runs_elsewhere(self, mapping: Any) -> bool:
        """Whether its function writes to the output of another process, so that nobody has seen it yet."""
        parts = mapping.function_arn.split(":")
        if len(parts) < 7:  # A pipe.
            return False
        function = self.engine._service("lambda").functions.get((parts[3], parts[4], parts[6]))
        return function is not None and isinstance(function.runner, LocalProcess)

    def _alarm_news(self) -> Iterator[News]:
        for alarm in self._describe_alarms():
            name, state = alarm["AlarmName"], alarm["StateValue"]
            before = self._alarms.get(name, state)
            self._alarms[name] = state
            if before != state:
                at = alarm["StateUpdatedTimestamp"]
                yield News(at, "alarm", f"alarm {name}: {before} -> {state}", state == "ALARM")

    def _describe_alarms(self) -> list[dict[str, Any]]:
        alarms: list[dict[str, Any]] = self.engine.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return alarms

    # --- As it stands ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Queues, functions and alarms as they are now."""
        now = self.engine.clock.now()
        return Snapshot(now, list(self._queue_rows(now)), list(self._function_rows()), list(self._alarm_rows()))

    def _queue_rows(self, now: datetime) -> Iterator[QueueRow]:
        queues = look.queues(self.engine)
        dead = {queue.dead_letter_arn for queue in queues}
        for queue in queues:
            try:
                oldest = look.oldest(self.engine, queue.name, region=queue.region, account=queue.account)
            except KeyError:  # Deleted this very moment.
                continue
            age = None if oldest is None else max(0.0, (now - oldest.sent_at).total_seconds())
            counts = (queue.visible, queue.in_flight, queue.delayed)
            yield QueueRow(queue.name, *counts, age, queue.arn in dead)

    def _function_rows(self) -> Iterator[FunctionRow]:
        for mapping in list(self.engine._service("lambda").mappings.values()):
            invocations = mapping.invocations
            failures = self._watched.get(mapping.uuid, _Watched()).failures
            last = invocations[-1].status if len(invocations) else ""
            queue = mapping.queue_arn.rpartition(":")[2]
            yield FunctionRow(_name_of(mapping), queue, len(invocations), failures, mapping.in_progress, last)

    def _alarm_rows(self) -> Iterator[AlarmRow]:
        for alarm in self._describe_alarms():
            yield AlarmRow(alarm["AlarmName"], alarm["StateValue"], alarm.get("StateUpdatedTimestamp"))

    def _news(self, kind: str, text: str, *, is_bad: bool = False, detail: str = "") -> News:
        return News(self.engine.clock.now(), kind, text, is_bad, detail)


def _name_of(mapping: Any) -> str:
    """The function of a mapping."""
    name: str = mapping.function_arn.partition(":function:")[2] or "pipe"
    return name


def _invocation_news(name: str, invocation: Invocation, ended_ns: int, *, shows_log: bool) -> News:
    count = len(invocation.message_ids)
    text = f"{name}: {count} message{'s' * (count != 1)}, {invocation.status}, {invocation.duration_ms:.0f} ms"
    if invocation.status == "partial":
        text += f"; {len(invocation.failed_ids)} failed"
    is_bad = invocation.status != "ok"
    failure = _failure(invocation)
    detail = "\n".join(filter(None, [invocation.log.rstrip(), failure])) if shows_log else failure
    return News(to_datetime(ended_ns), "invocation", text, is_bad, detail)


def _failure(invocation: Invocation) -> str:
    """What an invocation failed with: a traceback, or what Lambda would have said."""
    if invocation.invalid_response:
        return invocation.invalid_response
    if invocation.error is not None:
        return _traceback(invocation.error)
    if invocation.outcome is None or invocation.outcome.ok or not isinstance(invocation.response, dict):
        return ""
    said = f"{invocation.response.get('errorType', '')}: {invocation.response.get('errorMessage', '')}"
    return "".join([*invocation.response.get("stackTrace", []), said])


def _traceback(error: BaseException | None) -> str:
    """Without our own frames: from the handler's on."""
    if error is None:
        return ""
    cause = error.__cause__ if type(error).__name__ == "HandlerError" and error.__cause__ else error
    shown = traceback.TracebackException.from_exception(cause)
    shown.stack = traceback.StackSummary.from_list([frame for frame in shown.stack if not _is_ours(frame.filename)])
    return "".join(shown.format()).rstrip()


def _is_ours(file: str) -> bool:
    """Whether a frame is of this package's machinery, or of Python's imports."""
    package = Path(__file__).parent
    inside = package in Path(file).parents and package / "examples" not in Path(file).parents
    return inside or "importlib" in file
