"""RunReport: what happened while an engine ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localsqs.clock import to_datetime
from localsqs.lambda_.counters import Counters

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from localsqs._agenda import RunEnd
    from localsqs.engine import Engine

__all__ = ["RunReport", "recorded"]

# One poller waits in a long poll of 20 seconds, then in the next; each is a request.
_IDLE_POLL_S = 20
_IDLE_POLLERS = 2

_ENDS = {
    "idle": "idle: nothing more will happen",
    "time": "the time was over",
    "done": "done",
    "limit": "NOT idle: the limit of engine time was reached",
    "stuck": "NOT idle: no end at one instant; does a handler send to the queue that it is invoked for?",
    "stopped": "stopped",
}


@dataclass(frozen=True)
class RunReport:
    """What happened in a run, and how it ended. `print(report)` shows it.

    Attributes:
        reason: "idle", "time", "done", "limit", "stuck" or "stopped".
        started_at, ended_at: Engine time: aware datetimes in UTC.
        counters: Invocations, errors, throttles, batches, messages, retries, duplicates, ...
        dead_letters: Messages that went to a dead-letter queue; None if the history does not reach back to the start.
        expired: Messages whose retention period ended; None likewise.
        billed_requests: Requests to Amazon SQS as billed: those of the mappings, and of everybody else in this time.
        mappings: How many there were.
        waiting: (queue, visible, in flight, delayed) for each queue of a mapping that still holds messages.
    """

    reason: str
    started_at: datetime
    ended_at: datetime
    counters: Counters
    dead_letters: int | None
    expired: int | None
    billed_requests: int
    mappings: int
    waiting: tuple[tuple[str, int, int, int], ...] = field(default=())

    @property
    def idle(self) -> bool:
        """Whether the run ended since nothing more will happen."""
        return self.reason == "idle"

    @property
    def engine_time(self) -> timedelta:
        """How long it took on the engine's clock."""
        return self.ended_at - self.started_at

    @property
    def invocations(self) -> int:
        """Of functions."""
        return self.counters.invocations

    @property
    def errors(self) -> int:
        """Invocations that failed."""
        return self.counters.errors

    @property
    def throttles(self) -> int:
        """Attempts refused for reserved concurrency."""
        return self.counters.throttles

    @property
    def batches(self) -> int:
        """Handed to functions and pipes by mappings."""
        return self.counters.batches

    @property
    def messages(self) -> int:
        """In these batches, each counted as often as it was delivered."""
        return self.counters.messages

    @property
    def retries(self) -> int:
        """Deliveries of messages that had been received before."""
        return self.counters.retries

    @property
    def duplicates(self) -> int:
        """Of these, deliveries of messages that an invocation had handled, or was still at work on."""
        return self.counters.duplicates

    @property
    def gb_seconds(self) -> float:
        """Memory times duration, as billed."""
        return self.counters.gb_seconds

    @property
    def idle_polls(self) -> int:
        """Empty receives that AWS would bill in addition: at least two long polls of 20 s at a time for each mapping.

        In virtual time nothing polls in vain, so they are estimated here, not counted in `billed_requests`.
        """
        return int(self.engine_time / timedelta(seconds=_IDLE_POLL_S)) * _IDLE_POLLERS * self.mappings

    def rows(self) -> list[tuple[str, str]]:
        """What is to be shown, line by line."""
        c = self.counters
        rows = [
            ("engine time", f"{self.engine_time} ({_ENDS.get(self.reason, self.reason)})"),
            ("invocations", f"{c.invocations:,}" + _also(errors=c.errors, throttled=c.throttles)),
            ("batches", f"{c.batches:,} with {c.messages:,} messages"),
            ("retries", f"{c.retries:,}" + _also(duplicates=c.duplicates)),
            ("deleted", f"{c.deleted:,}" + _also(filtered=c.filtered, reported=c.batch_item_failures)),
            ("dead letters", "not kept in the history" if self.dead_letters is None else f"{self.dead_letters:,}"),
            ("expired", "not kept in the history" if self.expired is None else f"{self.expired:,}"),
            ("billed", f"{self.billed_requests:,} requests, {c.gb_seconds:,.3f} GB-seconds"),
        ]
        rows = [row for row in rows if row != ("expired", "0")]
        rows += [
            ("waiting", f"{queue}: {visible:,} visible, {in_flight:,} in flight, {delayed:,} delayed")
            for queue, visible, in_flight, delayed in self.waiting
        ]
        return rows

    def __str__(self) -> str:
        return "\n".join(f"{name:<13} {text}" for name, text in self.rows())

    def _repr_html_(self) -> str:
        from localsqs import _html

        return _html.facts(self.rows())


def _also(**counts: int) -> str:
    shown = [f"{count:,} {name}" for name, count in counts.items() if count]
    return f" ({', '.join(shown)})" if shown else ""


def recorded(engine: Engine, run: Callable[[], RunEnd]) -> RunReport:
    """Runs, and reports what happened meanwhile."""
    service = engine._service("lambda")
    core = engine._core
    before, effects, requests = service.counters.copy(), core.effect_count(), _requests(engine)
    end = run()
    dead, expired = _effects(core, effects)
    return RunReport(
        end.reason,
        to_datetime(end.started_ns),
        to_datetime(end.ended_ns),
        service.counters.copy().since(before),
        dead,
        expired,
        _requests(engine) - requests,
        len(service.mappings),
        tuple(_waiting(service)),
    )


def _requests(engine: Engine) -> int:
    return sum(row["requests"] for row in engine.usage())


def _effects(core: Any, since: int) -> tuple[int | None, int | None]:
    """Messages moved to dead-letter queues, and expired ones; None if the history has let go of some."""
    effects = core.effects(since)
    if len(effects) < core.effect_count() - since:
        return None, None
    return tuple(len(effects.select(kind, None, None, None, None)) for kind in ("Moved", "Expired"))  # type: ignore[return-value]


def _waiting(service: Any) -> list[tuple[str, int, int, int]]:
    found: dict[str, tuple[str, int, int, int]] = {}
    for mapping in service.mappings.values():
        counts = mapping._poller.counts()
        if any(counts):
            found[mapping.queue_arn] = (mapping.queue_arn.rpartition(":")[2], *counts)
    return list(found.values())
