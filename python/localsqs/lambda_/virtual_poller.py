"""The poller in virtual time: an actor of the agenda."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.batch import Gathering
from localsqs.lambda_.poller import RECEIVE_MAX, Poller, retry_delay_s
from localsqs.lambda_.scaling import MINUTE_NS

if TYPE_CHECKING:
    from localsqs._agenda import Entry
    from localsqs.lambda_.batch import Batch
    from localsqs.lambda_.event import Record

__all__ = ["VirtualPoller"]

_SECOND_NS = 1_000_000_000


class VirtualPoller(Poller):
    """The poller as an actor of the agenda: `step` receives once, or hands over one batch."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._gathering: Gathering | None = None
        self._window_end: Entry | None = None
        self._ready: deque[Batch] = deque()
        self._throttled = 0
        self._nothing_since = (0, 0)  # Instant and effects at which a receive gave nothing.
        self._minute: Entry | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is in progress, and nothing in its queue will ever come to it."""
        if self.in_progress or self._throttled or self._ready or self._gathering:
            return False
        return not self.enabled or not any(self.counts())

    def step(self) -> bool:
        """One thing that can be done now. The invocation comes last: it may take time, in which others step."""
        if self._ready:
            if self._places() > 0:
                self._hand_over(self._ready.popleft())
                return True
            self._want_more()
            return False
        return self.enabled and self._may_receive() and self._receive()

    def drop(self) -> None:
        """What it holds and has not handed over goes back to the queue when its visibility timeout ends."""
        self._ready.clear()
        self._close_window()
        self._gathering = None

    def _places(self) -> int:
        """Free ones. A batch that waits after a throttle holds its place."""
        return self.scaling.places - self.in_progress - self._throttled

    def _may_receive(self) -> bool:
        visible = self.counts()[0]
        if not visible or self._nothing_since == (self._agenda.now_ns(), self._core.effect_count()):
            return False
        if self._gathering is None and self._places() <= 0:
            self._want_more()
            return False
        return True

    def _receive(self) -> bool:
        gathering = self._gathering
        room = self.settings.batch_size if gathering is None else gathering.room
        try:
            messages = self.receive(min(RECEIVE_MAX, room))
        except self._client.exceptions.ClientError:
            messages = []  # Throttled, or the queue has just gone.
        now_ns = self._agenda.now_ns()
        if not messages:
            self._nothing_since = now_ns, self._core.effect_count()
            if self._core.next_event_ns() is None:
                self._agenda.at(now_ns + _SECOND_NS, lambda: None)  # Nothing else would have it look again.
            return False
        self.scaling.use(now_ns)
        records = self.admit(messages)
        if self.settings.window_s:
            self._gather(records)
        elif records:
            self._ready.extend(self.batches(records))
            self._hand_over(self._ready.popleft())
        return True

    # --- The batching window -----------------------------------------------------------------------------------------

    def _gather(self, records: list[Record]) -> None:
        for record in records:
            if self._gathering is None:
                self._open_window()
            assert self._gathering is not None
            if not self._gathering.add(record):
                self._close_batch()
                self._open_window()
                self._gathering.add(record)
        if self._gathering is not None and self._gathering.room == 0:
            self._close_batch()

    def _open_window(self) -> None:
        now_ns = self._agenda.now_ns()
        self._gathering = Gathering(self.settings.batch_size, now_ns)
        self._window_end = self._agenda.at(now_ns + self.settings.window_s * _SECOND_NS, self._close_batch)

    def _close_window(self) -> None:
        if self._window_end is not None:
            self._window_end.cancel()
            self._window_end = None

    def _close_batch(self) -> None:
        """The window has ended, or the batch is full: the next step hands it over."""
        self._close_window()
        if self._gathering:
            self._ready.append(self._gathering.close())
        self._gathering = None

    # --- Throttles and growth ----------------------------------------------------------------------------------------

    def _hand_over(self, batch: Batch) -> None:
        if not self.run(batch):
            self._retry_later(batch)
        if self.scaling.failing:
            self._await_end_of_minute()

    def _retry_later(self, batch: Batch) -> None:
        """The same records again, until their visibility timeout would end; then the queue delivers them anew."""
        retry_ns = self._agenda.now_ns() + retry_delay_s(batch.attempts) * _SECOND_NS
        ends_ns = batch.received_ns + round(self.visibility_timeout_s() * _SECOND_NS)
        self._throttled += 1

        def retry() -> None:
            self._throttled -= 1
            if retry_ns < ends_ns and self.enabled:
                self._ready.append(batch)

        self._agenda.at(min(retry_ns, ends_ns), retry)

    def _want_more(self) -> None:
        """Messages wait for a place: at the end of the minute there may be more places."""
        self.scaling.wanted_more = True
        self._await_end_of_minute()

    def _await_end_of_minute(self) -> None:
        if self._minute is None:
            self._minute = self._agenda.at(self._agenda.now_ns() + MINUTE_NS, self._end_minute, background=True)

    def _end_minute(self) -> None:
        self._minute = None
        self.scaling.end_minute()
