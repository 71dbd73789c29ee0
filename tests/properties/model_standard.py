"""A standard queue: order of arrival, fair among tenants (spec 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from model_queue import (
    DELAYED,
    IN_FLIGHT,
    SECOND,
    VISIBLE,
    Message,
    Queue,
    SendAnswer,
    Settings,
    SqsError,
    check_delay_range,
    invalid_value,
)

if TYPE_CHECKING:
    from model import World

NOISY_IN_FLIGHT_MIN = 30  # 6.9
QUIET_AFTER = 300 * SECOND  # 6.9
WRONG_TYPE = "The request include parameter that is not valid for this queue type"


class StandardQueue(Queue):
    def __init__(self, world: World, name: str, settings: Settings) -> None:
        super().__init__(world, name, settings)
        self.last_arrival: dict[str | None, int] = {}  # Of each tenant.

    def add(self, message: Message) -> None:
        self.last_arrival[message.group_id] = self.world.now
        super().add(message)

    # --- Order (6.3, 6.9) --------------------------------------------------------------------------------------------

    def next_to_deliver(self, taken: Sequence[Message], dead: Sequence[Message]) -> Message | None:
        """Quiet tenants by order of arrival; else the noisy tenant with the fewest messages in flight."""
        waiting = [m for m in self.messages if m.state == VISIBLE and m not in taken and m not in dead]
        in_flight = [m for m in self.messages if m.state == IN_FLIGHT] + list(taken)
        for message in waiting:
            if not self.is_noisy(message.group_id, in_flight):
                return message
        return min(waiting, key=lambda m: (held_by(m.group_id, in_flight), m.arrival), default=None)

    def is_noisy(self, tenant: str | None, in_flight: Sequence[Message]) -> bool:
        if tenant is None:
            return False  # A message without a group is a tenant of its own.
        held = held_by(tenant, in_flight)
        lately = self.world.now < self.last_arrival[tenant] + QUIET_AFTER
        return held >= NOISY_IN_FLIGHT_MIN and held * 10 > len(in_flight) and lately

    # --- Send (6.2) --------------------------------------------------------------------------------------------------

    def check_send(self, group_id: str | None, deduplication_id: str | None, delay: int | None, batch: bool) -> None:
        check_delay_range(delay)
        if deduplication_id is not None:  # 6.9
            if batch:
                raise SqsError("InvalidParameterValue", WRONG_TYPE)
            raise invalid_value(deduplication_id, "MessageDeduplicationId", WRONG_TYPE + ".")

    def enqueue_sent(self, body: str, group: str | None, dedup: str | None, delay: int | None) -> SendAnswer:
        now = self.world.now
        delay = self.settings.delay_seconds if delay is None else delay  # 6.2: the message's replaces the queue's.
        message = Message(
            message_id=self.world.new_name("message"),
            body=body,
            sent_at=now,
            retained_from=now,
            arrival=self.arrivals,
            arrived_at=now,
            state=DELAYED if delay > 0 else VISIBLE,
            visible_at=now + delay * SECOND,
            group_id=group,
        )
        self.add(message)
        return SendAnswer(message.message_id)


def held_by(tenant: str | None, in_flight: Sequence[Message]) -> int:
    return sum(m.group_id == tenant for m in in_flight)
