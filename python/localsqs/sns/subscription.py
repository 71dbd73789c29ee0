"""A subscription: who gets the messages of a topic, which ones, and in which form."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from localsqs.sns.faults import invalid
from localsqs.sns.filter_policy import FilterPolicy, FilterPolicyError
from localsqs.sns.topic import Topic

__all__ = ["DELIVERED", "PENDING", "Subscription", "check_attribute", "check_endpoint"]

# Protocols that are delivered here, and those that wait for a confirmation that never comes.
DELIVERED = ("sqs", "lambda")
PENDING = ("application", "email", "email-json", "firehose", "http", "https", "sms")

_SCOPES = ("MessageBody", "MessageAttributes")
_JSON_ATTRIBUTES = ("DeliveryPolicy", "ReplayPolicy")
_SETTABLE = (
    *("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"),
    *("SubscriptionRoleArn", "ReplayPolicy"),
)


@dataclass
class Subscription:
    """Attributes:
    attributes: Those that were set, by their AWS names.
    pending: Waits for a confirmation.
    """

    topic: Topic
    arn: str
    protocol: str
    endpoint: str
    owner: str
    attributes: dict[str, str] = field(default_factory=dict)
    pending: bool = False
    _filter: tuple[str, str, FilterPolicy] | None = None

    @property
    def raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery", "false").lower() == "true"

    @property
    def dead_letter_queue(self) -> str | None:
        """The ARN in its redrive policy."""
        text = self.attributes.get("RedrivePolicy")
        return json.loads(text)["deadLetterTargetArn"] if text else None

    @property
    def filter_scope(self) -> str:
        return self.attributes.get("FilterPolicyScope", "MessageAttributes")

    def wants(self, text: str, attributes: dict[str, dict[str, Any]]) -> bool:
        """Whether its filter policy, if it has one, lets a message pass."""
        policy = self.attributes.get("FilterPolicy")
        if not policy:
            return True
        if self._filter is None or self._filter[:2] != (policy, self.filter_scope):
            self._filter = (policy, self.filter_scope, FilterPolicy(policy, self.filter_scope))
        return self._filter[2].matches(text, attributes)

    def describe(self) -> dict[str, str]:
        """As GetSubscriptionAttributes has it."""
        described = {
            "SubscriptionArn": self.arn,
            "TopicArn": self.topic.arn,
            "Protocol": self.protocol,
            "Endpoint": self.endpoint,
            "Owner": self.owner,
            "SubscriptionPrincipal": f"arn:aws:iam::{self.owner}:root",
            "ConfirmationWasAuthenticated": "false" if self.pending else "true",
            "PendingConfirmation": "true" if self.pending else "false",
            "RawMessageDelivery": "false",
        }
        described |= {name: value for name, value in self.attributes.items() if value}
        if "FilterPolicy" in described:
            described["FilterPolicyScope"] = self.filter_scope
        else:
            described.pop("FilterPolicyScope", None)
        described["RawMessageDelivery"] = described["RawMessageDelivery"].lower()
        return described

    def summary(self) -> dict[str, str]:
        """As the lists have it."""
        return {
            "SubscriptionArn": "PendingConfirmation" if self.pending else self.arn,
            "Owner": self.owner,
            "Protocol": self.protocol,
            "Endpoint": self.endpoint,
            "TopicArn": self.topic.arn,
        }


# --- Checks ----------------------------------------------------------------------------------------------------------


def check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """InvalidParameter unless the protocol exists, the endpoint is one of it, and it suits the topic."""
    if protocol not in (*DELIVERED, *PENDING):
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol in DELIVERED:
        what = "SQS endpoint ARN" if protocol == "sqs" else "Lambda endpoint ARN"
        parts = endpoint.split(":")
        if len(parts) < 6 or parts[0] != "arn" or parts[2] != protocol:
            raise invalid(what)
    if topic.fifo and protocol != "sqs":
        raise invalid(f"Invalid parameter: Endpoint Reason: FIFO SNS topics deliver to SQS queues only, not {protocol}")
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.fifo:
        raise invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )


def check_attribute(topic: Topic, attributes: dict[str, str], name: str, prefix: str) -> None:
    """InvalidParameter unless the attribute `name` of these is one, and its value is right.

    Args:
        attributes: All of them; the scope says how to read the filter policy.
        prefix: Comes first in the texts: "Attributes Reason: " in Subscribe.
    """
    value = attributes[name]
    if name not in _SETTABLE:
        raise invalid(f"{prefix}AttributeName" if not prefix else f"{prefix}Unknown attribute {name}")
    if name == "RawMessageDelivery" and value.lower() not in ("true", "false"):
        raise invalid(f"{prefix}RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if name == "FilterPolicyScope":
        if value not in _SCOPES:
            raise invalid(
                f"{prefix}FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or "
                "MessageAttributes"
            )
        _check_filter(attributes, prefix)
    if name == "FilterPolicy":
        _check_filter(attributes, prefix)
    if name == "RedrivePolicy" and value:
        _check_redrive(topic, value, prefix)
    if name in _JSON_ATTRIBUTES and value:
        _parsed(name, value, prefix)


def _check_filter(attributes: dict[str, str], prefix: str) -> None:
    policy = attributes.get("FilterPolicy")
    if not policy:
        return
    try:
        FilterPolicy(policy, attributes.get("FilterPolicyScope", "MessageAttributes"))
    except FilterPolicyError as error:
        raise invalid(f"{prefix}FilterPolicy: {error}") from None


def _check_redrive(topic: Topic, value: str, prefix: str) -> None:
    policy = _parsed("RedrivePolicy", value, prefix)
    target = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    if not isinstance(target, str) or len(target.split(":")) < 6 or target.split(":")[2] != "sqs":
        raise invalid(f"{prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if topic.fifo and not target.endswith(".fifo"):
        raise invalid(f"{prefix}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")


def _parsed(name: str, value: str, prefix: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise invalid(f"{prefix}{name}: failed to parse JSON.") from None
