"""Batches: how received messages become the records of one invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localsqs.lambda_.event import PAYLOAD_BYTES_MAX, record_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localsqs.lambda_.event import Record

__all__ = ["Batch", "Gathering", "by_group", "split"]

_BYTES_A_CHARACTER_MAX = 6  # \\u0000
_ENVELOPE_BYTES = len('{"Records":[]}')


class Batch:
    """Records for one invocation.

    Attributes:
        received_ns: When its first message was received, engine time.
        message_ids, handles: Of the records.
        characters: Of their bodies.
        again: Ids of messages that were received before.
        attempts: How often it was offered to the function: more than once after throttles.
    """

    __slots__ = ("again", "attempts", "characters", "handles", "message_ids", "received_ns", "records")

    def __init__(self, records: list[Record], received_ns: int) -> None:
        self.records = records
        self.received_ns = received_ns
        self.attempts = 0
        self.characters = 0
        self.again = []
        # Kept apart: the records belong to the handler, which may change them.
        message_ids = []
        self.handles = []
        for record in records:
            message_ids.append(record["messageId"])
            self.handles.append(record["receiptHandle"])
            self.characters += len(record["body"])
            if record["attributes"]["ApproximateReceiveCount"] != "1":
                self.again.append(record["messageId"])
        self.message_ids = tuple(message_ids)


class Gathering:
    """Records gathered within a batching window.

    Args:
        batch_size: How many make it full.
        now_ns: When its first message was received.
    """

    def __init__(self, batch_size: int, now_ns: int) -> None:
        self.started_ns = now_ns
        self._batch_size = batch_size
        self._records: list[Record] = []
        self._bytes = _ENVELOPE_BYTES

    @property
    def room(self) -> int:
        return self._batch_size - len(self._records)

    def add(self, record: Record) -> bool:
        """False if it would exceed the payload: then the batch is full without it."""
        size = record_bytes(record)
        if self._records and self._bytes + size > PAYLOAD_BYTES_MAX:
            return False
        self._records.append(record)
        self._bytes += size
        return True

    def close(self) -> Batch:
        return Batch(self._records, self.started_ns)

    def __bool__(self) -> bool:
        return bool(self._records)


def surely_fit(records: list[Record]) -> bool:
    """Whether the records of one receive fit the payload by a bound that is cheap to see: the usual case."""
    characters = 0
    for record in records:
        if record["messageAttributes"]:
            return False
        characters += len(record["body"])
    return characters * _BYTES_A_CHARACTER_MAX < PAYLOAD_BYTES_MAX // 2


def split(records: list[Record]) -> Iterator[list[Record]]:
    """The records of one receive in parts that fit the payload: nearly always one."""
    part: list[Record] = []
    total = _ENVELOPE_BYTES
    for record in records:
        size = record_bytes(record)
        if part and total + size > PAYLOAD_BYTES_MAX:
            yield part
            part, total = [], _ENVELOPE_BYTES
        part.append(record)
        total += size
    yield part


def by_group(records: list[Record]) -> list[list[Record]]:
    """The records of one receive apart by message group, in order."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record["attributes"].get("MessageGroupId", ""), []).append(record)
    return list(groups.values())
