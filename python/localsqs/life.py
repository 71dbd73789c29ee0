"""What events mean, in words, and the life of one message as lines to read.

print(engine.history().of(message_id))

message 3aa7b2e4-..., body '42'
  +0:00:00  2026-01-01T00:00:00+00:00  Sent      sent to orders
  +0:00:05  2026-01-01T00:00:05+00:00  Received  received (1st time), hidden until 00:00:35 (30 s)
  +0:00:35  2026-01-01T00:00:35+00:00            visible again
  +0:00:40  2026-01-01T00:00:40+00:00  Moved     moved to orders-dead
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from localsqs.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from localsqs.history import Event

    _Words = dict[str, Callable[[Event], str]]

__all__ = ["Life", "meaning"]


class Life(History):
    """The events of one message, oldest first. As text: a line an event, and what time and its queue did to it."""

    __slots__ = ("_all", "_message_id")

    def __init__(self, history: History, message_id: str) -> None:
        super().__init__(history._effects.select(None, message_id, None, None, None))
        self._all = history
        self._message_id = message_id

    def __str__(self) -> str:
        if not self:
            return f"message {self._message_id}: no events"
        bodies = [event.details["body"] for event in self if "body" in event.details]
        lines = [f"message {self._message_id}" + (f", body {_short(bodies[0])}" if bodies else "")]
        start = self[0].at
        for at, kind, text in self._told():
            lines.append(f"  {_plus(at - start)}  {at.isoformat()}  {kind:<17}  {text}")
        return "\n".join(lines)

    def _told(self) -> Iterator[tuple[datetime, str, str]]:
        """Instant, kind and words, of events and of what happened without one of the message's own."""
        end = self._end()
        last = self._all[-1].at if end is None else end[0]
        for event, next_at in zip(self, [*(event.at for event in self[1:]), last], strict=True):
            yield event.at, event.kind, meaning(event)
            until = event.details.get("visible_at")
            if until is not None and event.at < until <= next_at:
                yield until, "", "visible" if event.kind in ("Sent", "Redriven") else "visible again"
        if end is not None:
            yield end

    def _end(self) -> tuple[datetime, str, str] | None:
        """What ended it without an event of its own: its queue was purged or deleted, or a move task took it."""
        place = _place_after(self)
        if place is None:
            return None
        ends = [event for kind in _ENDS for event in self._all.filter(kind=kind) if _ends(event, place)]
        later = [event for event in ends if event.number > self[-1].number]
        if not later:
            return None
        first = min(later, key=lambda event: event.number)
        return first.at, first.kind, "gone: " + _ENDS[first.kind](first)


def meaning(event: Event) -> str:
    """An event in a few words."""
    tell = _MEANINGS.get(event.kind)
    return event.kind if tell is None else tell(event)


def _sent(event: Event) -> str:
    return f"sent to {_queue(event)}{_group(event)}{_delay(event)}"


def _received(event: Event) -> str:
    until = event.details["visible_at"]
    hidden = f", hidden until {_until(event, until)}" if until > event.at else ", not hidden"
    return f"received ({_ordinal(event.details['receive_count'])} time){hidden}"


def _visibility_changed(event: Event) -> str:
    until = event.details["visible_at"]
    if until <= event.at:
        return "visibility timeout set to 0: visible again"
    return f"visibility timeout changed: hidden until {_until(event, until)}"


def _redriven(event: Event) -> str:
    to = event.details["to_queue"]
    if to is None:
        return f"taken out of {_queue(event)} by a move task; a duplicate at its destination"
    return f"moved from {_queue(event)} to {to} by a move task, as a new message{_delay(event)}"


def _move_task_started(event: Event) -> str:
    return f"move task started: {event.details['to_move']} messages to {event.details['to_queue'] or 'their sources'}"


_MEANINGS: _Words = {
    "QueueCreated": lambda event: "queue created",
    "QueueDeleted": lambda event: "queue deleted",
    "QueuePurged": lambda event: "queue purged",
    "QueueConfigured": lambda event: "queue attributes changed",
    "QueueTagged": lambda event: "queue tagged",
    "QueueUntagged": lambda event: "queue untagged",
    "Sent": _sent,
    "SentDuplicate": lambda event: "sent again with the same deduplication id: accepted, not enqueued",
    "Received": _received,
    "ReceiveAttempted": lambda event: f"receive request attempt {event.details['attempt_id']}",
    "ReceivedNothing": lambda event: "a receive found nothing",
    "VisibilityChanged": _visibility_changed,
    "Undelivered": lambda event: "the answer reached nobody: visible again, the receive does not count",
    "Deleted": lambda event: "deleted",
    "DeleteIgnored": lambda event: "a delete that changed nothing" + (", by a fault" * event.details["forgotten"]),
    "Expired": lambda event: "gone: the retention period ended",
    "Moved": lambda event: f"moved to {event.details['to_queue']}, its dead-letter queue",
    "MoveTaskStarted": _move_task_started,
    "Redriven": _redriven,
    "MoveTaskChanged": lambda event: f"move task {event.details['status']}",
}


def _queue(event: Event) -> str:
    return event.queue or "a queue that is gone"


def _group(event: Event) -> str:
    group = event.details.get("message_group_id")
    return f", group {group}" if group else ""


def _delay(event: Event) -> str:
    until = event.details["visible_at"]
    return f", delayed until {_until(event, until)}" if until > event.at else ""


def _until(event: Event, until: datetime) -> str:
    """The time of day where it is the same day, and how long that is."""
    text = until.time().isoformat() if until.date() == event.at.date() else until.isoformat()
    return f"{text} ({_seconds(until - event.at)})"


def _seconds(span: timedelta) -> str:
    return f"{span / timedelta(seconds=1):g} s" if span < timedelta(hours=1) else str(span)


def _plus(span: timedelta) -> str:
    return f"{'+' + str(span):>9}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _short(body: str, longest: int = 60) -> str:
    return repr(body if len(body) <= longest else body[: longest - 3] + "...")


def _taken(event: Event) -> str:
    to = event.details["to_queue"]
    return "a move task took it, " + (f"as a new message in {to}, {event.message_id}" if to else "to be a duplicate")


# What ends messages that it does not name.
_ENDS: _Words = {
    "QueuePurged": lambda event: "its queue was purged",
    "QueueDeleted": lambda event: "its queue was deleted",
    "Redriven": _taken,
}


def _ends(event: Event, place: tuple[int, int, int]) -> bool:
    queue, slot, sequence = place
    if event.queue_number != queue:
        return False
    return event.kind != "Redriven" or (event.details["slot"], event.details["sequence"]) == (slot, sequence)


def _place_after(life: Life) -> tuple[int, int, int] | None:
    """Queue number, slot and sequence of the message after its last event; None if it is gone."""
    for event in reversed(life):
        if event.kind in ("Deleted", "Expired"):
            return None
        if event.kind in ("Moved", "Redriven"):
            slot, sequence = event.details["to_place"]
            return event.details["to_queue_number"], slot, sequence
        if "slot" in event.details:
            return event.queue_number, event.details["slot"], event.details["sequence"]
    return None
