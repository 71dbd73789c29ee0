"""The lives of messages, read from a history: which state, from when to when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localsqs.history import Event, History

__all__ = ["Life", "Span", "history_of", "lives"]

_ENDS = {"Deleted": "deleted", "Expired": "expired", "Redriven": "redriven"}


@dataclass(frozen=True)
class Span:
    """A stretch of a life.

    Attributes:
        state: "delayed", "visible", "in_flight", or "dead" in the dead-letter queue.
        start_ns, end_ns: From when to when on the engine's clock.
    """

    state: str
    start_ns: int
    end_ns: int


@dataclass
class Life:
    """What happened to one message.

    Attributes:
        queue: The queue it was sent to.
        spans: Its states in order, without gaps.
        received_ns: When it was received from the queue it was sent to, each time.
        end: "deleted", "expired", "purged" or "redriven"; None if it is still there.
        end_ns: When that was, or the end of the history.
    """

    message_id: str
    body: str
    group: str | None
    queue: str
    queue_number: int
    sent_ns: int
    spans: list[Span] = field(default_factory=list)
    received_ns: list[int] = field(default_factory=list)
    end: str | None = None
    end_ns: int = 0
    _state: str = "visible"
    _since_ns: int = 0
    # When time alone will make it visible.
    _until_ns: int | None = None

    @property
    def dead(self) -> bool:
        """Whether it went to the dead-letter queue."""
        return any(span.state == "dead" for span in self.spans)

    def enter(self, state: str, at_ns: int, until_ns: int | None = None) -> None:
        """It is in this state from now on; from `until_ns` on it is visible, if nothing happens before."""
        self._close(at_ns)
        self._state, self._since_ns, self._until_ns = state, at_ns, until_ns

    def finish(self, end: str | None, at_ns: int) -> None:
        """Its life, or what is known of it, ends here."""
        self._close(at_ns)
        self.end, self.end_ns = end, at_ns

    def _close(self, at_ns: int) -> None:
        if self._until_ns is not None and self._until_ns < at_ns:
            self._add(self._state, self._since_ns, self._until_ns)
            self._state, self._since_ns = "visible", self._until_ns
        self._add(self._state, self._since_ns, at_ns)

    def _add(self, state: str, start_ns: int, end_ns: int) -> None:
        if start_ns >= end_ns:
            return
        last = self.spans[-1] if self.spans else None
        # A new receive starts a new span, so that retries can be told apart.
        if last is not None and last.state == state != "in_flight" and last.end_ns == start_ns:
            start_ns = self.spans.pop().start_ns
        self.spans.append(Span(state, start_ns, end_ns))


def history_of(source: Any) -> History:
    """The history of an engine or of a simulation's result, or a history itself.

    Raises:
        TypeError: If it is none of these.
    """
    from localsqs.history import History

    if isinstance(source, History):
        return source
    history = getattr(source, "history", None)
    if not callable(history):
        raise TypeError(f"an engine, a history or a result is needed, not {type(source).__name__}")
    found: History = history()
    return found


def lives(source: Any, queue: str | None = None) -> list[Life]:
    """The lives of all messages that were sent to a queue, in order of sending.

    Args:
        source: An engine, its history, or the result of a simulation that kept one.
        queue: The name of a queue; all queues if None. What moves on to its dead-letter queue is followed there.
    """
    found: dict[str, Life] = {}
    # The queue in which each message is at present, by number.
    places: dict[str, int] = {}
    last_ns = 0
    for event in history_of(source):
        last_ns = max(last_ns, event.at_ns)
        _apply(event, found, places)
    clock = getattr(source, "clock", None)
    if clock is not None:
        last_ns = max(last_ns, clock.now_ns())
    for life in found.values():
        if life.end is None:
            life.finish(None, last_ns)
    return [life for life in found.values() if queue is None or life.queue == queue]


def _apply(event: Event, found: dict[str, Life], places: dict[str, int]) -> None:
    if event.kind in ("QueuePurged", "QueueDeleted"):
        for resident, queue_number in places.items():
            if queue_number == event.queue_number and found[resident].end is None:
                found[resident].finish("purged", event.at_ns)
        return
    message_id = event.message_id
    if message_id is None:
        return
    known = found.get(message_id)
    if event.kind in ("Sent", "Redriven") and (known is None or known.end is not None):
        found[message_id] = _born(event)
        places[message_id] = event.queue_number
    elif known is not None and known.end is None:
        _change(known, event)
        if event.kind == "Moved":
            places[message_id] = event.details["to_queue_number"]


def _born(event: Event) -> Life:
    details = event.details
    life = Life(
        message_id=str(event.message_id),
        body=details.get("body", ""),
        group=details.get("message_group_id"),
        queue=str(details.get("to_queue", event.queue)),
        queue_number=details.get("to_queue_number", event.queue_number),
        sent_ns=event.at_ns,
        _since_ns=event.at_ns,
    )
    if details["visible_at_ns"] > event.at_ns:
        life.enter("delayed", event.at_ns, details["visible_at_ns"])
    return life


def _change(life: Life, event: Event) -> None:
    """A message in the dead-letter queue stays a dead letter, whoever looks at it, until it ends."""
    kind, at_ns = event.kind, event.at_ns
    if kind in _ENDS:
        life.finish(_ENDS[kind], at_ns)
    elif kind == "Moved":
        life.enter("dead", at_ns)
    elif event.queue_number != life.queue_number:
        return
    elif kind == "Received":
        life.received_ns.append(at_ns)
        life.enter("in_flight", at_ns, event.details["visible_at_ns"])
    elif kind == "VisibilityChanged":
        life.enter("in_flight", at_ns, event.details["visible_at_ns"])
    elif kind == "Undelivered":
        life.enter("visible", at_ns)
