"""Queues linked by redrive policies and message move tasks: the engine answers as the model does (spec 8)."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from machine import Machine
from rig import Rig


class RedriveMachine(Machine):
    """``orders`` -> ``dead`` -> ``last``, and ``self``, which is its own dead-letter queue."""

    DELAYS = (None, 0, 1)
    SUFFIX = ""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0

    @initialize()
    def create_queues(self) -> None:
        self.create("last", visibility_timeout=1)
        self.create("dead", visibility_timeout=1, dead_letter_queue="last", max_receive_count=1)
        self.create("orders", visibility_timeout=1, dead_letter_queue="dead", max_receive_count=1)
        self.create("self", visibility_timeout=1, delay_seconds=1)
        self.rig.set_queue_attributes(self.name("self"), dead_letter_queue=self.name("self"), max_receive_count=1)

    def name(self, stem: str) -> str:
        return stem + self.SUFFIX

    def create(self, stem: str, **settings: object) -> None:
        if "dead_letter_queue" in settings:
            settings["dead_letter_queue"] = self.name(str(settings["dead_letter_queue"]))
        self.rig.create_queue(self.name(stem), **settings)

    @rule(number=st.integers(0, 9), times=st.integers(1, 3), timeout=st.sampled_from([0, 0, 1]))
    def receive_all(self, number: int, times: int, timeout: int) -> None:
        for _ in range(times):
            self.rig.receive(self.queue(number), 10, timeout, wait=0)

    @rule(
        stem=st.sampled_from(["orders", "orders", "dead", "self"]),
        size=st.integers(1, 3),
        receives=st.sampled_from([1, 2, 2, 3]),
        group=st.sampled_from(["g1", "g2"]),
    )
    def send_and_use_up(self, stem: str, size: int, receives: int, group: str) -> None:
        """Messages on their way to the dead-letter queue."""
        for _ in range(size):
            self.sent += 1
            dedup = f"u{self.sent}" if self.SUFFIX else None
            self.rig.send(self.name(stem), "x", group=group, dedup=dedup)
        for _ in range(receives):
            self.rig.receive(self.name(stem), 10, 0, wait=0)

    # --- Redrive policies (8.1) ---

    @rule(stem=st.sampled_from(["orders", "dead", "self"]), count=st.sampled_from([1, 2, 3]))
    def set_max_receive_count(self, stem: str, count: int) -> None:
        target = {"orders": "dead", "dead": "last", "self": "self"}[stem]
        if self.name(target) in self.rig.world.queues:
            self.rig.set_queue_attributes(self.name(stem), dead_letter_queue=self.name(target), max_receive_count=count)

    @rule(stem=st.sampled_from(["orders", "dead"]))
    def remove_redrive_policy(self, stem: str) -> None:
        self.rig.set_queue_attributes(self.name(stem), dead_letter_queue=None, max_receive_count=0)

    @rule()
    def delete_or_create_the_last_queue(self) -> None:
        """A dead-letter queue that is gone keeps its sources' messages where they are."""
        name = self.name("last")
        if name not in self.rig.world.queues:
            self.create("last", visibility_timeout=1)
            return
        self.rig.delete_queue(name)
        self.rig.handles = [(queue, handle) for queue, handle in self.rig.handles if queue != name]

    # --- Move tasks (8.3 to 8.5) ---

    @rule(
        source=st.sampled_from(["dead", "last", "self", "orders"]),
        destination=st.sampled_from([None, "orders", "orders", "last", "self"]),
        rate=st.sampled_from([None, None, 1, 2, 10, 500, 0, 501]),
    )
    def start_move_task(self, source: str, destination: str | None, rate: int | None) -> None:
        """No tasks in a circle: they would pass messages round every millisecond of the hours that a rule lets pass."""
        if self.closes_a_circle(source, destination):
            return
        self.rig.start_move_task(self.name(source), None if destination is None else self.name(destination), rate)

    def closes_a_circle(self, source: str, destination: str | None) -> bool:
        home = {"last": "dead", "dead": "orders"}  # Where a task without a destination brings dead letters.
        ways = {(source, destination or home.get(source))}
        for task in self.rig.tasks:
            if task.status == "RUNNING":
                here = task.source.name.removesuffix(self.SUFFIX)
                there = task.destination and task.destination.name.removesuffix(self.SUFFIX)
                ways.add((here, there or home.get(here)))
        reached, seen = {destination or home.get(source)}, set()
        while reached:
            seen |= reached
            reached = {b for a, b in ways if a in reached} - seen
        return source in seen

    @rule(
        size=st.integers(1, 4),
        straight=st.booleans(),
        hold=st.booleans(),
        destination=st.sampled_from([None, None, "orders", "self"]),
        rate=st.sampled_from([None, 1, 2]),
    )
    def move_dead_letters(
        self, size: int, straight: bool, hold: bool, destination: str | None, rate: int | None
    ) -> None:
        """Dead letters, perhaps one in flight, perhaps one that was sent straight there, and a task to fetch them."""
        self.send_and_use_up("orders", size, 3, "g1")
        if straight:
            self.send_and_use_up("dead", 1, 0, "g2")
        if hold:
            self.rig.receive(self.name("dead"), 1, 1, wait=0)
        self.start_move_task("dead", destination, rate)

    def has_tasks(self) -> bool:
        return bool(self.rig.tasks)

    @precondition(has_tasks)
    @rule(number=st.integers(0, 9))
    def cancel_move_task(self, number: int) -> None:
        self.rig.cancel_move_task(self.rig.tasks[-1 - number % len(self.rig.tasks)])

    @rule(source=st.sampled_from(["dead", "last", "self", "orders"]), max_results=st.sampled_from([1, 10, 11]))
    def list_move_tasks(self, source: str, max_results: int) -> None:
        self.rig.list_move_tasks(self.name(source), max_results)


class FifoRedriveMachine(RedriveMachine):
    SUFFIX = ".fifo"


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_move_tasks_in_a_circle_let_time_pass(suffix: str) -> None:
    """Two tasks that cannot end, since each source has a message in flight, pass the others round."""
    rig = Rig(seed=7)
    one, two = "one" + suffix, "two" + suffix
    rig.create_queue(one)
    rig.create_queue(two, dead_letter_queue=one, max_receive_count=1)
    rig.set_queue_attributes(one, dead_letter_queue=two, max_receive_count=1)
    for i, name in enumerate([one, one, two, two]):
        rig.send(name, "x", group=f"g{i}", dedup=f"d{i}" if suffix else None)
    rig.receive(one, 1)
    rig.receive(two, 1)
    rig.start_move_task(one, two, None)
    rig.start_move_task(two, one, None)
    start = rig.world.now
    for microseconds in (1, 999, 1000, 1001, 5000):
        rig.advance_to(start + microseconds * 1000, pieces=3)
        rig.check_counts()
        rig.list_move_tasks(one)
        rig.list_move_tasks(two)
    rig.check_at_end()
    rig.close()


TestRedrive = RedriveMachine.TestCase
TestFifoRedrive = FifoRedriveMachine.TestCase
