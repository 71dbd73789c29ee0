"""What a run writes down: a row a message (or every k-th), and a row an interval.

Columns are plain arrays of machine numbers, as long as the run is expected to need; the memory of a run depends on
`message_limit` and on what is in the queue, not on how many messages pass through.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from itertools import islice

from localsqs.simulation._world import SECOND_NS, World

GAUGES = ("visible", "in_flight", "delayed", "dead", "age_of_oldest", "concurrency")
# Counted from the start.
COUNTERS = ("sent", "received", "done", "failed", "duplicates")

_NAN_COLUMN = array("d", [float("nan")])


class Records:
    """The messages of a run, by their number from 0 on."""

    def __init__(self, expected: float, message_limit: int, retention_ns: int) -> None:
        # Every `every`-th message has a row; 0: none has.
        self.every = max(1, math.ceil(expected * 1.1 / message_limit)) if message_limit else 0
        self.sent = array("d")
        self.first_received = array("d")
        self.done = array("d")
        self.receives = array("i")
        self.group = array("i")
        # Messages not handled yet: number -> instant at which it was sent, oldest first.
        self.waiting: dict[int, int] = {}
        # How often messages that wait for another attempt were received.
        self.vain_receives: dict[int, int] = {}
        self.sent_count = 0
        self.receive_count = 0
        self.done_count = 0
        self.failed_count = 0
        self.duplicate_count = 0
        self.expired_count = 0
        # Messages that have used up their receives; the receive that meets one next moves it.
        self.exhausted_count = 0
        self.busy_ns = 0
        self._retention_ns = retention_ns

    def will_be_sent(self, groups: list[int] | None, count: int) -> None:
        """Makes room for the next `count` messages."""
        if not self.every:
            return
        offset = -self.sent_count % self.every
        rows = len(range(offset, count, self.every))
        for column in (self.sent, self.first_received, self.done):
            column.extend(_NAN_COLUMN * rows)
        self.receives.extend(array("i", [0]) * rows)
        self.group.extend(array("i", [-1] * rows if groups is None else groups[offset :: self.every]))

    def sent_now(self, at: int, count: int) -> None:
        """Messages follow on from the last number."""
        first, every = self.sent_count, self.every
        self.sent_count = end = first + count
        if count == 1:
            self.waiting[first] = at
        else:
            self.waiting.update(dict.fromkeys(range(first, end), at))
        if every:
            # The numbers first, ..., end - 1 that `every` divides.
            for row in range(-(-first // every), -(-end // every)):
                self.sent[row] = at / SECOND_NS

    def received_now(self, at: int, numbers: list[int]) -> None:
        """Messages were received, for the first time or again."""
        self.receive_count += len(numbers)
        every, first_received, receives = self.every, self.first_received, self.receives
        if not every:
            return
        seconds = at / SECOND_NS
        for number in numbers:
            if not number % every:
                row = number // every
                if not receives[row]:
                    first_received[row] = seconds
                receives[row] += 1

    def succeeded(self, at: int, numbers: list[int]) -> None:
        """Messages were handled: the first time each is done, then it is a duplicate."""
        every, done, pop, seconds = self.every, self.done, self.waiting.pop, at / SECOND_NS
        duplicates = 0
        for number in numbers:
            if pop(number, None) is None:
                duplicates += 1
            elif every and not number % every:
                done[number // every] = seconds
        self.done_count += len(numbers) - duplicates
        self.duplicate_count += duplicates
        if self.vain_receives:
            for number in numbers:
                self.vain_receives.pop(number, None)

    def failed(self, number: int, max_receive_count: int | None) -> None:
        """An attempt failed."""
        self.failed_count += 1
        self.received_in_vain(number, max_receive_count)

    def received_in_vain(self, number: int, max_receive_count: int | None) -> None:
        """A message will come again; after `max_receive_count` times it is one for the dead-letter queue."""
        if max_receive_count is None or number not in self.waiting:
            return
        count = self.vain_receives.get(number, 0) + 1
        self.vain_receives[number] = count
        if count >= max_receive_count:
            del self.vain_receives[number], self.waiting[number]
            self.exhausted_count += 1

    def drop_expired(self, now: int) -> None:
        """Forgets what the retention period has ended."""
        limit = now - self._retention_ns
        if limit < 0:
            return
        expired = []
        for number, sent in self.waiting.items():
            if sent > limit:
                break
            expired.append(number)
        for number in expired:
            del self.waiting[number]
        self.expired_count += len(expired)

    def oldest(self) -> int | None:
        """When the oldest message that is not handled yet was sent."""
        return next(islice(self.waiting.values(), 1), None)


class Series:
    """The state of a run, once an interval: a column of float64 a name."""

    def __init__(
        self,
        world: World,
        records: Records,
        concurrency: Callable[[], int],
        interval: int,
        progress: Callable[[float], None],
    ) -> None:
        self.columns = {name: array("d") for name in ("time", *GAUGES, *COUNTERS)}
        self._world, self._records, self._concurrency, self._interval = world, records, concurrency, interval
        self._progress = progress
        world.at(0, self._sample)

    def _sample(self, at: int, _: object) -> None:
        records = self._records
        records.drop_expired(at)
        oldest = records.oldest()
        visible, in_flight, delayed, dead = self._world.counts()
        row = (
            at / SECOND_NS,
            *(visible, in_flight, delayed, dead),
            0.0 if oldest is None else (at - oldest) / SECOND_NS,
            self._concurrency(),
            records.sent_count,
            records.receive_count,
            records.done_count,
            records.failed_count,
            records.duplicate_count,
        )
        for column, value in zip(self.columns.values(), row, strict=True):
            column.append(value)
        self._progress(at / SECOND_NS)
        self._world.at(at + self._interval, self._sample)
