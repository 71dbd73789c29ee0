"""AWS::SNS::Topic, AWS::SNS::Subscription, AWS::SNS::TopicPolicy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from localsqs.cloudformation.parameters import as_text
from localsqs.cloudformation.resources.base import Physical, ResourceType, World, gone_is_fine, physical_name
from localsqs.cloudformation.schema import TAGS, Schema, ignored, json_text, list_of, object_of, text, truth

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Subscription", "Topic", "TopicPolicy"]

_NOT_FOUND = ("NotFound", "NotFoundException")


class Topic(ResourceType):
    type_name = "AWS::SNS::Topic"
    attributes = ("TopicArn", "TopicName")
    schema: ClassVar[Schema] = {
        "TopicName": text(replaces=True),
        "FifoTopic": truth(replaces=True),
        "ContentBasedDeduplication": truth(),
        "FifoThroughputScope": text(),
        "DisplayName": text(),
        "KmsMasterKeyId": text(),
        "SignatureVersion": text(),
        "Subscription": list_of(object_of({"Endpoint": text(required=True), "Protocol": text(required=True)})),
        "Tags": TAGS,
        "ArchivePolicy": ignored(),
        "DataProtectionPolicy": ignored(),
        "DeliveryStatusLogging": ignored(),
        "TracingConfig": ignored(),
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        suffix = ".fifo" if properties.get("FifoTopic") else ""
        name = properties.get("TopicName") or physical_name(world, logical_id, generation, longest=256, suffix=suffix)
        attributes = _attributes(_TOPIC_ATTRIBUTES, properties)
        if properties.get("FifoTopic"):
            attributes["FifoTopic"] = "true"
        sns = world.client("sns")
        arn = sns.create_topic(Name=name, Attributes=attributes, Tags=properties.get("Tags", []))["TopicArn"]
        for each in properties.get("Subscription", []):
            sns.subscribe(TopicArn=arn, Protocol=each["Protocol"], Endpoint=each["Endpoint"])
        return Physical(logical_id, self.type_name, arn, {"TopicArn": arn, "TopicName": name}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        sns, arn = world.client("sns"), physical.physical_id
        old, new = _attributes(_TOPIC_ATTRIBUTES, physical.properties), _attributes(_TOPIC_ATTRIBUTES, properties)
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=new.get(name, ""))
        self._update_subscriptions(sns, physical, properties)
        old_tags, tags = physical.properties.get("Tags", []), properties.get("Tags", [])
        kept = [tag["Key"] for tag in tags]
        if gone := [tag["Key"] for tag in old_tags if tag["Key"] not in kept]:
            sns.untag_resource(ResourceArn=arn, TagKeys=gone)
        if tags and tags != old_tags:
            sns.tag_resource(ResourceArn=arn, Tags=tags)
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        gone_is_fine(world.client("sns").delete_topic, *_NOT_FOUND, TopicArn=physical.physical_id)

    def _update_subscriptions(self, sns: Any, physical: Physical, properties: Mapping[str, Any]) -> None:
        wanted = properties.get("Subscription", [])
        gone = [each for each in physical.properties.get("Subscription", []) if each not in wanted]
        for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=physical.physical_id):
            for each in page["Subscriptions"]:
                if {"Endpoint": each["Endpoint"], "Protocol": each["Protocol"]} in gone:
                    sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
        for each in wanted:
            sns.subscribe(TopicArn=physical.physical_id, Protocol=each["Protocol"], Endpoint=each["Endpoint"])


_TOPIC_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "DisplayName",
    "KmsMasterKeyId",
    "SignatureVersion",
)


def _attributes(names: tuple[str, ...], properties: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that are given, in the order of the names."""
    return {name: as_text(properties[name]) for name in names if name in properties}


class Subscription(ResourceType):
    type_name = "AWS::SNS::Subscription"
    attributes = ("Arn",)
    schema: ClassVar[Schema] = {
        "TopicArn": text(required=True, replaces=True),
        "Protocol": text(required=True, replaces=True),
        "Endpoint": text(replaces=True),
        "FilterPolicy": json_text(),
        "FilterPolicyScope": text(),
        "RawMessageDelivery": truth(),
        "RedrivePolicy": json_text(),
        "DeliveryPolicy": json_text(),
        "ReplayPolicy": json_text(),
        "Region": text(),
        "SubscriptionRoleArn": text(),
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        arguments = {name: properties[name] for name in ("TopicArn", "Protocol", "Endpoint") if name in properties}
        attributes = _attributes(_SUBSCRIPTION_ATTRIBUTES, properties)
        arn = world.client("sns").subscribe(**arguments, Attributes=attributes, ReturnSubscriptionArn=True)
        arn = arn["SubscriptionArn"]
        return Physical(logical_id, self.type_name, arn, {"Arn": arn}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        sns = world.client("sns")
        old, new = (
            _attributes(_SUBSCRIPTION_ATTRIBUTES, physical.properties),
            _attributes(_SUBSCRIPTION_ATTRIBUTES, properties),
        )
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                sns.set_subscription_attributes(
                    SubscriptionArn=physical.physical_id,
                    AttributeName=name,
                    AttributeValue=new.get(name, _SUBSCRIPTION_RESET.get(name, "")),
                )
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        gone_is_fine(world.client("sns").unsubscribe, *_NOT_FOUND, SubscriptionArn=physical.physical_id)


# The scope first: it says how the policy is read.
_SUBSCRIPTION_ATTRIBUTES = (
    "FilterPolicyScope",
    "FilterPolicy",
    "RawMessageDelivery",
    "RedrivePolicy",
    "DeliveryPolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
)
# What an attribute is set to when its property goes.
_SUBSCRIPTION_RESET = {"RawMessageDelivery": "false", "FilterPolicy": "{}", "FilterPolicyScope": "MessageAttributes"}


class TopicPolicy(ResourceType):
    """Sets the attribute Policy of each of its topics. AWS puts back the default policy when it goes."""

    type_name = "AWS::SNS::TopicPolicy"
    attributes = ("Id",)
    schema: ClassVar[Schema] = {
        "PolicyDocument": json_text(required=True),
        "Topics": list_of(text(), required=True),
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        self._set(world, properties)
        identity = physical_name(world, logical_id, generation)
        return Physical(logical_id, self.type_name, identity, {"Id": identity}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        self._set(world, properties)
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        """The topics keep the policy; as a rule they are deleted with it."""

    def _set(self, world: World, properties: Mapping[str, Any]) -> None:
        sns = world.client("sns")
        for arn in properties["Topics"]:
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=properties["PolicyDocument"])
