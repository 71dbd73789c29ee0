"""The simulated world: an engine whose clock the simulation moves, and what is known of its queue.

Events wait in a heap of tuples (instant, number, action, argument); instants are whole nanoseconds from the start. The
number keeps the order of equal instants, so a run depends on its scenario alone.

Receives are real, but none waits: a poller whose long poll would wait is parked here (`_consumers.py`) and asks again
when something may have become visible. For that the world keeps `deliverable`, an estimate that is exact except where
messages move to the dead-letter queue or groups are locked. A parked poller that asks in vain has made a call that a
real one would not have made: `vain_receives` counts these, and they are taken off the bill.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from localsqs.clock import ManualClock
from localsqs.engine import Engine
from localsqs.errors import ClientError
from localsqs.simulation.scenario import Scenario

Action = Callable[[int, Any], None]

SECOND_NS = 1_000_000_000
QUEUE, DEAD_LETTER_QUEUE = "simulated", "simulated-dead"


class World:
    """One run's engine, queue, time and events."""

    def __init__(self, scenario: Scenario, history_limit: int) -> None:
        clock = ManualClock()
        self.engine = Engine(clock=clock, seed=scenario.seed, history_limit=history_limit)
        self.sqs: Any = self.engine.client("sqs")
        self.keeps_history = history_limit > 0
        self.start_ns = clock.now_ns()
        self.fifo = scenario.fifo
        self.url = _make_queues(self.sqs, scenario)
        self.deliverable = 0
        self.vain_receives = 0
        self.over_limit = 0
        self._move_to_ns = clock.move_to_ns
        # A VisibilityTimeout that receives ask for instead of the queue's.
        self.visibility: dict[str, int] = {}
        self._heap: list[tuple[int, int, Action, Any]] = []
        self._number = 0

    def at(self, at: int, action: Action, argument: Any = None) -> None:
        """`action(at, argument)` will be called at this instant."""
        self._number += 1
        heapq.heappush(self._heap, (at, self._number, action, argument))

    def run(self, end: int) -> None:
        """Everything up to and including this instant."""
        heap, pop, move, start = self._heap, heapq.heappop, self._move_to_ns, self.start_ns
        last = 0
        while heap and heap[0][0] <= end:
            at, _, action, argument = pop(heap)
            if at != last:
                move(start + at)
                last = at
            action(at, argument)
        move(start + end)

    def receive(self, limit: int) -> list[dict[str, Any]]:
        """Up to `limit` messages, without waiting."""
        try:
            if self.visibility:
                answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=limit, **self.visibility)
            else:
                answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=limit)
        except ClientError as error:  # Too many in flight: nothing until some are deleted or time out.
            if error.response["Error"]["Code"] != "OverLimit":
                raise
            self.over_limit += 1
            self.deliverable = 0
            return []
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        if len(messages) < limit:
            self.deliverable = 0
        elif self.fifo:
            self.deliverable = 1  # How much of a FIFO queue is locked is for the engine to know.
        else:
            self.deliverable = max(self.deliverable - limit, 0)
        return messages

    def counts(self) -> tuple[int, int, int, int]:
        """Messages visible, in flight, delayed, and in the dead-letter queue."""
        engine, (name, dead_name) = self.engine, queue_names(self.fifo)
        counts = engine._core.queue_counts(engine.region, engine.account, name)
        dead = engine._core.queue_counts(engine.region, engine.account, dead_name)
        assert counts is not None
        return *counts, 0 if dead is None else dead[0]

    def usage(self) -> tuple[list[dict[str, Any]], int]:
        """The rows of `engine.usage()` without the receives that no real poller would have made, and the number of
        messages sent with a group to a standard queue."""
        rows, fair_queue_messages = self.engine._core.usage()
        for row in rows:
            if row["operation"] == "ReceiveMessage":
                row["calls"] -= self.vain_receives
                row["requests"] -= self.vain_receives
        return rows, fair_queue_messages


def queue_names(fifo: bool) -> tuple[str, str]:
    """The names of the queue and of its dead-letter queue."""
    suffix = ".fifo" if fifo else ""
    return QUEUE + suffix, DEAD_LETTER_QUEUE + suffix


def _make_queues(sqs: Any, scenario: Scenario) -> str:
    """Makes the queue, and after it its dead-letter queue if there is to be one. Gives the queue's URL."""
    name, dead_name = queue_names(scenario.fifo)
    fifo = {"FifoQueue": "true"} if scenario.fifo else {}
    retention = {"MessageRetentionPeriod": str(scenario.retention)}
    attributes = {
        "VisibilityTimeout": str(scenario.visibility_timeout),
        "DelaySeconds": str(scenario.delay),
        **retention,
        **fifo,
    }
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    if scenario.max_receive_count is not None:
        import json

        dead_url = sqs.create_queue(QueueName=dead_name, Attributes={**retention, **fifo})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": scenario.max_receive_count})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    return url
