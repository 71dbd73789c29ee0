"""AWS::SQS::Queue, AWS::SQS::QueuePolicy, AWS::SQS::QueueInlinePolicy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from localsqs import errors
from localsqs.cloudformation.parameters import as_text
from localsqs.cloudformation.resources.base import Physical, ResourceType, World, gone_is_fine, physical_name
from localsqs.cloudformation.schema import TAGS, Schema, json_text, list_of, number, text, truth

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Queue", "QueueInlinePolicy", "QueuePolicy"]

_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")

# What a property is set to when an update takes it away. MaximumMessageSize: recorded, though a new queue has 1048576.
# SqsManagedSseEnabled is not reset.
_RESET = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "RedrivePolicy": "",
    "RedriveAllowPolicy": "",
    "KmsMasterKeyId": "",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "messageGroup",
    "FifoThroughputLimit": "perMessageGroupId",
}


class Queue(ResourceType):
    type_name = "AWS::SQS::Queue"
    attributes = ("Arn", "QueueName", "QueueUrl")
    schema: ClassVar[Schema] = {
        "QueueName": text(replaces=True),
        "FifoQueue": truth(replaces=True),
        "ContentBasedDeduplication": truth(),
        "DeduplicationScope": text(),
        "FifoThroughputLimit": text(),
        "DelaySeconds": number(0, 900),
        "MaximumMessageSize": number(1024, 1_048_576),
        "MessageRetentionPeriod": number(60, 1_209_600),
        "ReceiveMessageWaitTimeSeconds": number(0, 20),
        "VisibilityTimeout": number(0, 43_200),
        "RedrivePolicy": json_text(),
        "RedriveAllowPolicy": json_text(),
        "KmsMasterKeyId": text(),
        "KmsDataKeyReusePeriodSeconds": number(60, 86_400),
        "SqsManagedSseEnabled": truth(),
        "Tags": TAGS,
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        suffix = ".fifo" if properties.get("FifoQueue") else ""
        name = properties.get("QueueName") or physical_name(world, logical_id, generation, suffix=suffix)
        attributes = _attributes(properties)
        if attributes.get("FifoQueue") == "false":
            del attributes["FifoQueue"]  # As CloudFormation does: SQS itself refuses it.
        sqs = world.client("sqs")
        url = _url_of(sqs, name)
        is_adopted = url is not None
        if url is not None and not world.adopts:
            raise ValueError(f"Resource of type '{self.type_name}' with identifier '{name}' already exists.")
        if url is None:
            url = sqs.create_queue(QueueName=name, Attributes=attributes, tags=_tags(properties))["QueueUrl"]
        else:
            attributes.pop("FifoQueue", None)
            if attributes:
                sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
            if properties.get("Tags"):
                sqs.tag_queue(QueueUrl=url, Tags=_tags(properties))
        values = {"Arn": world.arn("sqs", name), "QueueName": name, "QueueUrl": url}
        return Physical(logical_id, self.type_name, url, values, properties, generation, is_adopted)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        sqs, url = world.client("sqs"), physical.physical_id
        old, new = _attributes(physical.properties), _attributes(properties)
        changed = {name: value for name, value in new.items() if old.get(name) != value and name != "FifoQueue"}
        changed |= {name: _RESET[name] for name in old if name not in new and name in _RESET}
        if changed.get("FifoThroughputLimit") == "perMessageGroupId":
            changed.setdefault("DeduplicationScope", "messageGroup")  # The one needs the other.
        if changed:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
        old_tags, tags = _tags(physical.properties), _tags(properties)
        if gone := [key for key in old_tags if key not in tags]:
            sqs.untag_queue(QueueUrl=url, TagKeys=gone)
        if tags and tags != old_tags:
            sqs.tag_queue(QueueUrl=url, Tags=tags)
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        gone_is_fine(world.client("sqs").delete_queue, *_NO_QUEUE, QueueUrl=physical.physical_id)


def _url_of(sqs: Any, name: str) -> str | None:
    """The URL of a queue that is there already."""
    try:
        url: str = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except errors.ClientError as error:
        if error.response["Error"]["Code"] not in _NO_QUEUE:
            raise
        return None
    return url


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    """The properties as attributes of CreateQueue."""
    return {name: as_text(value) for name, value in properties.items() if name not in ("QueueName", "Tags")}


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


class QueuePolicy(ResourceType):
    """Sets the attribute Policy of each of its queues, and empties it when it goes."""

    type_name = "AWS::SQS::QueuePolicy"
    attributes: tuple[str, ...] = ("Id",)
    schema: ClassVar[Schema] = {"PolicyDocument": json_text(required=True), "Queues": list_of(text(), required=True)}

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        self._set(world, self._queues(properties), properties["PolicyDocument"])
        identity = physical_name(world, logical_id, generation)
        return Physical(logical_id, self.type_name, identity, {"Id": identity}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        self._clear(world, [url for url in self._queues(physical.properties) if url not in self._queues(properties)])
        self._set(world, self._queues(properties), properties["PolicyDocument"])
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        self._clear(world, self._queues(physical.properties))

    def _queues(self, properties: Mapping[str, Any]) -> list[str]:
        queues: list[str] = properties["Queues"]
        return queues

    def _set(self, world: World, queues: list[str], policy: str) -> None:
        sqs = world.client("sqs")
        for url in queues:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def _clear(self, world: World, queues: list[str]) -> None:
        sqs = world.client("sqs")
        for url in queues:
            gone_is_fine(sqs.set_queue_attributes, *_NO_QUEUE, QueueUrl=url, Attributes={"Policy": ""})


class QueueInlinePolicy(QueuePolicy):
    """The policy of one queue, by its URL."""

    type_name = "AWS::SQS::QueueInlinePolicy"
    attributes = ()
    schema: ClassVar[Schema] = {"PolicyDocument": json_text(required=True), "Queue": text(required=True, replaces=True)}

    def _queues(self, properties: Mapping[str, Any]) -> list[str]:
        return [properties["Queue"]]
