"""Publish, PublishBatch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.sns.faults import arn_parts, invalid
from localsqs.sns.message import Message, check_message, deduplication_id, message_bytes, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.engine import Engine
    from localsqs.sns.delivery import Deliveries
    from localsqs.sns.topic import Topic

__all__ = ["Publishing"]

_BATCH_MAX = 10
_ID_MAX = 80
_ID = re.compile(r"[A-Za-z0-9_-]+$")


class Publishing:
    """The part of the service that publishes."""

    engine: Engine
    deliveries: Deliveries
    if TYPE_CHECKING:
        topic: Callable[..., Topic]
        new_uuid: Callable[[], str]

    def publish(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        if "PhoneNumber" in params:
            raise invalid("PhoneNumber Reason: localsqs sends no text messages")
        parameter = "TopicArn" if "TopicArn" in params else "TargetArn"
        arn = params.get(parameter)
        if arn is None:
            raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
        topic = self.topic(arn, parameter)
        params = plain(params)
        check_message(topic, params)
        return self._publish(topic, params)

    def publish_batch(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        arn_parts(params["TopicArn"], "TopicArn")
        entries = [plain(entry) for entry in params["PublishBatchRequestEntries"]]
        _check_entries(entries)
        topic = self.topic(params["TopicArn"])
        for entry in entries:
            check_message(topic, entry)
        if sum(message_bytes(entry) for entry in entries) > topic.size_max:
            raise ServiceError(
                "BatchRequestTooLong", "The length of all the messages put together is more than the limit."
            )
        return {"Successful": [{"Id": entry["Id"], **self._publish(topic, entry)} for entry in entries], "Failed": []}

    def _publish(self, topic: Topic, params: dict[str, Any]) -> dict[str, Any]:
        now_ns = self.engine.clock.now_ns()
        message_id = self.new_uuid()
        if not topic.fifo:
            self.deliveries.deliver(Message(topic, params, message_id, now_ns))
            return {"MessageId": message_id}
        group, deduplication = params["MessageGroupId"], deduplication_id(params)
        known = topic.duplicate(group, deduplication, now_ns)
        if known is not None:
            return {"MessageId": known[0], "SequenceNumber": known[1]}
        sequence = topic.next_sequence()
        topic.remember(group, deduplication, now_ns, message_id, sequence)
        message = Message(topic, params, message_id, now_ns, sequence, deduplication)
        self.deliveries.deliver(message)
        return {"MessageId": message_id, "SequenceNumber": sequence}


def _check_entries(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise ServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > _BATCH_MAX:
        raise ServiceError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
    for entry in entries:
        name = entry["Id"]
        if len(name) > _ID_MAX:
            raise ServiceError(
                "InvalidBatchEntryId", f"The Id of a batch entry in the batch request is too long: {name}"
            )
        if not _ID.match(name):
            raise ServiceError(
                "InvalidBatchEntryId",
                f"The Id of a batch entry in the batch request contains an impermissible character: {name}",
            )
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise ServiceError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
