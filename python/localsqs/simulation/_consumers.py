"""What pollers have in common, in a fleet and behind a Lambda mapping.

A poller is free, parked (its long poll waits), or busy with a batch. Parked pollers are served in the order in which
they began to wait, as the service does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from localsqs.costs import LambdaUsage
from localsqs.errors import ClientError
from localsqs.simulation._producer import NUMBER_DIGITS
from localsqs.simulation._records import Records
from localsqs.simulation._world import SECOND_NS, World
from localsqs.simulation.failures import Judge, all_of
from localsqs.simulation.scenario import Scenario

__all__ = ["NUMBERS", "Attempts", "Consumers", "Parked", "Work", "numbers_of"]

# Ids of the entries of a batch.
NUMBERS = tuple(str(number) for number in range(10))

_BLOCK = 8_192


def numbers_of(messages: list[dict[str, Any]]) -> list[int]:
    """The numbers of messages, from their bodies."""
    return [int(message["Body"][:NUMBER_DIGITS]) for message in messages]


class Work:
    """How long attempts take, and which fail: service times and failures, drawn in the order of the attempts."""

    def __init__(self, scenario: Scenario, streams: dict[str, Any]) -> None:
        self._service, self._rng = scenario.service, streams["service"]
        self._drawn: list[int] = []
        judges = [failure.begin(rng) for failure, rng in zip(scenario.failures, streams["failures"], strict=True)]
        self.judge: Judge | None = all_of(judges) if judges else None

    def draw(self, count: int) -> list[int]:
        """Service times of so many attempts, whole nanoseconds."""
        drawn = self._drawn
        if count == 1 and drawn:
            return [drawn.pop()]
        while len(drawn) < count:
            block = np.round(self._service.draw(self._rng, _BLOCK) * SECOND_NS).astype(np.int64).tolist()
            block.reverse()
            self._drawn = drawn = block + drawn
        taken = drawn[-count:]
        del drawn[-count:]
        return taken

    def attempt(self, number: int, start: int, service: int) -> tuple[int, bool]:
        """How long this attempt takes in the end, and whether it fails."""
        if self.judge is None:
            return service, False
        seconds, failed = self.judge(number, start / SECOND_NS, service / SECOND_NS)
        return round(seconds * SECOND_NS), failed


class Parked:
    """Pollers whose long poll waits, by when they began.

    `receive(at, poller)` lets one ask for messages and says whether it got some; `ended(at, poller)` tells that its
    wait is over and brought nothing.
    """

    def __init__(
        self, world: World, wait_ns: int, receive: Callable[[int, Any], bool], ended: Callable[[int, Any], None]
    ) -> None:
        self._world, self._wait_ns = world, wait_ns
        self._receive, self._ended = receive, ended
        self._pollers: deque[tuple[int, Any]] = deque()
        self._timer_is_set = False

    def __len__(self) -> int:
        return len(self._pollers)

    def park(self, at: int, poller: Any) -> None:
        self._pollers.append((at + self._wait_ns, poller))
        self._set_timer()

    def take_out(self, poller: Any) -> None:
        """A poller gives up its wait. O(pollers)."""
        self._pollers = deque(waiter for waiter in self._pollers if waiter[1] is not poller)

    def wake(self, at: int) -> None:
        """Lets pollers receive, in turn, as long as there is something for them."""
        world, pollers = self._world, self._pollers
        while pollers and world.deliverable > 0:
            waiter = pollers.popleft()
            if not self._receive(at, waiter[1]):
                pollers.appendleft(waiter)
                world.vain_receives += 1

    def _set_timer(self) -> None:
        # One timer for all: they all wait as long, so the first to have come is the first to end.
        if self._pollers and not self._timer_is_set:
            self._timer_is_set = True
            self._world.at(self._pollers[0][0], self._time_is_up)

    def _time_is_up(self, at: int, _: object) -> None:
        self._timer_is_set = False
        while self._pollers and self._pollers[0][0] <= at:
            _, poller = self._pollers.popleft()
            # The empty answer at the end of a long poll: one call, billed.
            if not self._receive(at, poller):
                self._ended(at, poller)
        self._set_timer()


class Attempts:
    """The first attempts of a run one by one, for a picture: who, when, which message, how it ended."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rows: list[tuple[int, float, float, int, bool]] = []

    def add(self, consumer: int, start: int, end: int, number: int, failed: bool) -> None:
        if len(self.rows) < self.limit:
            self.rows.append((consumer, start / SECOND_NS, end / SECOND_NS, number, failed))


class Consumers:
    """Base of a fleet and of a Lambda mapping.

    Attributes:
        busy: How many batches are being handled.
        invocations: How many batches have been.
    """

    def __init__(self, scenario: Scenario, world: World, records: Records, work: Work, attempts: Attempts) -> None:
        self.scenario, self.world, self.records, self.work, self.attempts = scenario, world, records, work, attempts
        self.visibility_ns = scenario.visibility_timeout * SECOND_NS
        self.busy = 0
        self.invocations = 0

    def start(self) -> None:
        """Begins to poll."""
        raise NotImplementedError

    def woken(self, at: int) -> None:
        """Something may have become visible."""
        raise NotImplementedError

    def functions(self) -> tuple[LambdaUsage, ...]:
        """What Lambda functions used."""
        return ()

    def will_appear(self, at: int, count: int) -> None:
        """So many messages will be visible again at this instant."""
        self.world.at(at, self._appeared, count)

    def delete(self, at: int, messages: list[dict[str, Any]], numbers: list[int]) -> None:
        """Deletes what was handled, ten a call, and writes it down."""
        sqs, url = self.world.sqs, self.world.url
        if len(messages) == 1:
            # A FIFO queue refuses a handle whose visibility timeout has run out: the message will come again.
            with suppress(ClientError):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
        for first in range(0, len(messages) if len(messages) > 1 else 0, 10):
            entries = [
                {"Id": entry, "ReceiptHandle": message["ReceiptHandle"]}
                for entry, message in zip(NUMBERS, messages[first : first + 10], strict=False)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        self.records.succeeded(at, numbers)

    def _appeared(self, at: int, count: int) -> None:
        self.world.deliverable += count
        self.woken(at)
