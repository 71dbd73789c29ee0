"""What a mapping did: its invocations, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from localsqs.clock import to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from localsqs.lambda_.event import Record
    from localsqs.lambda_.outcome import Outcome

__all__ = ["Invocation", "Invocations"]

# Events are kept of the newest invocations only: as many as have so many records and characters of bodies.
_RECORDS_KEPT = 20_000
_BODY_CHARACTERS_KEPT = 64 << 20
# What `repr` and notebooks show.
_SHOWN = 20


class Invocation:
    """One batch handed to a function.

    Attributes:
        number: From 0, in the order in which they began.
        request_id: `context.aws_request_id`.
        message_ids: Of the batch, in its order.
        event: What the handler got (and may have changed); None once it is no longer kept.
        started_ns, ended_ns: Engine time; `ended_ns` is None while it is in progress.
        outcome: How it ended; None while it is in progress.
        failed_ids: The messages that stay in the queue: all of them after a failure, those reported in a partial batch
            response.
        invalid_response: Why a partial batch response counted as a complete failure, or "".
        attempts: More than one if it was throttled before.
    """

    __slots__ = (
        "attempts",
        "characters",
        "ended_ns",
        "event",
        "failed_ids",
        "invalid_response",
        "message_ids",
        "number",
        "outcome",
        "request_id",
        "started_ns",
    )

    def __init__(self, number: int, request_id: str, message_ids: tuple[str, ...], event: Any, started_ns: int) -> None:
        self.number = number
        self.request_id = request_id
        self.message_ids = message_ids
        self.event = event
        self.started_ns = started_ns
        self.ended_ns: int | None = None
        self.outcome: Outcome | None = None
        self.failed_ids: tuple[str, ...] = ()
        self.invalid_response = ""
        self.attempts = 1
        self.characters = 0  # Of its bodies.

    @property
    def status(self) -> str:
        """ "running", "ok", "partial" (some messages stay in the queue), "error", "timeout", "exit", "unserialisable"
        or "invalid response"."""
        if self.outcome is None:
            return "running"
        if self.outcome.status != "ok":
            return self.outcome.status
        if self.invalid_response:
            return "invalid response"
        return "partial" if self.failed_ids else "ok"

    @property
    def records(self) -> list[Record]:
        """The records of the event; empty once it is no longer kept."""
        if self.event is None:
            return []
        records: list[Record] = self.event["Records"] if isinstance(self.event, dict) else self.event
        return records

    @property
    def bodies(self) -> list[str]:
        """The bodies of `records`."""
        return [record["body"] for record in self.records]

    @property
    def response(self) -> Any:
        """What came back: a JSON value, or the payload of the failure."""
        return None if self.outcome is None else self.outcome.payload

    @property
    def error(self) -> BaseException | None:
        """The exception that the handler raised."""
        return None if self.outcome is None else self.outcome.error

    @property
    def log(self) -> str:
        """What the handler wrote."""
        return "" if self.outcome is None else self.outcome.log

    @property
    def at(self) -> datetime:
        """When it began, on the engine's clock: an aware datetime in UTC."""
        return to_datetime(self.started_ns)

    @property
    def duration_ms(self) -> float:
        """Milliseconds of engine time; 0.0 while it is in progress."""
        return 0.0 if self.ended_ns is None else (self.ended_ns - self.started_ns) / 1e6

    def __repr__(self) -> str:
        messages = f"{len(self.message_ids)} message{'s' * (len(self.message_ids) != 1)}"
        failed = f", {len(self.failed_ids)} failed" if self.failed_ids else ""
        return f"<Invocation {self.number} at {self.at:%H:%M:%S.%f}: {messages}, {self.status}{failed}>"


class Invocations(Sequence[Invocation]):
    """All invocations of a mapping, oldest first."""

    def __init__(self) -> None:
        self._all: list[Invocation] = []
        self._first_kept = 0  # From here on they have their event.
        self._records = 0
        self._characters = 0

    def add(self, invocation: Invocation, characters: int) -> None:
        """`characters`: of its bodies."""
        invocation.characters = characters
        self._all.append(invocation)
        self._records += len(invocation.message_ids)
        self._characters += invocation.characters
        while self._records > _RECORDS_KEPT or self._characters > _BODY_CHARACTERS_KEPT:
            old = self._all[self._first_kept]
            self._first_kept += 1
            old.event = None
            if old.error is not None:
                old.error.__traceback__ = None  # Its frames hold the event.
            self._records -= len(old.message_ids)
            self._characters -= old.characters

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, index: int) -> Invocation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Invocation]: ...
    def __getitem__(self, index: int | slice) -> Invocation | list[Invocation]:
        return self._all[index]

    def __iter__(self) -> Iterator[Invocation]:
        return iter(self._all)

    def of(self, message_id: str) -> list[Invocation]:
        """Those that were handed this message."""
        return [invocation for invocation in self._all if message_id in invocation.message_ids]

    def _repr_html_(self) -> str:
        from localsqs import _html

        rows = [
            (i.number, f"{i.at:%Y-%m-%d %H:%M:%S.%f}", len(i.message_ids), i.status, len(i.failed_ids), i.duration_ms)
            for i in self._all[-_SHOWN:]
        ]
        note = f"the last {_SHOWN} of {len(self):,}" if len(self) > _SHOWN else ""
        return _html.table(["invocation", "at", "messages", "status", "failed", "ms"], rows, note=note)

    def __repr__(self) -> str:
        if not self._all:
            return "<no invocations>"
        return "\n".join(["<Invocations:", *(f"  {invocation!r}" for invocation in self._all[-_SHOWN:]), ">"])
