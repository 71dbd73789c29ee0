"""A published message: its checks, and what it looks like at the other end (around.md 4.3, 4.5)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.clock import to_datetime
from localsqs.sns.faults import invalid

if TYPE_CHECKING:
    from localsqs.sns.subscription import Subscription
    from localsqs.sns.topic import Topic

__all__ = ["Message", "check_message", "deduplication_id", "message_bytes", "plain", "text_for"]

_SUBJECT_MAX = 100
_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$")


@dataclass(frozen=True)
class Message:
    """Attributes:
    params: What Publish was given, or the entry of a batch.
    sequence: Of a FIFO topic.
    deduplication_id: Of a FIFO topic: given, or made from the text.
    """

    topic: Topic
    params: dict[str, Any]
    id: str
    at_ns: int
    sequence: str | None = None
    deduplication_id: str | None = None

    @property
    def attributes(self) -> dict[str, dict[str, Any]]:
        return self.params.get("MessageAttributes") or {}

    @property
    def group_id(self) -> str | None:
        return self.params.get("MessageGroupId")

    def envelope(self, subscription: Subscription) -> dict[str, Any]:
        """What arrives where delivery is not raw, keys in AWS's order."""
        region = self.topic.region
        said: dict[str, Any] = {"Type": "Notification", "MessageId": self.id}
        if self.sequence is not None:
            said["SequenceNumber"] = self.sequence
        said["TopicArn"] = self.topic.arn
        if "Subject" in self.params:
            said["Subject"] = self.params["Subject"]
        said["Message"] = text_for(self.params, subscription.protocol)
        said["Timestamp"] = _iso(self.at_ns)
        base = f"https://sns.{region}.amazonaws.com/"
        if not self.topic.fifo:
            said["SignatureVersion"] = self.topic.attributes.get("SignatureVersion", "1")
            said["Signature"] = _signature(said)
            said["SigningCertURL"] = f"{base}SimpleNotificationService-{'0' * 32}.pem"
        said["UnsubscribeURL"] = f"{base}?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
        if self.attributes:
            said["MessageAttributes"] = {name: _shown(value) for name, value in self.attributes.items()}
        return said

    def envelope_text(self, subscription: Subscription) -> str:
        said = self.envelope(subscription)
        attributes = said.pop("MessageAttributes", None)
        lines = [f"  {_json(name)} : {_json(value)}" for name, value in said.items()]
        if attributes is not None:
            inner = ",\n".join(f"    {_json(name)} : {_json(value)}" for name, value in attributes.items())
            lines.append(f'  "MessageAttributes" : {{\n{inner}\n  }}')
        return "{\n" + ",\n".join(lines) + "\n}"


# AWS's own form, line by line: several times quicker than json.dumps with an indent.
_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def text_for(params: dict[str, Any], protocol: str) -> str:
    """The text for a protocol: with MessageStructure "json" each may have its own."""
    text: str = params["Message"]
    if params.get("MessageStructure") != "json":
        return text
    texts = json.loads(text)
    chosen: str = texts[protocol] if isinstance(texts.get(protocol), str) else texts["default"]
    return chosen


def deduplication_id(params: dict[str, Any]) -> str:
    """Given, or SHA-256 of the text."""
    given = params.get("MessageDeduplicationId")
    return str(given) if given else hashlib.sha256(params["Message"].encode()).hexdigest()


def _shown(attribute: dict[str, Any]) -> dict[str, str]:
    if "BinaryValue" in attribute and "StringValue" not in attribute:
        return {"Type": attribute["DataType"], "Value": base64.b64encode(_bytes(attribute["BinaryValue"])).decode()}
    return {"Type": attribute["DataType"], "Value": attribute["StringValue"]}


def plain(params: dict[str, Any]) -> dict[str, Any]:
    """The same for keeping: a copy, with what is read from a file as bytes."""
    attributes = params.get("MessageAttributes")
    if not attributes:
        return dict(params)
    kept = {
        name: {member: _bytes(v) if member == "BinaryValue" else v for member, v in attribute.items()}
        for name, attribute in attributes.items()
    }
    return {**params, "MessageAttributes": kept}


def _bytes(value: Any) -> bytes:
    if hasattr(value, "read"):
        value = value.read()
    return value.encode() if isinstance(value, str) else bytes(value)


def _signature(said: dict[str, Any]) -> str:
    """Looks like one, and differs between messages; nobody signed it."""
    lines = "".join(f"{name}\n{said[name]}\n" for name in sorted(said) if not name.startswith("Signature"))
    return base64.b64encode(hashlib.sha512(lines.encode()).digest() * 4).decode()


def _iso(at_ns: int) -> str:
    at = to_datetime(at_ns)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


# --- Checks ----------------------------------------------------------------------------------------------------------


def message_bytes(params: dict[str, Any]) -> int:
    """The text, and name, type and value of each attribute."""
    total = len(params["Message"].encode())
    for name, attribute in (params.get("MessageAttributes") or {}).items():
        value = attribute.get("StringValue", attribute.get("BinaryValue", ""))
        total += len(name.encode()) + len(attribute["DataType"].encode()) + len(_bytes(value))
    return total


def check_message(topic: Topic, params: dict[str, Any]) -> None:
    """InvalidParameter or ParameterValueInvalid unless it may be published."""
    if not params["Message"]:
        raise invalid("Empty message")
    subject = params.get("Subject")
    if subject is not None and (not subject or len(subject) > _SUBJECT_MAX or "\n" in subject):
        raise invalid("Subject")
    if params.get("MessageStructure") == "json":
        _check_structure(params["Message"])
    elif "MessageStructure" in params:
        raise invalid("MessageStructure")
    for name, attribute in (params.get("MessageAttributes") or {}).items():
        _check_attribute(name, attribute)
    if message_bytes(params) > topic.size_max:
        raise invalid("Message too long")
    _check_ids(topic, params)


def _check_structure(text: str) -> None:
    try:
        texts = json.loads(text)
    except ValueError:
        texts = None
    if not isinstance(texts, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(texts.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")


def _check_attribute(name: str, attribute: dict[str, Any]) -> None:
    kind = attribute["DataType"]
    if not _NAME.match(name) or name.lower().startswith(("aws.", "amazon.")):
        raise _bad(f"Invalid message attribute name '{name}'.")
    if not kind:
        raise _bad(f"The message attribute '{name}' must contain non-empty message attribute type.")
    if kind.split(".")[0] not in ("String", "Number", "Binary"):
        raise _bad(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    value = attribute.get("BinaryValue" if kind.startswith("Binary") else "StringValue")
    if not value:
        raise _bad(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{kind}'."
        )
    if kind.startswith("Number") and not _is_number(str(value)):
        raise _bad(f"Could not cast message attribute '{name}' value to number.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bad(text: str) -> ServiceError:
    return ServiceError("ParameterValueInvalid", text)


def _check_ids(topic: Topic, params: dict[str, Any]) -> None:
    if not topic.fifo:
        if "MessageDeduplicationId" in params:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
                "valid for this topic type"
            )
        return
    if not params.get("MessageGroupId"):
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if not params.get("MessageDeduplicationId") and not topic.content_based_deduplication:
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
