"""A FIFO queue: message groups that take turns, deduplication, receive request attempts (spec 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_queue import (
    DELAYED,
    GONE,
    IN_FLIGHT,
    NO_DEDUPLICATION_ID,
    SECOND,
    VISIBLE,
    Delivery,
    Message,
    Queue,
    SendAnswer,
    Settings,
    SqsError,
    check_delay_range,
    content_hash,
    invalid_value,
    missing,
)

if TYPE_CHECKING:
    from model import World

FIRST_SEQUENCE_NUMBER = 18800000000000000000  # 7.1
DEDUPLICATION_INTERVAL = 300 * SECOND  # 7.3
ATTEMPT_INTERVAL = 300 * SECOND  # 7.5


@dataclass
class RememberedSend:
    group: str
    deduplication_id: str
    accepted_at: int
    answer: SendAnswer


@dataclass
class Attempt:
    made_at: int
    deliveries: list[Delivery]
    visible_at: int  # What the answer set for all its messages.


class FifoQueue(Queue):
    fifo = True

    def __init__(self, world: World, name: str, settings: Settings, deduplication_scope: str) -> None:
        super().__init__(world, name, settings)
        self.deduplication_scope = deduplication_scope  # That of the creation, for good (4.1).
        self.sends: list[RememberedSend] = []
        self.attempts: dict[str, Attempt] = {}
        self.turns: list[str] = []  # Groups whose head is visible, in the order in which that came about (7.4).

    # --- Groups (7.4) ------------------------------------------------------------------------------------------------

    def group(self, group_id: str | None) -> list[Message]:
        return [m for m in self.messages if m.group_id == group_id]

    def is_head(self, message: Message) -> bool:
        return self.group(message.group_id)[0] is message

    def changed(self) -> None:
        """A group joins the turns at the back when its head becomes visible, and leaves when it no longer is."""
        available = [m.group_id for m in self.messages if self.is_head(m) and m.state == VISIBLE]
        self.turns = [g for g in self.turns if g in available]
        self.turns += [g for g in available if g is not None and g not in self.turns]

    def next_to_deliver(self, taken: Sequence[Message], dead: Sequence[Message]) -> Message | None:
        """Fills up from one group as far as it can, its leading run of visible messages, then from the next."""
        for group_id in self.turns:
            for message in self.group(group_id):
                if message.state != VISIBLE:
                    break
                if message not in taken and message not in dead:
                    return message
        return None

    # --- Send (7.1, 7.3) ---------------------------------------------------------------------------------------------

    def check_send(self, group_id: str | None, deduplication_id: str | None, delay: int | None, batch: bool) -> None:
        check_delay_range(delay)
        if delay is not None and delay > 0:
            reason = "The request include parameter that is not valid for this queue type."
            raise invalid_value(delay, "DelaySeconds", reason)
        if group_id is None:
            raise missing("MessageGroupId")
        if deduplication_id is None and not self.settings.content_based_deduplication:
            raise SqsError("InvalidParameterValue", NO_DEDUPLICATION_ID)

    def enqueue_sent(self, body: str, group: str | None, dedup: str | None, delay: int | None) -> SendAnswer:
        assert group is not None
        dedup = content_hash(body) if dedup is None else dedup
        earlier = self.find_duplicate(group, dedup)
        if earlier is not None:
            return earlier.answer  # The original's ids; nothing is enqueued.
        answer = SendAnswer(self.world.new_name("message"), self.next_sequence_number())
        self.enqueue(answer.message_id, body, group, dedup)
        return answer

    def enqueue(self, message_id: str, body: str, group: str, dedup: str) -> None:
        """A new message, with the delay of the queue, that later sends may repeat."""
        now = self.world.now
        delay = self.settings.delay_seconds
        sequence_number = self.next_sequence_number()
        self.sends.append(RememberedSend(group, dedup, now, SendAnswer(message_id, sequence_number)))
        self.add(
            Message(
                message_id=message_id,
                body=body,
                sent_at=now,
                retained_from=now,
                arrival=self.arrivals,
                arrived_at=now,
                state=DELAYED if delay > 0 else VISIBLE,
                visible_at=now + delay * SECOND,
                group_id=group,
                deduplication_id=dedup,
                sequence_number=sequence_number,
            )
        )

    def next_sequence_number(self) -> int:
        return FIRST_SEQUENCE_NUMBER + self.arrivals

    def find_duplicate(self, group: str, dedup: str) -> RememberedSend | None:
        """The send of the last five minutes that this would repeat; at exactly five minutes it is new."""
        for send in self.sends:
            same_group = self.deduplication_scope == "queue" or send.group == group
            if (
                send.deduplication_id == dedup
                and same_group
                and self.world.now < send.accepted_at + DEDUPLICATION_INTERVAL
            ):
                return send
        return None

    # --- Receive request attempts (7.5) ------------------------------------------------------------------------------

    def remember_attempt(self, attempt: str, deliveries: list[Delivery]) -> None:
        if deliveries:  # An empty answer is not remembered.
            self.attempts[attempt] = Attempt(self.world.now, deliveries, deliveries[0].message.visible_at)

    def remembers_attempt(self, attempt: str) -> bool:
        return attempt in self.attempts and self.world.now < self.attempts[attempt].made_at + ATTEMPT_INTERVAL

    def repeat_attempt(self, attempt: str, visibility_timeout: int) -> list[Delivery]:
        """The same messages with the same handles and new deadlines; no receive is counted."""
        first = self.attempts[attempt]
        for delivery in first.deliveries:
            message = delivery.message
            taken_again = delivery.receipt_handle != message.latest_handle
            if message.state == GONE or taken_again or message.visible_at != first.visible_at:
                reason = "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable."
                raise invalid_value(attempt, "ReceiveRequestAttemptId", reason)
        for delivery in first.deliveries:
            self.hide(delivery.message, visibility_timeout)
        first.visible_at = self.world.now + visibility_timeout * SECOND
        return first.deliveries

    # --- The rest ----------------------------------------------------------------------------------------------------

    def check_handle_in_force(self, message: Message, handle: str) -> None:
        if handle != message.latest_handle or message.state != IN_FLIGHT:
            raise invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")

    def purge(self) -> None:
        """Clears the deduplication memory too (3.3)."""
        super().purge()
        self.sends = []

    def set_delay(self, delay_seconds: int) -> None:
        """Applies to the messages present too (6.2): to those never received, from their send on."""
        super().set_delay(delay_seconds)
        for message in list(self.messages):
            if message.receive_count == 0:
                visible_at = message.sent_at + delay_seconds * SECOND
                self.set_state(message, DELAYED if visible_at > self.world.now else VISIBLE, visible_at)
