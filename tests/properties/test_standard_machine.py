"""Standard queues: the engine answers as the model does, whatever is called in whatever order (spec 6)."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from machine import QueueMachine


class StandardMachine(QueueMachine):
    @initialize()
    def create_queues(self) -> None:
        self.rig.create_queue("jobs")
        self.rig.create_queue("slow", delay_seconds=5, visibility_timeout=2, retention_period=60)


class FairMachine(StandardMachine):
    """Tenants with enough in flight to be noisy (6.9)."""

    @rule(number=st.integers(0, 9), group=st.sampled_from(["g1", "g2", "g3", None]), batches=st.integers(1, 4))
    def send_much(self, number: int, group: str | None, batches: int) -> None:
        for _ in range(batches):
            self.rig.send_batch(self.queue(number), [{"id": f"e{i}", "body": "x", "group": group} for i in range(10)])

    @rule(number=st.integers(0, 9), times=st.integers(1, 5), timeout=st.sampled_from([0, 30, 600]))
    def receive_much(self, number: int, times: int, timeout: int) -> None:
        for _ in range(times):
            self.rig.receive(self.queue(number), 10, timeout, wait=0)


class LimitedMachine(QueueMachine):
    """An in-flight limit low enough to be met, and the 60-second rule of purges (6.8, 3.3)."""

    options = {"in_flight_limit": 3, "strict": True}  # noqa: RUF012

    @initialize()
    def create_queues(self) -> None:
        self.rig.create_queue("jobs")
        self.rig.create_queue("jobs.fifo")


TestStandardQueues = StandardMachine.TestCase
TestFairQueues = FairMachine.TestCase
TestLimits = LimitedMachine.TestCase
