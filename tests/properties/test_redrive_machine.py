"""Queues linked by redrive policies and message move tasks: the engine answers as the model does (spec 8)."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from machine import Machine


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
        """No two tasks in a circle: without a rate they would pass a message round for ever in no time."""
        if source == "last" and destination == "dead":
            return
        self.rig.start_move_task(self.name(source), None if destination is None else self.name(destination), rate)

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


TestRedrive = RedriveMachine.TestCase
TestFifoRedrive = FifoRedriveMachine.TestCase
