"""A topic: name, attributes, policy, and what a FIFO topic remembers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localsqs._service import partition
from localsqs.sns.faults import invalid

if TYPE_CHECKING:
    from localsqs.sns.subscription import Subscription

__all__ = ["SETTABLE", "Topic", "check_attributes", "check_name"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}$")
_FIFO_SUFFIX = ".fifo"
_NAME_MAX = 256
_DEDUPLICATION_NS = 300 * 10**9
_SIZE_MAX = 262_144
_SIZE_LIMITS = (1024, 1_048_576)

_FEEDBACK = [
    f"{protocol}{kind}"
    for protocol in ("HTTP", "Firehose", "Lambda", "SQS", "Application")
    for kind in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
]
SETTABLE = frozenset(
    {
        *("ArchivePolicy", "ContentBasedDeduplication", "DeliveryPolicy", "DisplayName", "FifoThroughputScope"),
        *("KmsMasterKeyId", "MaximumMessageSize", "Policy", "SignatureVersion", "TracingConfig"),
        *_FEEDBACK,
    }
)
_OWNER_ACTIONS = (
    *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"),
    *("Subscribe", "ListSubscriptionsByTopic", "Publish"),
)
_DELIVERY_POLICY = {
    "http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 20,
            "maxDelayTarget": 20,
            "numRetries": 3,
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        },
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }
}


@dataclass
class Topic:
    """Attributes:
    attributes: Those that were set, by their AWS names.
    subscriptions: In order of subscribing.
    deleted_count: Subscriptions that are gone.
    """

    region: str
    account: str
    name: str
    attributes: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    deleted_count: int = 0
    sequence: int = 0
    _published: dict[tuple[str, str], tuple[int, str, str]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:sns:{self.region}:{self.account}:{self.name}"

    @property
    def fifo(self) -> bool:
        return self.name.endswith(_FIFO_SUFFIX)

    @property
    def content_based_deduplication(self) -> bool:
        return self.attributes.get("ContentBasedDeduplication") == "true"

    @property
    def size_max(self) -> int:
        return int(self.attributes.get("MaximumMessageSize", _SIZE_MAX))

    def describe(self) -> dict[str, str]:
        """As GetTopicAttributes has it."""
        pending = sum(subscription.pending for subscription in self.subscriptions)
        described = {
            "TopicArn": self.arn,
            "Owner": self.account,
            "DisplayName": "",
            "Policy": json.dumps(self.policy(), separators=(",", ":")),
            "EffectiveDeliveryPolicy": json.dumps(_DELIVERY_POLICY, separators=(",", ":")),
            "SubscriptionsConfirmed": str(len(self.subscriptions) - pending),
            "SubscriptionsPending": str(pending),
            "SubscriptionsDeleted": str(self.deleted_count),
        }
        if self.fifo:
            described |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
        return described | self.attributes

    # --- Policy ------------------------------------------------------------------------------------------------------

    def policy(self) -> dict[str, Any]:
        """What was set, else AWS's default: the owner may do everything."""
        if "Policy" in self.attributes:
            policy: dict[str, Any] = json.loads(self.attributes["Policy"])
            return policy
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in _OWNER_ACTIONS],
            "Resource": self.arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": self.account}},
        }
        return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}

    def add_permission(self, label: str, accounts: list[str], actions: list[str]) -> None:
        policy = self.policy()
        if any(statement.get("Sid") == label for statement in policy["Statement"]):
            raise invalid("Statement already exists")
        for action in actions:
            if action not in _OWNER_ACTIONS and action not in ("*", "Receive"):
                raise invalid("Policy statement action out of service scope!")
        principals = [f"arn:{partition(self.region)}:iam::{account}:root" for account in accounts]
        names = [f"SNS:{action}" for action in actions]
        policy["Statement"].append(
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
                "Action": names[0] if len(names) == 1 else names,
                "Resource": self.arn,
            }
        )
        self.attributes["Policy"] = json.dumps(policy, separators=(",", ":"))

    def remove_permission(self, label: str) -> None:
        policy = self.policy()
        policy["Statement"] = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
        self.attributes["Policy"] = json.dumps(policy, separators=(",", ":"))

    # --- FIFO --------------------------------------------------------------------------------------------------------

    def next_sequence(self) -> str:
        """The topic's next sequence number, 20 digits."""
        self.sequence += 1
        return str(10**19 + self.sequence * 1000)

    def duplicate(self, group: str, deduplication_id: str, now_ns: int) -> tuple[str, str] | None:
        """Message id and sequence number of the publish of the last five minutes that this one repeats."""
        # In order of time, so the old ones come first.
        while self._published:
            key = next(iter(self._published))
            if self._published[key][0] + _DEDUPLICATION_NS > now_ns:
                break
            del self._published[key]
        found = self._published.get(self._key(group, deduplication_id))
        return None if found is None else found[1:]

    def remember(self, group: str, deduplication_id: str, now_ns: int, message_id: str, sequence: str) -> None:
        self._published[self._key(group, deduplication_id)] = (now_ns, message_id, sequence)

    def _key(self, group: str, deduplication_id: str) -> tuple[str, str]:
        scope = self.attributes.get("FifoThroughputScope", "Topic")
        return (group if scope == "MessageGroup" else "", deduplication_id)


def check_name(name: str, attributes: dict[str, str]) -> None:
    """InvalidParameter unless it is a topic's name that fits the attribute FifoTopic."""
    fifo = attributes.get("FifoTopic") == "true"
    stem = name.removesuffix(_FIFO_SUFFIX) if fifo else name
    if fifo != name.endswith(_FIFO_SUFFIX) or not _NAME.match(stem) or len(name) > _NAME_MAX:
        raise invalid("Topic Name")


def check_attributes(attributes: dict[str, str], fifo: bool, prefix: str) -> None:
    """InvalidParameter for a name or a value that is none. `prefix` comes first in texts about values."""
    for name, value in attributes.items():
        if name not in SETTABLE:
            raise invalid("AttributeName")
        if name in ("ContentBasedDeduplication", "FifoThroughputScope") and not fifo:
            raise invalid(f"{prefix}{name}: only FIFO topics have it" if prefix else "AttributeName")
        _check_value(name, value, prefix)


_CHOICES = {
    "ContentBasedDeduplication": ("true", "false"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("Active", "PassThrough"),
}


def _check_value(name: str, value: str, prefix: str) -> None:
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise invalid(f"{prefix}{name}: Invalid value [{value}]. Must be {' or '.join(choices)}.")
    if name == "MaximumMessageSize":
        low, high = _SIZE_LIMITS
        if not value.isdigit() or not low <= int(value) <= high:
            raise invalid(f"{prefix}{name}: Invalid value [{value}]. Must be from {low} to {high}.")
    if name in ("Policy", "DeliveryPolicy") and value:
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict) or (name == "Policy" and "Statement" not in parsed):
            what = "Policy Error: null" if name == "Policy" else f"{name}: failed to parse JSON."
            raise invalid(f"{prefix}{what}" if prefix else what)
