"""A Lambda function behind an event source mapping: slots that poll, gather a batch, invoke, and delete.

The rules are those of shared/spec/around.md, sections 1.9 to 1.11; how many slots there may be is
`localsqs.lambda_.scaling`, the same as for real mappings. Up to five slots keep polling while nothing comes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import Any

from localsqs.costs import LambdaUsage
from localsqs.lambda_.scaling import Scaling, Steps
from localsqs.simulation._consumers import Attempts, Consumers, Parked, Work, numbers_of
from localsqs.simulation._records import Records
from localsqs.simulation._world import SECOND_NS, World
from localsqs.simulation.scenario import Lambda, Scenario

_MINUTE_NS = 60 * SECOND_NS
_LONG_POLL_NS = 20 * SECOND_NS
_MILLISECOND_NS = 1_000_000
_RECEIVE_MAX = 10


class Slot:
    """One of the concurrent invocations, and the batch it gathers or handles."""

    __slots__ = ("failed", "messages", "number", "numbers", "received_at", "stopped", "window")

    def __init__(self, number: int) -> None:
        self.number = number
        self.window = 0  # Counts the windows it has opened, so that the end of an old one is known as such.
        self.clear()

    def clear(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.numbers: list[int] = []  # Empty while it gathers.
        self.received_at: list[int] = []  # When each of its messages was received.
        self.failed: list[int] = []  # Positions of the messages that failed.
        self.stopped = False  # The function's timeout ended it.


class LambdaRun(Consumers):
    """The mapping of a run.

    Attributes:
        billed_ms: Milliseconds of all invocations, each rounded up.
    """

    def __init__(
        self, scenario: Scenario, config: Lambda, world: World, records: Records, work: Work, attempts: Attempts
    ) -> None:
        super().__init__(scenario, world, records, work, attempts)
        self._config = config
        steps = Steps(config.start_concurrency, config.scale_per_minute, config.concurrency_max)
        self._scaling = Scaling(config.maximum_concurrency, steps=steps)
        self._pollers = self._scaling.places  # How many poll while nothing comes.
        self.billed_ms = 0
        self._slots = 0  # Open: parked, gathering or busy.
        self._free_numbers: list[int] = []
        self._parked = Parked(world, _LONG_POLL_NS, self._receive, self._wait)
        if config.window and config.window + config.timeout > scenario.visibility_timeout:
            timeout = min(round(config.window + config.timeout) + 30, 43_200)
            world.visibility = {"VisibilityTimeout": timeout}
            self.visibility_ns = timeout * SECOND_NS

    def functions(self) -> tuple[LambdaUsage, ...]:
        memory_mb = self._config.memory_mb
        return (LambdaUsage.of(invocations=self.invocations, milliseconds=self.billed_ms, memory_mb=memory_mb),)

    def start(self) -> None:
        for _ in range(self._pollers):
            self._open(0)
        self.world.at(_MINUTE_NS, self._end_minute)

    def woken(self, at: int) -> None:
        self._parked.wake(at)
        self._open_while_messages_wait(at)

    # --- Scaling -----------------------------------------------------------------------------------------------------

    def _open_while_messages_wait(self, at: int) -> None:
        while self.world.deliverable > 0 and self._slots < self._scaling.places:
            self._open(at)
        if self.world.deliverable > 0:
            self._scaling.wanted_more = True

    def _open(self, at: int) -> None:
        number = heapq.heappop(self._free_numbers) if self._free_numbers else self._slots
        self._slots += 1
        self._wait(at, Slot(number))

    def _close(self, slot: Slot) -> None:
        self._slots -= 1
        heapq.heappush(self._free_numbers, slot.number)

    def _end_minute(self, at: int, _: object) -> None:
        self._scaling.end_minute()
        self._open_while_messages_wait(at)
        self.world.at(at + _MINUTE_NS, self._end_minute)

    # --- Receiving ---------------------------------------------------------------------------------------------------

    def _wait(self, at: int, slot: Slot) -> None:
        """A slot receives, or waits for something to come, or closes if enough others wait."""
        if self.world.deliverable > 0:
            if self._receive(at, slot):
                return
            self.world.vain_receives += 1
        if slot.messages or len(self._parked) < self._pollers:
            self._parked.park(at, slot)
        else:
            self._close(slot)

    def _receive(self, at: int, slot: Slot) -> bool:
        """Receives once, and goes on to what follows. False if nothing came."""
        messages = self.world.receive(min(_RECEIVE_MAX, self._config.batch_size - len(slot.messages)))
        if not messages:
            return False
        if not slot.messages and self._config.window:
            slot.window += 1
            self.world.at(at + self._config.window * SECOND_NS, self._window_ends, (slot, slot.window))
        self._gather(at, slot, messages)
        if len(slot.messages) >= self._config.batch_size or not self._config.window:
            self._invoke(at, slot)
        else:
            self._wait(at, slot)
        return True

    def _window_ends(self, at: int, opened: tuple[Slot, int]) -> None:
        slot, window = opened
        if slot.window != window or slot.numbers or not slot.messages:
            return
        self._parked.take_out(slot)
        # The answer of its last long poll: one call, billed.
        self._gather(at, slot, self.world.receive(min(_RECEIVE_MAX, self._config.batch_size - len(slot.messages))))
        self._invoke(at, slot)

    def _gather(self, at: int, slot: Slot, messages: list[dict[str, Any]]) -> None:
        slot.messages += messages
        slot.received_at += [at] * len(messages)

    # --- Invoking ----------------------------------------------------------------------------------------------------

    def _invoke(self, at: int, slot: Slot) -> None:
        slot.numbers = numbers_of(slot.messages)
        self.records.received_now(at, slot.numbers)
        self.busy += 1
        end = self._handle(at, slot)
        self.records.busy_ns += end - at
        self.billed_ms += -(-(end - at) // _MILLISECOND_NS)
        for visible_at, count in self._visible_again(slot, range(len(slot.messages))):
            if visible_at <= end:
                self.will_appear(visible_at, count)
        self.world.at(end, self._finish, slot)

    def _handle(self, at: int, slot: Slot) -> int:
        """Decides how the invocation goes. Gives its end."""
        limit = at + round(self._config.timeout * SECOND_NS)
        now = at + round(self._config.overhead * SECOND_NS)
        for position, (number, service) in enumerate(zip(slot.numbers, self.work.draw(len(slot.numbers)), strict=True)):
            took, fails = self.work.attempt(number, now, service)
            slot.stopped = now + took > limit
            end = min(now + took, limit)
            self.attempts.add(slot.number, now, end, number, fails or slot.stopped)
            now = end
            if slot.stopped:
                slot.failed = [position]
                break
            if fails:
                slot.failed.append(position)
                if not self._config.report_batch_item_failures:
                    break
        return now

    def _finish(self, at: int, slot: Slot) -> None:
        self.busy -= 1
        self.invocations += 1
        in_part = self._config.report_batch_item_failures and not slot.stopped
        self._scaling.count(in_part or not slot.failed)
        if not slot.failed:
            self.delete(at, slot.messages, slot.numbers)
        elif in_part:
            self._finish_in_part(at, slot)
        else:
            self._finish_in_vain(at, slot)
        slot.clear()
        if self.world.fifo:
            self.world.deliverable = max(self.world.deliverable, 1)  # A group may have become available.
            self.woken(at)
        if self._slots > self._scaling.places:
            self._close(slot)
        else:
            self._wait(at, slot)
            self._open_while_messages_wait(at)

    def _finish_in_part(self, at: int, slot: Slot) -> None:
        """What is reported as failed comes again; the rest is deleted."""
        failed = set(slot.failed)
        good = [position for position in range(len(slot.messages)) if position not in failed]
        if good:
            self.delete(at, [slot.messages[i] for i in good], [slot.numbers[i] for i in good])
        for position in slot.failed:
            self.records.failed(slot.numbers[position], self.scenario.max_receive_count)
        self._come_again(at, slot, slot.failed)

    def _finish_in_vain(self, at: int, slot: Slot) -> None:
        """The invocation failed: all of it comes again, what was handled before the failure too."""
        first_failed = slot.failed[0]
        self.records.succeeded(at, slot.numbers[:first_failed])
        self.records.failed(slot.numbers[first_failed], self.scenario.max_receive_count)
        for number in slot.numbers[first_failed + 1 :]:
            self.records.received_in_vain(number, self.scenario.max_receive_count)
        self._come_again(at, slot, range(len(slot.messages)))

    def _come_again(self, at: int, slot: Slot, positions: Iterable[int]) -> None:
        """These stay in the queue. Those whose timeout has run out are visible already."""
        for visible_at, count in self._visible_again(slot, positions):
            if at < visible_at:
                self.will_appear(visible_at, count)

    def _visible_again(self, slot: Slot, positions: Iterable[int]) -> list[tuple[int, int]]:
        """When messages of a batch become visible again, and how many at a time: each receive has its own end."""
        received_at = Counter(slot.received_at[position] for position in positions)
        return [(at + self.visibility_ns, count) for at, count in received_at.items()]
