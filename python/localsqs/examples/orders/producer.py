"""The producer: one sales channel that sends its orders ten at a time, since a batch of ten costs one request.

`sqs` is a client of boto3 or of localsqs; this module cannot tell.
"""

from __future__ import annotations

import json
from typing import Any

Order = dict[str, Any]

BATCH_SIZE = 10  # The most that SendMessageBatch takes.


class Producer:
    """Collects the orders of one channel and sends each ten of them in one call."""

    def __init__(self, sqs: Any, queue_url: str, channel: str) -> None:
        self.sqs = sqs
        self.queue_url = queue_url
        self.channel = channel
        self.sent_count = 0
        self._outbox: list[Order] = []

    def add(self, order: Order) -> None:
        self._outbox.append(order)
        if len(self._outbox) == BATCH_SIZE:
            self.flush()

    def flush(self) -> None:
        """Sends what is in the outbox. An entry that SQS refuses stays there for the next try."""
        if not self._outbox:
            return
        answer = self.sqs.send_message_batch(
            QueueUrl=self.queue_url,
            Entries=[
                {
                    "Id": str(number),
                    "MessageBody": json.dumps(order, ensure_ascii=False),
                    "MessageAttributes": {"channel": {"DataType": "String", "StringValue": self.channel}},
                }
                for number, order in enumerate(self._outbox)
            ],
        )
        # A batch call succeeds as a whole even if entries of it failed: look at both lists.
        refused = {int(entry["Id"]) for entry in answer.get("Failed", [])}
        self.sent_count += len(answer.get("Successful", []))
        self._outbox = [self._outbox[number] for number in sorted(refused)]
