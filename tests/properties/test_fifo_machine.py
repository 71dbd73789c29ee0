"""FIFO queues: the engine answers as the model does, whatever is called in whatever order (spec 7)."""

from __future__ import annotations

from hypothesis.stateful import initialize, invariant
from machine import QueueMachine
from model_queue import VISIBLE


class FifoMachine(QueueMachine):
    @initialize()
    def create_queues(self) -> None:
        self.rig.create_queue("jobs.fifo", content_based_deduplication=True)
        self.rig.create_queue("groups.fifo", deduplication_scope="messageGroup", delay_seconds=5, visibility_timeout=2)

    @invariant()
    def turns_are_the_groups_whose_head_is_visible(self) -> None:
        for queue in self.rig.world.queues.values():
            heads = {m.group_id: m for m in reversed(queue.messages)}
            assert sorted(queue.turns) == sorted(g for g, head in heads.items() if head.state == VISIBLE)


class OneFifoMachine(QueueMachine):
    """One queue, so that its groups meet more often."""

    DELAYS = (None,)

    @initialize()
    def create_queues(self) -> None:
        self.rig.create_queue("jobs.fifo", visibility_timeout=2)


TestFifoQueues = FifoMachine.TestCase
TestOneFifoQueue = OneFifoMachine.TestCase
