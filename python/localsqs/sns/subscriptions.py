"""Subscribe, Unsubscribe, and what else there is about subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localsqs._warn import warn
from localsqs.sns import DeliveryWarning
from localsqs.sns.faults import arn_parts, invalid, not_found
from localsqs.sns.subscription import PENDING, Subscription, check_attribute, check_endpoint
from localsqs.sns.topics import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.sns.topic import Topic

__all__ = ["Subscriptions"]

_PAGE = 100


class Subscriptions:
    """The part of the service that is about subscriptions."""

    topics: dict[str, Topic]
    if TYPE_CHECKING:
        topic: Callable[..., Topic]
        new_uuid: Callable[[], str]

    def subscription(self, arn: str) -> Subscription:
        """The subscription of an ARN. NotFound if there is none."""
        arn_parts(arn, "SubscriptionArn")
        found = self._find(arn)
        if found is None:
            raise not_found("Subscription")
        return found

    def _find(self, arn: str) -> Subscription | None:
        topic = self.topics.get(arn.rpartition(":")[0])
        return next((s for s in topic.subscriptions if s.arn == arn), None) if topic else None

    def subscribe(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        topic = self.topic(params["TopicArn"])
        protocol, endpoint = params["Protocol"], params.get("Endpoint", "")
        attributes = dict(params.get("Attributes") or {})
        check_endpoint(topic, protocol, endpoint)
        for name in attributes:
            check_attribute(topic, attributes, name, "Attributes Reason: ")
        known = next((s for s in topic.subscriptions if (s.protocol, s.endpoint) == (protocol, endpoint)), None)
        if known is not None:
            return _answer(_same(known, attributes), params)
        subscription = Subscription(topic, f"{topic.arn}:{self.new_uuid()}", protocol, endpoint, account, attributes)
        if protocol in PENDING:
            subscription.pending = True
            text = (
                f"localsqs delivers to queues and functions only: the subscription {protocol} {endpoint} stays pending"
            )
            warn(text, DeliveryWarning)
        topic.subscriptions.append(subscription)
        return _answer(subscription, params)

    def confirm_subscription(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self.topic(params["TopicArn"])
        raise invalid("Token")

    def unsubscribe(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        arn = params["SubscriptionArn"]
        arn_parts(arn, "SubscriptionArn")
        found = self._find(arn)
        if found is not None:
            found.topic.subscriptions.remove(found)
            found.topic.deleted_count += 1
        return {}

    def get_subscription_attributes(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"Attributes": self.subscription(params["SubscriptionArn"]).describe()}

    def set_subscription_attributes(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        subscription = self.subscription(params["SubscriptionArn"])
        name, value = params["AttributeName"], params.get("AttributeValue", "")
        changed = {**subscription.attributes, name: value}
        check_attribute(subscription.topic, changed, name, "")
        subscription.attributes = changed
        return {}

    def list_subscriptions(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        topics = [t for t in self.topics.values() if (t.region, t.account) == (region, account)]
        found = [subscription.summary() for topic in topics for subscription in topic.subscriptions]
        return page("Subscriptions", found, params, _PAGE)

    def list_subscriptions_by_topic(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        topic = self.topic(params["TopicArn"])
        return page("Subscriptions", [s.summary() for s in topic.subscriptions], params, _PAGE)


def _same(known: Subscription, attributes: dict[str, str]) -> Subscription:
    if any(known.describe().get(name) != value for name, value in attributes.items()):
        raise invalid("Attributes Reason: Subscription already exists with different attributes")
    return known


def _answer(subscription: Subscription, params: dict[str, Any]) -> dict[str, Any]:
    if subscription.pending and not params.get("ReturnSubscriptionArn"):
        return {"SubscriptionArn": "pending confirmation"}
    return {"SubscriptionArn": subscription.arn}
