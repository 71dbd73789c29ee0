"""What the standard and the FIFO queue of the model share: messages, handles, timers, counts. See model.py."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model import World

SECOND = 10**9
MILLISECOND = 10**6
HOUR = 3600 * SECOND

ACCOUNT = "000000000000"
REGION = "us-east-1"

DELAY_SECONDS_MAX = 900  # 6.2
VISIBILITY_TIMEOUT_SECONDS_MAX = 43200  # 6.5

DELAYED, VISIBLE, IN_FLIGHT, GONE = "delayed", "visible", "in flight", "gone"


class SqsError(Exception):
    """An answer that is an error: AWS's query code and its text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def invalid_value(value: object, parameter: str, reason: str) -> SqsError:
    return SqsError("InvalidParameterValue", f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def missing(parameter: str) -> SqsError:
    return SqsError("MissingParameter", f"The request must contain the parameter {parameter}.")


def arn_of(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


@dataclass(eq=False)
class Message:
    """A message during its stay in one queue. A move makes a new one of these (8.2, 8.3)."""

    message_id: str
    body: str
    sent_at: int  # SentTimestamp.
    retained_from: int  # Where the retention period starts (6.7, 8.2).
    arrival: int  # Number of the arrival in this queue, from 0.
    arrived_at: int
    state: str
    visible_at: int  # End of the delay or of the visibility timeout.
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: int | None = None
    source_arn: str | None = None  # DeadLetterQueueSourceArn.
    receive_count: int = 0  # ApproximateReceiveCount: goes on in a dead-letter queue.
    receives_here: int = 0  # Since it came to this queue: what maxReceiveCount looks at (8.2).
    received_at: int | None = None  # The last receive in this queue: the 12 hours count from it (6.5).
    first_received_at: int | None = None
    latest_handle: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One message of a receive's answer."""

    receipt_handle: str
    message: Message
    receive_count: int

    def attributes(self) -> dict[str, str]:
        """The message system attributes (5.5)."""
        m = self.message
        assert m.first_received_at is not None
        found = {
            "SenderId": ACCOUNT,
            "SentTimestamp": str(m.sent_at // MILLISECOND),
            "ApproximateReceiveCount": str(self.receive_count),
            "ApproximateFirstReceiveTimestamp": str(m.first_received_at // MILLISECOND),
        }
        if m.group_id is not None:
            found["MessageGroupId"] = m.group_id
        if m.deduplication_id is not None:
            found["MessageDeduplicationId"] = m.deduplication_id
        if m.sequence_number is not None:
            found["SequenceNumber"] = str(m.sequence_number)
        if m.source_arn is not None:
            found["DeadLetterQueueSourceArn"] = m.source_arn
        return found


@dataclass(frozen=True)
class SendAnswer:
    message_id: str
    sequence_number: int | None = None


@dataclass
class Settings:
    """The queue attributes that matter to the model (4), in seconds."""

    delay_seconds: int = 0
    visibility_timeout: int = 30
    retention_period: int = 345600
    wait_time_seconds: int = 0
    dead_letter_queue: str | None = None  # RedrivePolicy.deadLetterTargetArn, as a queue's name.
    max_receive_count: int = 0
    content_based_deduplication: bool = False


@dataclass
class Books:
    """What became of all messages that ever arrived in a queue."""

    arrived: int = 0  # Sent, or moved here.
    deleted: int = 0
    expired: int = 0
    moved_away: int = 0
    purged: int = 0

    def left(self) -> int:
        return self.arrived - self.deleted - self.expired - self.moved_away - self.purged


class Queue:
    """What standard and FIFO queues share. ``messages`` is in order of arrival."""

    fifo = False

    def __init__(self, world: World, name: str, settings: Settings) -> None:
        self.world = world
        self.name = name
        self.arn = arn_of(name)
        self.settings = settings
        self.messages: list[Message] = []
        self.handles: dict[str, Message] = {}  # Every handle ever issued.
        self.arrivals = 0
        self.purged_at: int | None = None
        self.brought_at: int | None = None  # When a move task last brought something here,
        self.brought_from = 0  # and the number of the first arrival that it brought then.
        self.books = Books()

    # --- What the two kinds of queue decide --------------------------------------------------------------------------

    def next_to_deliver(self, taken: Sequence[Message], dead: Sequence[Message]) -> Message | None:
        """The visible message to deliver next, after those of this answer and those met that are dead."""
        raise NotImplementedError

    def check_send(self, group_id: str | None, deduplication_id: str | None, delay: int | None, batch: bool) -> None:
        raise NotImplementedError

    def enqueue_sent(self, body: str, group: str | None, dedup: str | None, delay: int | None) -> SendAnswer:
        raise NotImplementedError

    def check_handle_in_force(self, message: Message, handle: str) -> None:
        """FIFO: a handle is good only while it is the latest and the message in flight (6.6)."""

    def changed(self) -> None:
        """Called after each single change of a message's state."""

    # --- Send ---

    def send(
        self,
        body: str,
        delay: int | None = None,
        group: str | None = None,
        dedup: str | None = None,
        batch: bool = False,
    ) -> SendAnswer:
        self.check_send(group, dedup, delay, batch)
        return self.enqueue_sent(body, group, dedup, delay)

    # --- Messages coming, changing and going -------------------------------------------------------------------------

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.arrivals += 1
        self.books.arrived += 1
        self.changed()

    def remove(self, message: Message) -> None:
        self.messages.remove(message)
        message.state = GONE
        self.changed()

    def set_state(self, message: Message, state: str, visible_at: int) -> None:
        message.state = state
        message.visible_at = visible_at
        self.changed()

    def hide(self, message: Message, timeout_seconds: int) -> None:
        """In flight until now + timeout; zero: visible at once (6.3, 6.5)."""
        now = self.world.now
        self.set_state(message, IN_FLIGHT, now + timeout_seconds * SECOND)
        if timeout_seconds == 0:
            self.set_state(message, VISIBLE, now)

    def expires_at(self, message: Message) -> int:
        return message.retained_from + self.settings.retention_period * SECOND  # 6.7

    def count(self, state: str) -> int:
        return sum(m.state == state for m in self.messages)

    def counts(self) -> tuple[int, int, int]:
        """ApproximateNumberOfMessages, ...NotVisible, ...Delayed (6.1)."""
        return self.count(VISIBLE), self.count(IN_FLIGHT), self.count(DELAYED)

    # --- Time --------------------------------------------------------------------------------------------------------

    def pass_timers(self) -> None:
        """Ends of delays and visibility timeouts, in order, then expiries: all that are due now."""
        now = self.world.now
        due = [m for m in self.messages if m.state in (DELAYED, IN_FLIGHT) and m.visible_at <= now]
        for message in sorted(due, key=lambda m: (m.visible_at, m.arrival)):
            self.set_state(message, VISIBLE, message.visible_at)
        for message in sorted(self.messages, key=lambda m: (self.expires_at(m), m.arrival)):
            if self.expires_at(message) <= now:
                self.remove(message)
                self.books.expired += 1

    def next_timer(self) -> int | None:
        instants = [m.visible_at for m in self.messages if m.state in (DELAYED, IN_FLIGHT)]
        instants += [self.expires_at(m) for m in self.messages]
        return min(instants, default=None)

    # --- Receive (6.3, 8.1) ------------------------------------------------------------------------------------------

    def is_dead(self, message: Message) -> bool:
        """Its receives are used up and there is a dead-letter queue to move it to (8.1)."""
        target = self.settings.dead_letter_queue
        if target is None or target not in self.world.queues:
            return False
        return message.receives_here >= self.settings.max_receive_count

    def take(self, max_messages: int, visibility_timeout: int) -> list[Delivery]:
        """Chooses, moves the dead ones met on the way, and hands out the rest."""
        taken: list[Message] = []
        dead: list[Message] = []
        while len(taken) < max_messages:
            message = self.next_to_deliver(taken, dead)
            if message is None:
                break
            (dead if self.is_dead(message) else taken).append(message)
        for message in dead:
            self.world.move_to_dead_letter_queue(self, message)
        return [self.deliver(message, visibility_timeout) for message in taken]

    def deliver(self, message: Message, visibility_timeout: int) -> Delivery:
        now = self.world.now
        message.receive_count += 1
        message.receives_here += 1
        message.received_at = now
        if message.first_received_at is None:
            message.first_received_at = now
        message.latest_handle = self.world.new_name("handle")
        self.handles[message.latest_handle] = message
        self.hide(message, visibility_timeout)
        return Delivery(message.latest_handle, message, message.receive_count)

    # --- Handles (6.6) -----------------------------------------------------------------------------------------------

    def message_of(self, handle: str) -> Message:
        if handle == "":
            raise missing("ReceiptHandle")
        if handle not in self.handles:
            raise SqsError(
                "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.'
            )
        return self.handles[handle]

    def delete(self, handle: str) -> None:
        message = self.message_of(handle)
        if message.state == GONE:
            return
        self.check_handle_in_force(message, handle)
        if handle != message.latest_handle:
            return  # Standard, received again since: success, and nothing is deleted.
        self.remove(message)
        self.books.deleted += 1

    def change_visibility(self, handle: str, timeout: int, batch: bool = False) -> None:
        if handle == "":
            raise missing("ReceiptHandle")
        if not 0 <= timeout <= VISIBILITY_TIMEOUT_SECONDS_MAX:  # 6.5
            reason = (
                "VisibilityTimeout must be an integer between 0 and 43200." if batch else "Must be between 0 and 43200."
            )
            raise invalid_value(timeout, "VisibilityTimeout", reason)
        message = self.message_of(handle)
        if message.state == GONE:
            reason = "Message does not exist or is not available for visibility timeout change."
            raise invalid_value(handle, "ReceiptHandle", reason)
        self.check_handle_in_force(message, handle)
        assert message.received_at is not None
        if self.world.now - message.received_at + timeout * SECOND > VISIBILITY_TIMEOUT_SECONDS_MAX * SECOND:
            reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
            raise invalid_value(timeout, "VisibilityTimeout", reason)
        if timeout == 0 and message.state == VISIBLE:
            return  # Is visible already, and keeps its place.
        self.hide(message, timeout)

    # --- The whole queue ---------------------------------------------------------------------------------------------

    def purge(self) -> None:
        for message in list(self.messages):
            self.remove(message)
            self.books.purged += 1

    def set_delay(self, delay_seconds: int) -> None:
        """A standard queue leaves the messages it has alone (6.2)."""
        self.settings.delay_seconds = delay_seconds


def check_delay_range(delay: int | None) -> None:
    if delay is not None and not 0 <= delay <= DELAY_SECONDS_MAX:
        raise invalid_value(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")


NO_DEDUPLICATION_ID = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)


def content_hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()  # 7.3
