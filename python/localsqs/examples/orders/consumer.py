"""A consumer without Lambda: receives ten orders at a time, works on each, deletes what is done.

`sqs` is a client of boto3 or of localsqs; this module cannot tell. Three things can happen to a message:

* The work succeeds: delete it. Until that call it is still the queue's, and will come again.
* The work fails and will pass if tried later (`TryAgainLater`): ask for more time, and leave it.
* The work fails and nobody knows why: leave it. It comes back when its visibility timeout ends. A message received
  three times (`maxReceiveCount`) without being deleted goes to the dead-letter queue, where somebody looks at it.

Work that takes longer than the visibility timeout calls `keep_hold()` now and then. Otherwise the messages in hand
would become visible again, and another consumer would do the same work a second time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from .shop import TryAgainLater

Order = dict[str, Any]
Message = dict[str, Any]

VISIBILITY_TIMEOUT = 300  # Seconds. Ten orders take about ten seconds, so five minutes leave room.

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # Quiet unless the program that uses it sets up logging.


# Does the work for one order, which is received for the nth time. Raises if that fails; calls its third argument when
# the work takes long.
Handler = Callable[[Order, int, Callable[[], None]], None]


def consume(sqs: Any, queue_url: str, handle: Handler, closing_time: Callable[[], bool]) -> None:
    """Works until the queue has nothing to give and it is `closing_time()`. A service would go on for ever."""
    while True:
        if poll(sqs, queue_url, handle) == 0 and closing_time():
            return


def poll(sqs: Any, queue_url: str, handle: Handler) -> int:
    """Receives once and works on what came. Returns the number of messages."""
    answer = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=20,  # Long polling: an empty queue costs three requests a minute, not hundreds.
        VisibilityTimeout=VISIBILITY_TIMEOUT,
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
        MessageAttributeNames=["channel"],
    )
    messages = answer.get("Messages", [])  # Absent, not empty, when nothing came.
    for number, message in enumerate(messages):
        in_hand = messages[number:]  # This one, and those that wait for their turn.
        work_on(sqs, queue_url, message, handle, keep_hold=partial(extend, sqs, queue_url, in_hand))
    return len(messages)


def work_on(sqs: Any, queue_url: str, message: Message, handle: Handler, keep_hold: Callable[[], None]) -> None:
    """Works on one message, and deletes it if that went well."""
    receipt_handle = message["ReceiptHandle"]
    receive_count = int(message["Attributes"]["ApproximateReceiveCount"])
    try:
        handle(json.loads(message["Body"]), receive_count, keep_hold)
    except TryAgainLater as trouble:
        log.info("message %s again in %d s: %s", message["MessageId"], trouble.seconds, trouble)
        sqs.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=trouble.seconds
        )
    except Exception:
        log.exception("message %s failed, receive number %d", message["MessageId"], receive_count)
    else:
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=receipt_handle)


def extend(sqs: Any, queue_url: str, messages: list[Message]) -> None:
    """Gives every message in hand a fresh visibility timeout, counted from now."""
    sqs.change_message_visibility_batch(
        QueueUrl=queue_url,
        Entries=[
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": VISIBILITY_TIMEOUT}
            for number, message in enumerate(messages)
        ],
    )
