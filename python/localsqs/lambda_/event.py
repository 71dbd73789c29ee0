"""The event of a batch, exactly as Lambda makes it of received messages.

Key order, the two list keys of message attributes and what is absent rather than null follow recordings of the service
(shared/spec/around.md, 1.7). Values are those of the receive itself: a body is the text that was sent.
"""

from __future__ import annotations

from base64 import b64encode
from json import dumps
from typing import Any

__all__ = ["PAYLOAD_BYTES_MAX", "RecordMaker", "record_bytes"]

# Of the whole event (Lambda Developer Guide: 6 MB for a synchronous invocation).
PAYLOAD_BYTES_MAX = 6 * 1024 * 1024

Record = dict[str, Any]

# The order of system attributes in recorded events.
_ATTRIBUTES = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
)
# What every message has: no other key in a standard queue's.
_PLAIN_COUNT = 4


class RecordMaker:
    """Makes the records of one mapping.

    Args:
        queue_arn: Of the queue.
        window: Whether the mapping has a batching window: then a record without message attributes says so by
            `"md5OfMessageAttributes": null`, as every recording does; else the key is absent.
    """

    def __init__(self, queue_arn: str, window: bool) -> None:
        self._arn = queue_arn
        self._region = queue_arn.split(":")[3]
        self._window = window

    def record(self, message: dict[str, Any]) -> Record:
        """A record of a message as ReceiveMessage answers it, with all system and message attributes.

        The record takes over the dicts of the message.
        """
        given = message["Attributes"]
        system = (
            {
                "ApproximateReceiveCount": given["ApproximateReceiveCount"],
                "SentTimestamp": given["SentTimestamp"],
                "SenderId": given["SenderId"],
                "ApproximateFirstReceiveTimestamp": given["ApproximateFirstReceiveTimestamp"],
            }
            if len(given) == _PLAIN_COUNT
            else {name: given[name] for name in _ATTRIBUTES if name in given}
        )
        if self._window or "MessageAttributes" in message:
            return self._full_record(message, system)
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": system,
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._region,
        }

    def _full_record(self, message: dict[str, Any], system: dict[str, str]) -> Record:
        sent = message.get("MessageAttributes") or {}
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": system,
            "messageAttributes": {name: _attribute(value) for name, value in sent.items()},
            "md5OfMessageAttributes": message.get("MD5OfMessageAttributes"),
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._region,
        }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "StringValue" in value:
        made["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        made["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    made["stringListValues"] = []
    made["binaryListValues"] = []
    made["dataType"] = value["DataType"]
    return made


def record_bytes(record: Record) -> int:
    """What a record adds to the payload of its event, with a comma."""
    return len(dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")) + 1
