"""From a topic to its queues and functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs import _core, errors
from localsqs._service import ServiceError
from localsqs._warn import warn
from localsqs.sns import DeliveryWarning
from localsqs.sns.message import text_for
from localsqs.sns.queue_policy import allows_topic

if TYPE_CHECKING:
    from localsqs.engine import Engine
    from localsqs.sns.message import Message
    from localsqs.sns.subscription import Subscription

__all__ = ["Deliveries"]

_TRACE_HEADER = "AWSTraceHeader"


class Deliveries:
    """Delivers messages of the topics of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._clients: dict[tuple[str, str], Any] = {}
        self._warned: set[tuple[str, str]] = set()

    def deliver(self, message: Message) -> None:
        """To every subscription that wants it, in order of subscribing."""
        for subscription in list(message.topic.subscriptions):
            if subscription.pending:
                continue
            if subscription.wants(text_for(message.params, subscription.protocol), message.attributes):
                self._deliver_to(subscription, message)

    def _deliver_to(self, subscription: Subscription, message: Message) -> None:
        if subscription.protocol == "lambda":
            failure = self._invoke(subscription, message)
        else:
            failure = self._send(subscription, message, subscription.endpoint)
        dead_letter_queue = subscription.dead_letter_queue
        if failure is None:
            return
        if dead_letter_queue is None:
            self._warn(subscription, "lost", f"a message was lost: {failure}")
            return
        failure = self._send(subscription, message, dead_letter_queue)
        if failure is not None:
            self._warn(subscription, "lost", f"a message was lost, its dead-letter queue included: {failure}")

    def _warn(self, subscription: Subscription, about: str, text: str) -> None:
        if (subscription.arn, about) not in self._warned:
            self._warned.add((subscription.arn, about))
            warn(f"{subscription.topic.arn} to {subscription.endpoint}: {text}", DeliveryWarning)

    # --- Queues ------------------------------------------------------------------------------------------------------

    def _send(self, subscription: Subscription, message: Message, queue_arn: str) -> str | None:
        """Returns why it failed, or None."""
        _, _, _, region, account, name = queue_arn.split(":", 5)
        client = self._client(region, account)
        try:
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            denied = self._denied(client, url, queue_arn, subscription)
            if denied:
                return denied
            client.send_message(QueueUrl=url, **_queue_message(subscription, message, queue_arn))
        except errors.ClientError as error:
            return str(error)
        return None

    def _denied(self, client: Any, url: str, queue_arn: str, subscription: Subscription) -> str | None:
        answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        if allows_topic(answer.get("Attributes", {}).get("Policy"), queue_arn, subscription.topic.arn):
            return None
        why = f"the policy of the queue {queue_arn} does not let sns.amazonaws.com send to it"
        if self._engine._enforces:
            return why
        self._warn(subscription, "policy", f"{why}: on AWS the message would not arrive")
        return None

    def _client(self, region: str, account: str) -> Any:
        if (region, account) not in self._clients:
            self._clients[region, account] = _core.Client(self._engine._core, region, account, "")
        return self._clients[region, account]

    # --- Functions ---------------------------------------------------------------------------------------------------

    def _invoke(self, subscription: Subscription, message: Message) -> str | None:
        region = subscription.endpoint.split(":")[3]
        payload = json.dumps({"Records": [_record(subscription, message)]}).encode()
        params = {"FunctionName": subscription.endpoint, "InvocationType": "Event", "Payload": payload}
        try:
            self._engine._service("lambda").call("Invoke", params, region, subscription.topic.account)
        except ServiceError as error:
            return error.message
        return None


def _queue_message(subscription: Subscription, message: Message, queue_arn: str) -> dict[str, Any]:
    """The arguments of SendMessage."""
    sent: dict[str, Any] = {}
    attributes = dict(message.attributes)
    trace = attributes.pop(_TRACE_HEADER, None)
    if trace is not None:
        sent["MessageSystemAttributes"] = {_TRACE_HEADER: trace}
    if subscription.raw:
        sent["MessageBody"] = text_for(message.params, subscription.protocol)
        if attributes:
            sent["MessageAttributes"] = attributes
    else:
        sent["MessageBody"] = message.envelope_text(subscription)
    to_fifo = queue_arn.endswith(".fifo")
    if message.group_id and to_fifo == message.topic.fifo:
        sent["MessageGroupId"] = message.group_id
    if to_fifo:
        sent["MessageDeduplicationId"] = message.deduplication_id
    return sent


def _record(subscription: Subscription, message: Message) -> dict[str, Any]:
    """A record of the event that a function gets."""
    said = message.envelope(subscription)
    said["SigningCertUrl"], said["UnsubscribeUrl"] = said.pop("SigningCertURL"), said.pop("UnsubscribeURL")
    said.setdefault("Subject", None)
    said.setdefault("MessageAttributes", {})
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": said,
    }
