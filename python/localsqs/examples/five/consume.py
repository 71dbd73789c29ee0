"""Receives up to ten messages, works on each, deletes what is done. What fails comes again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


def consume(sqs: Any, queue_url: str, work_on: Callable[[dict[str, Any]], None]) -> int:
    """One round. Returns how many messages were done."""
    response = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=20,  # Long polling.
        VisibilityTimeout=300,  # At least as long as the work on all ten.
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
    )
    done = 0
    for message in response.get("Messages", []):
        try:
            work_on(json.loads(message["Body"]))
        except Exception:
            receives = message["Attributes"]["ApproximateReceiveCount"]
            log.exception("message %s failed, receive number %s", message["MessageId"], receives)
            continue
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        done += 1
    return done
