"""CreateTopic, DeleteTopic, their attributes, permissions and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.sns.faults import arn_parts, invalid, not_found
from localsqs.sns.topic import Topic, check_attributes, check_name

if TYPE_CHECKING:
    from localsqs.engine import Engine

__all__ = ["Topics", "page"]

_PAGE = 100
_FIFO_TOPIC = "FifoTopic"


class Topics:
    """The part of the service that is about topics."""

    engine: Engine
    topics: dict[str, Topic]

    def topic(self, arn: str, parameter: str = "TopicArn") -> Topic:
        """The topic of an ARN. NotFound if there is none."""
        arn_parts(arn, parameter)
        found = self.topics.get(arn)
        if found is None:
            raise not_found("Topic")
        return found

    def create_topic(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        attributes = dict(params.get("Attributes") or {})
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or []}
        check_name(params["Name"], attributes)
        fifo = attributes.pop(_FIFO_TOPIC, "false") == "true"
        check_attributes(attributes, fifo, "Attributes Reason: ")
        topic = Topic(region, account, params["Name"], attributes, tags)
        known = self.topics.setdefault(topic.arn, topic)
        if known is not topic:
            _check_same(known, topic, with_tags="Tags" in params)
        return {"TopicArn": topic.arn}

    def delete_topic(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        arn_parts(params["TopicArn"], "TopicArn")
        self.topics.pop(params["TopicArn"], None)
        return {}

    def get_topic_attributes(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"Attributes": self.topic(params["TopicArn"]).describe()}

    def set_topic_attributes(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        topic = self.topic(params["TopicArn"])
        name, value = params["AttributeName"], params.get("AttributeValue", "")
        check_attributes({name: value}, topic.fifo, "")
        if value:
            topic.attributes[name] = value
        else:
            topic.attributes.pop(name, None)
        return {}

    def list_topics(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        arns = sorted(t.arn for t in self.topics.values() if (t.region, t.account) == (region, account))
        return page("Topics", [{"TopicArn": arn} for arn in arns], params, _PAGE)

    def add_permission(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self.topic(params["TopicArn"]).add_permission(params["Label"], params["AWSAccountId"], params["ActionName"])
        return {}

    def remove_permission(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self.topic(params["TopicArn"]).remove_permission(params["Label"])
        return {}

    # --- Tags --------------------------------------------------------------------------------------------------------

    def tag_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tagged(params)
        added = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        if len(tags | added) > 50:
            raise ServiceError("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
        tags.update(added)
        return {}

    def untag_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tagged(params)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tagged(params).items()]}

    def _tagged(self, params: dict[str, Any]) -> dict[str, str]:
        topic = self.topics.get(params["ResourceArn"])
        if topic is None:
            raise ServiceError("ResourceNotFound", "Resource does not exist")
        return topic.tags


def _check_same(known: Topic, wanted: Topic, with_tags: bool) -> None:
    """Creating again is fine with the same attributes, or fewer."""
    for name, value in wanted.attributes.items():
        if known.describe().get(name) != value:
            raise invalid("Attributes Reason: Topic already exists with different attributes")
    if with_tags and known.tags != wanted.tags:
        raise invalid("Tags Reason: Topic already exists with different tags")


def page(key: str, items: list[Any], params: dict[str, Any], size: int) -> dict[str, Any]:
    """A page of a list, from where the token says."""
    token = params.get("NextToken") or "0"
    if not token.isdigit():
        raise invalid("NextToken")
    start = int(token)
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["NextToken"] = str(start + size)
    return answer
