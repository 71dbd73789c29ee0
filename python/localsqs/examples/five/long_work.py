"""Work that takes longer than the queue's visibility timeout: ask for more time before it begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

MORE_TIME = 600  # Seconds from now, not from the receive.


def work_long(sqs: Any, queue_url: str, message: dict[str, Any], work_on: Callable[[dict[str, Any]], None]) -> None:
    """Works on a received message and deletes it."""
    sqs.change_message_visibility(
        QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=MORE_TIME
    )
    work_on(json.loads(message["Body"]))
    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
