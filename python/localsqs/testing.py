"""For tests: a queue as an object, and a TestCase. The fixtures of pytest are in `localsqs.pytest_plugin`."""

from __future__ import annotations

import json
import unittest
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localsqs import look
from localsqs.clock import ManualClock, to_datetime
from localsqs.engine import Engine
from localsqs.history import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs import _core

__all__ = ["Queue", "SqsTestCase", "make_queue", "report"]

_DEFAULT_LIMIT = timedelta(days=14)


class Queue:
    """A queue of an engine, to send to and to look into. Made by the fixture `sqs_queue` or by `make_queue`.

    Equal to a list of bodies, or to another queue, if it holds just these in this order, in whatever state:
    `assert queue == ["a", "b"]`.

    Attributes:
        name, url, arn: Of the queue.
        dead_letter: The dead-letter queue that was made with it, or None.
    """

    def __init__(self, engine: Engine, name: str, url: str, dead_letter: Queue | None = None) -> None:
        self._engine = engine
        self._sqs = engine.client("sqs")
        self.name = name
        self.url = url
        self.dead_letter = dead_letter
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        self.arn: str = attributes["QueueArn"]

    def send(self, body: str = "message", **members: Any) -> str:
        """Sends a message; `members` are those of SendMessage. Returns the message id.

        To a FIFO queue it goes with the group "group" unless MessageGroupId says otherwise.
        """
        if self.name.endswith(".fifo"):
            members.setdefault("MessageGroupId", "group")
        return str(self._sqs.send_message(QueueUrl=self.url, MessageBody=body, **members)["MessageId"])

    def receive(self, **members: Any) -> list[dict[str, Any]]:
        """Receives; `members` are those of ReceiveMessage, and as many messages as can be are asked for."""
        members.setdefault("MaxNumberOfMessages", 10)
        return [
            dict(message) for message in self._sqs.receive_message(QueueUrl=self.url, **members).get("Messages", [])
        ]

    @property
    def messages(self) -> list[look.Message]:
        """What lies in the queue, in order of arrival, in whatever state: a look without receiving."""
        return look.messages(self._engine, self.name)

    @property
    def bodies(self) -> list[str]:
        """The bodies of `messages`."""
        return [message.body for message in self.messages]

    @property
    def state(self) -> look.QueueState:
        """The counts."""
        return next(queue for queue in look.queues(self._engine) if queue.arn == self.arn)

    @property
    def visible(self) -> int:
        return self.state.visible

    @property
    def in_flight(self) -> int:
        return self.state.in_flight

    @property
    def delayed(self) -> int:
        return self.state.delayed

    def __len__(self) -> int:
        """Messages in any state."""
        state = self.state
        return state.visible + state.in_flight + state.delayed

    def __bool__(self) -> bool:
        return True  # A queue is there also while it is empty.

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Queue):
            return self.bodies == other.bodies
        return self.bodies == list(other) if isinstance(other, (list, tuple)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # Compared by what it holds, which changes.

    def assert_empty(self) -> None:
        """Fails unless the queue holds no message in any state."""
        if len(self):
            raise AssertionError(f"{self.state}\n" + _lines(self.messages))

    def assert_received_times(self, times: int, *, body: str | None = None, message_id: str | None = None) -> None:
        """Fails unless each message (or that one) was received so often, those that are gone included."""
        counts: dict[str, int] = {}
        bodies: dict[str, str] = {}
        for event in self._engine.history(queue=self.name):
            found = event.message_id or ""
            if event.kind == "Sent":
                counts.setdefault(found, 0)
                bodies[found] = event.details.get("body", "")
            elif event.kind in ("Received", "Undelivered"):
                counts[found] = counts.get(found, 0) + (1 if event.kind == "Received" else -1)
        wanted = {
            found: count
            for found, count in counts.items()
            if message_id in (None, found) and body in (None, bodies.get(found))
        }
        if not wanted:
            raise AssertionError(f"{self.name}: no such message was sent")
        wrong = {found: count for found, count in wanted.items() if count != times}
        if wrong:
            lines = [f"  {found} {bodies.get(found, '')!r}: {count} times" for found, count in wrong.items()]
            raise AssertionError(f"{self.name}: not received {times} times:\n" + "\n".join(lines))

    def wait_until(
        self,
        condition: Callable[[Queue], bool],
        timeout: timedelta | float = _DEFAULT_LIMIT,
        step: timedelta | float = 1.0,
    ) -> None:
        """Moves the clock, step by step, until `condition(queue)` is true. Times are engine time.

        Raises:
            AssertionError: If it is still false after `timeout`.
            TypeError: If the engine's clock cannot be moved.
        """
        clock = self._engine.clock
        if not hasattr(clock, "advance"):
            raise TypeError("wait_until needs a clock that can be moved: a ManualClock")
        end = clock.now() + _span(timeout)
        while not condition(self):
            if clock.now() >= end:
                raise AssertionError(f"still not after {_span(timeout)} of engine time\n{report(self._engine)}")
            clock.advance(_span(step))

    def __repr__(self) -> str:
        return f"<Queue {self.state}>"


def make_queue(
    engine: Engine,
    name: str = "queue",
    *,
    fifo: bool = False,
    dead_letter: bool = False,
    max_receive_count: int = 3,
    **attributes: Any,
) -> Queue:
    """Creates a queue, and with `dead_letter` its dead-letter queue, "<name>-dead".

    Args:
        fifo: A FIFO queue with content-based deduplication; ".fifo" is added to the name where it is missing.
        dead_letter: Also makes a dead-letter queue, to which messages go after `max_receive_count` receives.
        attributes: Queue attributes by their AWS names: VisibilityTimeout=300.
    """
    sqs = engine.client("sqs")
    base = name[: -len(".fifo")] if name.endswith(".fifo") else name
    kind = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo or name.endswith(".fifo") else {}
    suffix = ".fifo" if kind else ""
    dead: Queue | None = None
    wanted = {**kind, **{key: _text(value) for key, value in attributes.items()}}
    if dead_letter:
        dead_name = f"{base}-dead{suffix}"
        dead = Queue(engine, dead_name, sqs.create_queue(QueueName=dead_name, Attributes=kind)["QueueUrl"])
        wanted["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": max_receive_count})
    url = sqs.create_queue(QueueName=base + suffix, Attributes=wanted)["QueueUrl"]
    return Queue(engine, base + suffix, url, dead)


def report(engine: Engine, last: int = 10) -> str:
    """The engine in a few lines, for the report of a failed test: seed, time, queues, and the last effects."""
    text = core_report(engine._core, last)
    if getattr(engine.clock, "wait_limit_reached", False):
        text += "\nwaits have moved the clock as far as its limit lets them: a loop that never ends?"
    return text


def core_report(core: _core.Engine, last: int = 10) -> str:
    """The same of an engine without its Python side."""
    lines = [f"seed {core.seed}, engine time {to_datetime(core.now_ns()).isoformat()}"]
    lines += [str(queue) for queue in look.core_queues(core)] or ["no queues"]
    events = History(core.effects())[-last:]
    if events:
        lines.append(f"last {len(events)} effects:")
        for event in events:
            lines.append(f"  {event.at.isoformat()} {event.kind} {event.queue} {event.message_id or ''}".rstrip())
    return "\n".join(lines)


class SqsTestCase(unittest.TestCase):
    """A TestCase with an engine of its own for each test.

    Attributes:
        engine: On a ManualClock, seeded.
        sqs: Its native client.
        clock: Its clock.
    """

    seed = 1

    def setUp(self) -> None:
        super().setUp()
        self.engine = Engine(clock=ManualClock(), seed=self.seed)
        self.addCleanup(self.engine.close)
        self._localsqs_engine = self.engine  # Where the pytest plugin looks for it.
        self.sqs = self.engine.client("sqs")
        self.clock = self.engine.clock

    def queue(self, name: str = "queue", **arguments: Any) -> Queue:
        """See `make_queue`."""
        return make_queue(self.engine, name, **arguments)

    def mock_boto3(self) -> Engine:
        """boto3 answers from `self.engine` until the test ends."""
        from localsqs.patch import mock

        opened = mock(self.engine)
        self.addCleanup(opened.stop)
        return opened.start()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _span(time: timedelta | float) -> timedelta:
    return time if isinstance(time, timedelta) else timedelta(seconds=time)


def _lines(messages: list[look.Message]) -> str:
    return "\n".join(f"  {message.state}: {message.body!r}, received {message.receive_count}" for message in messages)
