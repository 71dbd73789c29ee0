"""What happened in an engine: every change of state, in order.

    engine.history()                               # everything
    engine.history(queue="orders", kind="Moved")   # what went to the dead-letter queue
    engine.history().of(message_id).kinds()        # ["Sent", "Received", "Received", "Deleted"]

Kinds: QueueCreated, QueueDeleted, QueuePurged, QueueConfigured, QueueTagged, QueueUntagged, Sent, SentDuplicate,
Received, ReceiveAttempted, ReceivedNothing, VisibilityChanged, Undelivered, Deleted, DeleteIgnored, Expired, Moved,
MoveTaskStarted, Redriven, MoveTaskChanged. cpp/api/effects.h says what each means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from localsqs.clock import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from localsqs import _core
    from localsqs.life import Life

__all__ = ["Event", "History"]


@dataclass(frozen=True)
class Event:
    """One change of state.

    Attributes:
        number: Its place in the engine's history; the first is 0.
        at_ns: When it happened on the engine's clock, nanoseconds since the Unix epoch.
        kind: What happened: "Sent", "Received", "Deleted", ...
        queue: The name of the queue it happened to.
        queue_arn: Its ARN.
        queue_number: Its number; a queue made again under an old name has another one.
        message_id: The message it is about, or None.
        details: What else there is to say, by kind: "body", "visible_at", "receive_count", ... Instants are aware
            datetimes; the same with "_ns" at the end of the name are nanoseconds.
    """

    number: int
    at_ns: int
    kind: str
    queue: str | None
    queue_arn: str | None
    queue_number: int
    message_id: str | None
    details: dict[str, Any] = field(repr=False)

    @property
    def at(self) -> datetime:
        """When it happened on the engine's clock: an aware datetime in UTC."""
        return to_datetime(self.at_ns)

    def __str__(self) -> str:
        about = f" {self.message_id}" if self.message_id else ""
        return f"{self.at.isoformat()} {self.queue or '-'} {self.kind}{about}"


class History(Sequence[Event]):
    """Events of an engine, oldest first: a snapshot, unchanged by what happens later.

    `len()` and filtering touch no Python object; an Event is made when it is looked at. Two histories are equal if
    their bytes are.
    """

    __slots__ = ("_effects",)

    def __init__(self, effects: _core.Effects) -> None:
        self._effects = effects

    def __len__(self) -> int:
        return len(self._effects)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError("history index out of range")
        return _event(self._effects.row(index % len(self)))

    def __iter__(self) -> Iterator[Event]:
        return (_event(self._effects.row(i)) for i in range(len(self)))

    def filter(self, queue: str | None = None, message_id: str | None = None, kind: str | None = None) -> History:
        """The events that match everything given.

        Args:
            queue: A queue's name, ARN or URL.
            message_id: A message id.
            kind: "Sent", "Received", ...
        """
        name, account, region = _address(queue)
        return History(self._effects.select(kind, message_id, name, account, region))

    def of(self, message_id: str) -> Life:
        """The life of one message: its events, and printed, what became of it in words. See localsqs.life."""
        from localsqs.life import Life

        return Life(self, message_id)

    def kinds(self) -> list[str]:
        """The kind of each event, in order; `collections.Counter` counts them."""
        return [self._effects.row(i)[2] for i in range(len(self))]

    def to_json(self) -> str:
        """A canonical text, an event a line: equal for equal histories."""
        import json

        lines = [
            json.dumps(_plain_row(self._effects.row(i)), separators=(",", ":"), default=_json_value)
            for i in range(len(self))
        ]
        return "[\n" + ",\n".join(lines) + "\n]\n"

    def to_dataframe(self) -> Any:
        """A pandas DataFrame, a row an event, indexed from 0. Needs pandas.

        The columns are there whatever the events are; what an event does not have is missing (pandas.NA, NaT):

        ======================== =================== ==================================================================
        number                   int64               its place in the engine's history
        at                       datetime64[ns, UTC] when, on the engine's clock
        kind                     string              "Sent", "Received", ...
        queue, queue_arn         string              the queue it happened to
        queue_number             Int64               a queue made again under an old name has another one
        message_id, body         string              the message it is about
        sent_at                  datetime64[ns, UTC] when that message was sent
        receive_count            Int64               ApproximateReceiveCount with a Received
        visible_at               datetime64[ns, UTC] until when the message is hidden
        to_queue                 string              where Moved and Redriven put it
        message_group_id,        string              of the message
        message_deduplication_id
        dead_letter_source_arn   string              the queue it came from by a redrive policy
        details                  object              everything else there is to say: a dict, as Event.details
        ======================== =================== ==================================================================
        """
        import pandas

        events = list(self)
        columns: dict[str, Any] = {}
        for name, (dtype, value_of) in _COLUMNS.items():
            values = [value_of(event) for event in events]
            columns[name] = (
                pandas.to_datetime(pandas.Series(values, dtype="Int64"), unit="ns", utc=True)
                if dtype == "instant"
                else pandas.Series(values, dtype=dtype)
            )
        return pandas.DataFrame(columns)

    def _repr_html_(self) -> str:
        """A small table for notebooks: the first and the last events, no script."""
        from html import escape

        from localsqs.life import meaning

        shown = [*self] if len(self) <= _HTML_ROWS else [*self[: _HTML_ROWS // 2], None, *self[-_HTML_ROWS // 2 :]]
        rows = []
        for event in shown:
            if event is None:
                rows.append(f'<tr><td colspan="5">... {len(self) - _HTML_ROWS:,} more ...</td></tr>')
                continue
            cells = [event.number, event.at.isoformat(), event.queue or "", event.message_id or "", meaning(event)]
            rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
        heads = "".join(f"<th>{name}</th>" for name in ("number", "at", "queue", "message", "what"))
        return (
            f"<table><caption>{len(self):,} events</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )

    def __bytes__(self) -> bytes:
        return self.to_json().encode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return len(self) == len(other) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # Compared by value, not meant as a key.

    def __repr__(self) -> str:
        if not self:
            return "<History: no events>"
        return f"<History: {len(self):,} events, {self[0].at.isoformat()} to {self[-1].at.isoformat()}>"

    def __str__(self) -> str:
        return "\n".join(str(event) for event in self)


_HTML_ROWS = 20


def _detail(name: str) -> Callable[[Event], Any]:
    return lambda event: event.details.get(name)


# Columns of to_dataframe: dtype ("instant": nanoseconds that become one), and the value of an event.
_COLUMNS: dict[str, tuple[str, Callable[[Event], Any]]] = {
    "number": ("int64", lambda event: event.number),
    "at": ("instant", lambda event: event.at_ns),
    "kind": ("string", lambda event: event.kind),
    "queue": ("string", lambda event: event.queue),
    "queue_arn": ("string", lambda event: event.queue_arn),
    "queue_number": ("Int64", lambda event: event.queue_number),
    "message_id": ("string", lambda event: event.message_id),
    "body": ("string", _detail("body")),
    "sent_at": ("instant", _detail("sent_at_ns")),
    "receive_count": ("Int64", _detail("receive_count")),
    "visible_at": ("instant", _detail("visible_at_ns")),
    "to_queue": ("string", _detail("to_queue")),
    "message_group_id": ("string", _detail("message_group_id")),
    "message_deduplication_id": ("string", _detail("message_deduplication_id")),
    "dead_letter_source_arn": ("string", _detail("dead_letter_source_arn")),
    "details": ("object", lambda event: event.details),
}


def _event(row: _core.EffectRow) -> Event:
    number, at_ns, kind, queue_number, queue, queue_arn, message_id, raw = row
    details = dict(raw)
    for name, value in raw.items():
        if name.endswith("_at_ns"):
            details[name.removesuffix("_ns")] = to_datetime(value)
    return Event(number, at_ns, kind, queue, queue_arn, queue_number, message_id, details)


def _plain_row(row: _core.EffectRow) -> dict[str, object]:
    names = ("number", "at_ns", "kind", "queue_number", "queue", "queue_arn", "message_id", "details")
    return dict(zip(names, row, strict=True))


def _json_value(value: object) -> str:
    import base64

    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no JSON for {type(value).__name__}")


def _address(queue: str | None) -> tuple[str | None, str | None, str | None]:
    """Name, account and region of a queue's name, ARN or URL, None where it does not say."""
    if queue is None:
        return None, None, None
    if queue.startswith("arn:"):
        *_, region, account, name = queue.split(":")
        return name, account, region
    if "/" in queue:
        *_, account, name = queue.split("/")
        return name, account, None
    return queue, None, None
