"""Topics and subscriptions: names, attributes, policies, tags, pages, error texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from service_models import differences, error_differences, page_differences

from localsqs import errors
from localsqs.sns import DeliveryWarning
from localsqs.sns.model import MODEL

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:orders"
TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:news"


@pytest.fixture
def sns(engine):
    return engine.client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def fifo_topic(sns):
    return sns.create_topic(Name="news.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]


def refused(call: Any, **params: Any) -> tuple[str, str]:
    """Code and text of the error that a call must end in."""
    with pytest.raises(errors.ClientError) as raised:
        call(**params)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def invalid(text: str) -> tuple[str, str]:
    return "InvalidParameter", f"Invalid parameter: {text}"


def test_operations_take_what_botocores_model_says():
    assert differences(MODEL) == []
    assert error_differences(MODEL) == []
    assert page_differences(MODEL) == []


# --- Topics -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "A-b_9", "x" * 256])
def test_names_of_topics(sns, name):
    assert sns.create_topic(Name=name)["TopicArn"] == f"arn:aws:sns:us-east-1:000000000000:{name}"


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("", {}),
        ("a b", {}),
        ("a.b", {}),
        ("x" * 257, {}),
        ("a.fifo", {}),
        ("a", {"FifoTopic": "true"}),
        (".fifo", {"FifoTopic": "true"}),
        ("a.fifo", {"FifoTopic": "false"}),
    ],
)
def test_no_names_of_topics(sns, name, attributes):
    assert refused(sns.create_topic, Name=name, Attributes=attributes) == invalid("Topic Name")


def test_creating_again(sns, topic):
    assert sns.create_topic(Name="news")["TopicArn"] == topic
    assert refused(sns.create_topic, Name="news", Attributes={"DisplayName": "x"}) == invalid(
        "Attributes Reason: Topic already exists with different attributes"
    )
    assert refused(sns.create_topic, Name="news", Tags=[{"Key": "a", "Value": "b"}]) == invalid(
        "Tags Reason: Topic already exists with different tags"
    )


def test_attributes_of_a_topic(sns, topic):
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    policy = json.loads(attributes.pop("Policy"))
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": "000000000000"}}
    assert "http" in json.loads(attributes.pop("EffectiveDeliveryPolicy"))
    assert attributes == {
        "TopicArn": TOPIC_ARN,
        "Owner": "000000000000",
        "DisplayName": "",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsPending": "0",
        "SubscriptionsDeleted": "0",
    }
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="News")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["DisplayName"], attributes["SignatureVersion"]) == ("News", "2")


def test_attributes_of_a_fifo_topic(sns, fifo_topic):
    attributes = sns.get_topic_attributes(TopicArn=fifo_topic)["Attributes"]
    assert (attributes["FifoTopic"], attributes["ContentBasedDeduplication"]) == ("true", "false")
    name = "ContentBasedDeduplication"
    sns.set_topic_attributes(TopicArn=fifo_topic, AttributeName=name, AttributeValue="true")
    assert sns.get_topic_attributes(TopicArn=fifo_topic)["Attributes"][name] == "true"


@pytest.mark.parametrize("name", ["FifoTopic", "Colour", "ContentBasedDeduplication"])
def test_attributes_that_cannot_be_set(sns, topic, name):
    params = {"TopicArn": topic, "AttributeName": name, "AttributeValue": "true"}
    assert refused(sns.set_topic_attributes, **params) == invalid("AttributeName")


def test_missing_topics(sns):
    assert refused(sns.get_topic_attributes, TopicArn=TOPIC_ARN) == ("NotFound", "Topic does not exist")
    with pytest.raises(sns.exceptions.NotFoundException) as raised:
        sns.publish(TopicArn=TOPIC_ARN, Message="a")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    text = "TopicArn Reason: An ARN must have at least 6 elements, not 1"
    assert refused(sns.publish, TopicArn="news", Message="a") == invalid(text)
    sns.delete_topic(TopicArn=TOPIC_ARN)


def test_listing_topics(engine, sns):
    for number in range(101):
        sns.create_topic(Name=f"t{number:03}")
    pages = list(sns.get_paginator("list_topics").paginate())
    assert [len(page["Topics"]) for page in pages] == [100, 1]
    sns.delete_topic(TopicArn=pages[0]["Topics"][0]["TopicArn"])
    assert "NextToken" not in sns.list_topics()
    assert engine.client("sns", region_name="eu-west-1").list_topics()["Topics"] == []


def test_permissions_of_a_topic(sns, topic):
    params = {"TopicArn": topic, "Label": "them", "AWSAccountId": ["111122223333"], "ActionName": ["Publish"]}
    sns.add_permission(**params)
    statement = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"][1]
    assert statement == {
        "Sid": "them",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    assert refused(sns.add_permission, **params) == invalid("Statement already exists")
    bad = {**params, "Label": "x", "ActionName": ["Fly"]}
    assert refused(sns.add_permission, **bad) == invalid("Policy statement action out of service scope!")
    sns.remove_permission(TopicArn=topic, Label="them")
    assert len(json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"]) == 1


def test_tags(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a", "z"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refused(sns.list_tags_for_resource, ResourceArn=topic + "x")[0] == "ResourceNotFound"


# --- Subscriptions ----------------------------------------------------------------------------------------------------


def test_a_subscription(sns, topic):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN)["SubscriptionArn"]
    assert arn.startswith(topic + ":")
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes == {
        "SubscriptionArn": arn,
        "TopicArn": topic,
        "Protocol": "sqs",
        "Endpoint": QUEUE_ARN,
        "Owner": "000000000000",
        "SubscriptionPrincipal": "arn:aws:iam::000000000000:root",
        "ConfirmationWasAuthenticated": "true",
        "PendingConfirmation": "false",
        "RawMessageDelivery": "false",
    }
    listed = {key: attributes[key] for key in ("SubscriptionArn", "Owner", "Protocol", "Endpoint", "TopicArn")}
    assert sns.list_subscriptions()["Subscriptions"] == [listed]
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == [listed]
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"


def test_subscribing_again(sns, topic):
    first = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE_ARN, "Attributes": {"RawMessageDelivery": "true"}}
    arn = sns.subscribe(**first)["SubscriptionArn"]
    assert sns.subscribe(**first)["SubscriptionArn"] == arn
    assert refused(sns.subscribe, **{**first, "Attributes": {"RawMessageDelivery": "false"}}) == invalid(
        "Attributes Reason: Subscription already exists with different attributes"
    )


def test_unsubscribing(sns, topic):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN)["SubscriptionArn"]
    for _ in range(2):
        sns.unsubscribe(SubscriptionArn=arn)
    expected = ("NotFound", "Subscription does not exist")
    assert refused(sns.get_subscription_attributes, SubscriptionArn=arn) == expected
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"
    again = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN)["SubscriptionArn"]
    assert again != arn


@pytest.mark.parametrize(
    ("protocol", "endpoint", "text"),
    [
        ("sqs", "https://sqs.us-east-1.amazonaws.com/000000000000/orders", "SQS endpoint ARN"),
        ("sqs", "arn:aws:sns:us-east-1:000000000000:orders", "SQS endpoint ARN"),
        ("lambda", "handler", "Lambda endpoint ARN"),
        ("pigeon", "x", "Amazon SNS does not support this protocol string: pigeon"),
        (
            "sqs",
            QUEUE_ARN + ".fifo",
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        ),
    ],
)
def test_wrong_endpoints(sns, topic, protocol, endpoint, text):
    assert refused(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint) == invalid(text)


def test_a_fifo_topic_takes_both_kinds_of_queues(sns, fifo_topic):
    for endpoint in (QUEUE_ARN, QUEUE_ARN + ".fifo"):
        assert sns.subscribe(TopicArn=fifo_topic, Protocol="sqs", Endpoint=endpoint)["SubscriptionArn"]


def test_what_is_not_delivered_stays_pending(sns, topic):
    request = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}
    with pytest.warns(DeliveryWarning, match="stays pending"):
        assert sns.subscribe(**request)["SubscriptionArn"] == "pending confirmation"
    arn = sns.subscribe(**request, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("RawMessageDelivery", "x", "RawMessageDelivery: Invalid value [x]. Must be true or false."),
        (
            "FilterPolicyScope",
            "x",
            "FilterPolicyScope: Invalid value [x]. Please use either MessageBody or MessageAttributes",
        ),
        ("RedrivePolicy", '{"deadLetterTargetArn":"x"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ("RedrivePolicy", "{}", "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ("FilterPolicy", '{"a":[]}', "FilterPolicy: Empty arrays are not allowed"),
    ],
)
def test_wrong_attributes_of_subscriptions(sns, topic, name, value, text):
    params = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE_ARN}
    assert refused(sns.subscribe, **params, Attributes={name: value}) == invalid(f"Attributes Reason: {text}")
    arn = sns.subscribe(**params)["SubscriptionArn"]
    change = {"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value}
    assert refused(sns.set_subscription_attributes, **change) == invalid(text)


def test_a_fifo_subscription_needs_a_fifo_dead_letter_queue(sns, fifo_topic):
    params = {"TopicArn": fifo_topic, "Protocol": "sqs", "Endpoint": QUEUE_ARN + ".fifo"}
    attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE_ARN})}
    assert refused(sns.subscribe, **params, Attributes=attributes) == invalid(
        "Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
    )


def test_a_filter_policy_is_read_back_with_its_scope(sns, topic):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN)["SubscriptionArn"]

    def attributes() -> dict[str, str]:
        return sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]

    assert "FilterPolicyScope" not in attributes()
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"a":["x"]}')
    assert attributes()["FilterPolicyScope"] == "MessageAttributes"
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="")
    assert "FilterPolicy" not in attributes()
