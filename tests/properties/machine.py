"""The rules every machine has: calls on its queues, and time that lands on, just before and just after borders."""

from __future__ import annotations

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from model_fifo import ATTEMPT_INTERVAL, DEDUPLICATION_INTERVAL, FifoQueue
from model_queue import HOUR, MILLISECOND, SECOND
from model_standard import QUIET_AFTER, StandardQueue
from rig import Rig

BODIES = st.sampled_from(["a", "b", "c"])
GROUPS = st.sampled_from(["g1", "g2", "g3"])
DEDUPLICATION_IDS = st.sampled_from(["d1", "d2", "d3", "d4", "d5", "d6"])
TIMEOUTS = st.sampled_from([0, 1, 2, 30, 60, 43199, 43200])
BAD_TIMEOUTS = st.sampled_from([-1, 43201])
SPANS = st.sampled_from([1, MILLISECOND, SECOND, 5 * SECOND, 30 * SECOND, 299 * SECOND, 12 * HOUR, 96 * HOUR])
GARBAGE = ["", "garbage", "AAAA" * 16, "ünïcode", "x" * 1024]


def has_handles(machine: Machine) -> bool:
    return bool(machine.rig.handles)


class Machine(RuleBasedStateMachine):
    """Messages and time. Subclasses create their queues in an ``@initialize`` rule."""

    DELAYS = (None, 0, 1, 5, 900)
    options: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(seed=7, **self.options)

    # --- Choosing ---------------------------------------------------------------------------------------------------

    def queue(self, number: int) -> str:
        names = list(self.rig.world.queues)
        return names[number % len(names)]

    def handle(self, number: int) -> tuple[str, str]:
        """A queue and a handle of its own: 0 is the newest, and so on back to the first ever received."""
        return self.rig.handles[-1 - number % len(self.rig.handles)]

    def message(self, data: st.DataObject, name: str) -> dict[str, Any]:
        """What to send, mostly right for the queue; one thing wrong at a time."""
        fifo = self.rig.world.queue(name).fifo
        body, group, dedup = data.draw(BODIES), data.draw(GROUPS), data.draw(DEDUPLICATION_IDS)
        delay = data.draw(st.sampled_from((None, 0) if fifo else self.DELAYS))
        match data.draw(st.sampled_from(["right"] * 12 + ["no group", "wrong id", "too long", "negative", "delay"])):
            case "no group":
                group = None
            case "wrong id":
                return {"body": body, "group": group, "dedup": None if fifo else dedup}
            case "too long":
                delay = 2 if fifo else 901
            case "negative":
                delay = -1
            case "delay":
                delay = 2 if fifo else 900
        keep_group = fifo or data.draw(st.booleans())
        return {"body": body, "delay": delay, "group": group if keep_group else None, "dedup": dedup if fifo else None}

    # --- Messages ---------------------------------------------------------------------------------------------------

    @rule(data=st.data(), number=st.integers(0, 9))
    def send(self, data: st.DataObject, number: int) -> None:
        name = self.queue(number)
        self.rig.send(name, **self.message(data, name))

    @rule(
        data=st.data(),
        number=st.integers(0, 9),
        size=st.sampled_from([0, 1, 2, 2, 3, 3, 4, 10, 11]),
        twice=st.booleans(),
    )
    def send_batch(self, data: st.DataObject, number: int, size: int, twice: bool) -> None:
        name = self.queue(number)
        entries = [{"id": f"e{i}"} | self.message(data, name) for i in range(size)]
        if twice and 1 < size < 4 and data.draw(st.booleans()):
            entries[1]["id"] = entries[0]["id"]
        self.rig.send_batch(name, entries)

    @rule(
        number=st.integers(0, 9),
        max_messages=st.sampled_from([1, 2, 3, 10, 10]),
        timeout=st.none() | TIMEOUTS,
        wait=st.sampled_from([None, 0, 0, 0, 1, 20]),
        attempt=st.sampled_from([None, None, None, "t1", "t2"]),
    )
    def receive(
        self, number: int, max_messages: int, timeout: int | None, wait: int | None, attempt: str | None
    ) -> None:
        self.rig.receive(self.queue(number), max_messages, timeout, wait, attempt)

    @precondition(has_handles)
    @rule(number=st.integers(0, 30))
    def delete(self, number: int) -> None:
        self.rig.delete(*self.handle(number))

    @precondition(has_handles)
    @rule(number=st.integers(0, 30), timeout=TIMEOUTS)
    def change_visibility(self, number: int, timeout: int) -> None:
        name, handle = self.handle(number)
        self.rig.change_visibility(name, handle, timeout)

    @precondition(has_handles)
    @rule(numbers=st.lists(st.integers(0, 12), max_size=3), garbage=st.booleans())
    def delete_batch(self, numbers: list[int], garbage: bool) -> None:
        name, _ = self.handle(numbers[0] if numbers else 0)
        handles = [self.handle(number)[1] for number in numbers]  # Some may be of another queue.
        self.rig.delete_batch(name, handles + ["garbage"] * garbage)

    @precondition(has_handles)
    @rule(changes=st.lists(st.tuples(st.integers(0, 12), TIMEOUTS | BAD_TIMEOUTS), min_size=1, max_size=3))
    def change_visibility_batch(self, changes: list[tuple[int, int]]) -> None:
        name, _ = self.handle(changes[0][0])
        own = [(self.handle(number)[1], timeout) for number, timeout in changes if self.handle(number)[0] == name]
        self.rig.change_visibility_batch(name, own)

    # --- Time -------------------------------------------------------------------------------------------------------

    @rule(span=SPANS, pieces=st.integers(1, 3))
    def let_time_pass(self, span: int, pieces: int) -> None:
        self.rig.advance_to(self.rig.world.now + span, pieces)

    @rule(number=st.integers(0, 99), beside=st.sampled_from([-1, 0, 0, 1]), pieces=st.integers(1, 3))
    def move_to_border(self, number: int, beside: int, pieces: int) -> None:
        """The instants at which something may change, the nearest first."""
        ahead = sorted(at for at in borders(self.rig) if at + beside > self.rig.world.now)
        assume(ahead)
        self.rig.advance_to(ahead[number % min(len(ahead), 6)] + beside, pieces)

    # --- What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def counts_agree(self) -> None:
        self.rig.check_counts()

    def teardown(self) -> None:
        try:
            self.rig.check_at_end()
        finally:
            self.rig.close()


class QueueMachine(Machine):
    """Also wrong calls, and settings changed under way."""

    # --- Wrong calls ---

    @rule(
        number=st.integers(0, 9), wrong=st.sampled_from([(0, 0, 0), (11, 0, 0), (1, 43201, 0), (1, -1, 0), (1, 0, 21)])
    )
    def receive_out_of_range(self, number: int, wrong: tuple[int, int, int]) -> None:
        self.rig.receive(self.queue(number), *wrong)

    @precondition(has_handles)
    @rule(number=st.integers(0, 30), timeout=BAD_TIMEOUTS)
    def change_visibility_out_of_range(self, number: int, timeout: int) -> None:
        name, handle = self.handle(number)
        self.rig.change_visibility(name, handle, timeout)

    @rule(number=st.integers(0, 9), garbage=st.sampled_from(GARBAGE))
    def garbage_handle(self, number: int, garbage: str) -> None:
        name = self.queue(number)
        self.rig.delete(name, garbage)
        self.rig.change_visibility(name, garbage, 0)

    @precondition(has_handles)
    @rule(number=st.integers(0, 30), place=st.integers(0, 200))
    def tampered_handle(self, number: int, place: int) -> None:
        name, handle = self.handle(number)
        text = self.rig.engine_handle(handle)
        place %= len(text) - 4  # Not the last ones, whose spare bits say nothing.
        other = "A" if text[place] != "A" else "B"
        self.rig.delete(name, text[:place] + other + text[place + 1 :])
        self.rig.delete(name, text[:-4])

    @precondition(has_handles)
    @rule(number=st.integers(0, 30), other=st.integers(0, 9))
    def handle_of_another_queue(self, number: int, other: int) -> None:
        name, handle = self.handle(number)
        assume(self.queue(other) != name)
        self.rig.delete(self.queue(other), handle)
        self.rig.change_visibility(self.queue(other), handle, 0)

    # --- Queues -----------------------------------------------------------------------------------------------------

    @rule(number=st.integers(0, 9))
    def purge(self, number: int) -> None:
        self.rig.purge_queue(self.queue(number))

    @rule(number=st.integers(0, 9), delay=st.sampled_from([0, 1, 5, 900]))
    def set_delay(self, number: int, delay: int) -> None:
        self.rig.set_queue_attributes(self.queue(number), delay_seconds=delay)

    @rule(number=st.integers(0, 9), timeout=st.sampled_from([0, 1, 30, 43200]))
    def set_visibility_timeout(self, number: int, timeout: int) -> None:
        self.rig.set_queue_attributes(self.queue(number), visibility_timeout=timeout)

    @rule(number=st.integers(0, 9), period=st.sampled_from([60, 300, 345600, 1209600]))
    def set_retention_period(self, number: int, period: int) -> None:
        self.rig.set_queue_attributes(self.queue(number), retention_period=period)

    @rule(number=st.integers(0, 9), wait=st.sampled_from([0, 0, 2]))
    def set_wait_time(self, number: int, wait: int) -> None:
        self.rig.set_queue_attributes(self.queue(number), wait_time_seconds=wait)


def borders(rig: Rig) -> set[int]:
    found = set()
    for queue in rig.world.queues.values():
        for message in queue.messages:
            found |= {message.visible_at, queue.expires_at(message)}
            if message.received_at is not None:
                found.add(message.received_at + 12 * HOUR)
        if isinstance(queue, FifoQueue):
            found |= {send.accepted_at + DEDUPLICATION_INTERVAL for send in queue.sends}
            found |= {attempt.made_at + ATTEMPT_INTERVAL for attempt in queue.attempts.values()}
        if isinstance(queue, StandardQueue):
            found |= {at + QUIET_AFTER for at in queue.last_arrival.values()}
        if queue.purged_at is not None:
            found.add(queue.purged_at + 60 * SECOND)
    found |= {at for task in rig.world.tasks if (at := task.next_step()) is not None}
    return found
