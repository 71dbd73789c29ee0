"""What is published, and what arrives in the queues."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

import localsqs
from localsqs import errors
from localsqs.sns import DeliveryWarning

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.sns.DeliveryWarning")

ARN = "arn:aws:sqs:us-east-1:000000000000:"


@pytest.fixture
def sns(engine):
    return engine.client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def fifo_topic(sns):
    return sns.create_topic(Name="news.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]


@pytest.fixture
def subscribe(sns, sqs):
    """subscribe(topic, queue, **attributes) -> its ARN; the queue is made."""

    def subscribe(topic: str, queue: str = "orders", **attributes: Any) -> str:
        sqs.create_queue(QueueName=queue, Attributes={"FifoQueue": "true"} if queue.endswith(".fifo") else {})
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()}
        request = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": ARN + queue, "Attributes": texts}
        return sns.subscribe(**request)["SubscriptionArn"]

    return subscribe


def arrived(sqs: Any, queue: str = "orders") -> list[dict[str, Any]]:
    """All messages of a queue, which are deleted."""
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: list[dict[str, Any]] = []
    names = {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"], "MaxNumberOfMessages": 10}
    while messages := sqs.receive_message(QueueUrl=url, **names).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
    return found


def refused(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(errors.ClientError) as raised:
        call(**params)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


# --- What arrives -----------------------------------------------------------------------------------------------------


def test_the_envelope(sqs, sns, topic, subscribe):
    subscription = subscribe(topic)
    attributes = {
        "kind": {"DataType": "String", "StringValue": "a"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    message_id = sns.publish(TopicArn=topic, Message="Grüße", Subject="Hi", MessageAttributes=attributes)["MessageId"]
    (message,) = arrived(sqs)
    assert "MessageAttributes" not in message
    said = json.loads(message["Body"])
    assert list(said) == [
        *("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature"),
        *("SigningCertURL", "UnsubscribeURL", "MessageAttributes"),
    ]
    assert (said["Type"], said["MessageId"], said["TopicArn"]) == ("Notification", message_id, topic)
    assert (said["Subject"], said["Message"], said["Timestamp"]) == ("Hi", "Grüße", "2026-01-01T00:00:00.000Z")
    assert said["SignatureVersion"] == "1"
    assert len(base64.b64decode(said["Signature"])) == 256
    assert said["SigningCertURL"].startswith("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-")
    assert said["UnsubscribeURL"].endswith(f"?Action=Unsubscribe&SubscriptionArn={subscription}")
    assert said["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "a"},
        "raw": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
    }


def test_what_is_not_there_is_left_out_of_the_envelope(sqs, sns, topic, subscribe):
    subscribe(topic)
    sns.publish(TopicArn=topic, Message="a")
    said = json.loads(arrived(sqs)[0]["Body"])
    assert not {"Subject", "MessageAttributes", "SequenceNumber"} & said.keys()


def test_raw_delivery(sqs, sns, topic, subscribe):
    subscribe(topic, RawMessageDelivery="true")
    attributes = {
        "kind": {"DataType": "String", "StringValue": "a"},
        "list": {"DataType": "String.Array", "StringValue": '["a", 1]'},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sns.publish(TopicArn=topic, Message="text", Subject="lost", MessageAttributes=attributes)
    (message,) = arrived(sqs)
    assert message["Body"] == "text"
    assert message["MessageAttributes"] == attributes


def test_each_subscription_gets_its_copy(sqs, sns, topic, subscribe):
    subscribe(topic, "a", RawMessageDelivery="true")
    subscribe(topic, "b")
    sns.publish(TopicArn=topic, Message="text")
    assert arrived(sqs, "a")[0]["Body"] == "text"
    assert json.loads(arrived(sqs, "b")[0]["Body"])["Message"] == "text"


def test_a_message_structure(sqs, sns, topic, subscribe):
    subscribe(topic, RawMessageDelivery="true")
    for texts in ({"default": "all"}, {"default": "all", "sqs": "queues"}, {"default": "all", "sqs": 7, "x": {}}):
        sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    assert sorted(message["Body"] for message in arrived(sqs)) == ["all", "all", "queues"]
    text = "Invalid parameter: Message Structure - "
    assert refused(sns.publish, TopicArn=topic, Message="{}", MessageStructure="json") == (
        "InvalidParameter",
        f"{text}No default entry in JSON message body",
    )
    assert refused(sns.publish, TopicArn=topic, Message="x", MessageStructure="json") == (
        "InvalidParameter",
        f"{text}JSON message body failed to parse",
    )


def test_a_group_passes_to_fair_queues(sqs, sns, topic, subscribe):
    subscribe(topic)
    sns.publish(TopicArn=topic, Message="a", MessageGroupId="tenant")
    assert arrived(sqs)[0]["Attributes"]["MessageGroupId"] == "tenant"


def test_a_trace_header_passes(sqs, sns, topic, subscribe):
    subscribe(topic, RawMessageDelivery="true")
    header = {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
    sns.publish(TopicArn=topic, Message="a", MessageAttributes={"AWSTraceHeader": header})
    (message,) = arrived(sqs)
    assert message["Attributes"]["AWSTraceHeader"] == header["StringValue"]


def test_a_queue_in_another_region_and_account(engine, sns, topic):
    sqs = engine.client("sqs", region_name="eu-west-1", aws_account_id="111122223333")
    sqs.create_queue(QueueName="far")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:111122223333:far")
    sns.publish(TopicArn=topic, Message="a")
    assert len(arrived(sqs, "far")) == 1


def test_a_message_arrives_at_the_engines_time(engine, sqs, sns, topic, subscribe):
    subscribe(topic)
    engine.clock.advance(hours=1)
    sns.publish(TopicArn=topic, Message="a")
    (sent,) = engine.history(kind="Sent")
    assert sent.at == engine.clock.now()
    assert json.loads(arrived(sqs)[0]["Body"])["Timestamp"] == "2026-01-01T01:00:00.000Z"


def test_after_unsubscribing_nothing_arrives(sqs, sns, topic, subscribe):
    sns.unsubscribe(SubscriptionArn=subscribe(topic))
    sns.publish(TopicArn=topic, Message="a")
    assert arrived(sqs) == []


# --- Functions --------------------------------------------------------------------------------------------------------


def test_a_function_gets_an_event(engine, sns, topic):
    events: list[Any] = []
    engine.register_function("reader", lambda event, context: events.append(event))
    arn = "arn:aws:lambda:us-east-1:000000000000:function:reader"
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)["SubscriptionArn"]
    attributes = {"kind": {"DataType": "String", "StringValue": "a"}}
    message_id = sns.publish(TopicArn=topic, Message="text", MessageAttributes=attributes)["MessageId"]
    engine.run_until_idle()
    ((record,),) = [event["Records"] for event in events]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription
    assert record["Sns"]["MessageId"] == message_id
    assert record["Sns"]["Message"] == "text"
    assert record["Sns"]["Subject"] is None
    assert record["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "a"}}
    assert {"SigningCertUrl", "UnsubscribeUrl"} < record["Sns"].keys()


def test_without_its_function_a_message_goes_to_the_dead_letter_queue(sqs, sns, topic):
    sqs.create_queue(QueueName="dead")
    arn = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{ARN}dead"})}
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="text")
    assert len(arrived(sqs, "dead")) == 1


# --- FIFO -------------------------------------------------------------------------------------------------------------


def test_a_fifo_topic_to_a_fifo_queue(sqs, sns, fifo_topic, subscribe):
    subscribe(fifo_topic, "orders.fifo")
    answers = [
        sns.publish(TopicArn=fifo_topic, Message=str(n), MessageGroupId="g", MessageDeduplicationId=f"d{n}")
        for n in range(3)
    ]
    numbers = [answer["SequenceNumber"] for answer in answers]
    assert numbers == sorted(numbers)
    assert {len(number) for number in numbers} == {20}
    messages = arrived(sqs, "orders.fifo")
    said = [json.loads(message["Body"]) for message in messages]
    assert [one["Message"] for one in said] == ["0", "1", "2"]
    assert [one["SequenceNumber"] for one in said] == numbers
    assert list(said[0]) == [
        *("Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL")
    ]
    assert messages[0]["Attributes"]["MessageGroupId"] == "g"
    assert messages[0]["Attributes"]["MessageDeduplicationId"] == "d0"


def test_a_fifo_topic_to_a_standard_queue(sqs, sns, fifo_topic, subscribe):
    subscribe(fifo_topic, "orders", RawMessageDelivery="true")
    sns.publish(TopicArn=fifo_topic, Message="a", MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = arrived(sqs)
    assert "MessageGroupId" not in message["Attributes"]


def test_a_topic_deduplicates_for_five_minutes(engine, sqs, sns, fifo_topic, subscribe):
    subscribe(fifo_topic, "orders.fifo", RawMessageDelivery="true")

    def publish(text: str, group: str = "g") -> dict[str, Any]:
        return sns.publish(TopicArn=fifo_topic, Message=text, MessageGroupId=group, MessageDeduplicationId="same")

    first = publish("a")
    assert publish("b")["MessageId"] == first["MessageId"]
    assert publish("c", "other group")["MessageId"] == first["MessageId"]
    engine.clock.advance(minutes=4, seconds=59)
    assert publish("d")["MessageId"] == first["MessageId"]
    engine.clock.advance(seconds=1)
    assert publish("e")["MessageId"] != first["MessageId"]
    assert [message["Body"] for message in arrived(sqs, "orders.fifo")] == ["a", "e"]


def test_deduplication_by_group(sqs, sns, fifo_topic, subscribe):
    subscribe(fifo_topic, "orders", RawMessageDelivery="true")
    name = "FifoThroughputScope"
    sns.set_topic_attributes(TopicArn=fifo_topic, AttributeName=name, AttributeValue="MessageGroup")
    for group in ("g", "h", "g"):
        sns.publish(TopicArn=fifo_topic, Message=group, MessageGroupId=group, MessageDeduplicationId="same")
    assert sorted(message["Body"] for message in arrived(sqs)) == ["g", "h"]


def test_content_based_deduplication_ignores_attributes(sqs, sns, fifo_topic, subscribe):
    subscribe(fifo_topic, "orders.fifo", RawMessageDelivery="true")
    name = "ContentBasedDeduplication"
    sns.set_topic_attributes(TopicArn=fifo_topic, AttributeName=name, AttributeValue="true")
    for value in ("1", "2"):
        attributes = {"n": {"DataType": "Number", "StringValue": value}}
        sns.publish(TopicArn=fifo_topic, Message="a", MessageGroupId="g", MessageAttributes=attributes)
    (message,) = arrived(sqs, "orders.fifo")
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"a").hexdigest()


# --- Filters ----------------------------------------------------------------------------------------------------------


def test_only_wanted_messages_arrive(sqs, sns, topic, subscribe):
    subscribe(topic, "big", RawMessageDelivery="true", FilterPolicy={"total": [{"numeric": [">", 100]}]})
    subscribe(
        topic,
        "paid",
        RawMessageDelivery="true",
        FilterPolicy={"state": {"paid": [True]}},
        FilterPolicyScope="MessageBody",
    )
    for total, paid in ((50, True), (150, False), (200, True)):
        attributes = {"total": {"DataType": "Number", "StringValue": str(total)}}
        text = json.dumps({"n": total, "state": {"paid": paid}})
        sns.publish(TopicArn=topic, Message=text, MessageAttributes=attributes)
    assert sorted(json.loads(message["Body"])["n"] for message in arrived(sqs, "big")) == [150, 200]
    assert sorted(json.loads(message["Body"])["n"] for message in arrived(sqs, "paid")) == [50, 200]


def test_a_changed_filter_holds_at_once(sqs, sns, topic, subscribe):
    arn = subscribe(topic, FilterPolicy={"a": ["x"]})
    sns.publish(TopicArn=topic, Message="1")
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="{}")
    sns.publish(TopicArn=topic, Message="2")
    assert [json.loads(message["Body"])["Message"] for message in arrived(sqs)] == ["2"]


# --- Failures ---------------------------------------------------------------------------------------------------------


def test_without_its_queue_a_message_goes_to_the_dead_letter_queue(sqs, sns, topic, subscribe):
    sqs.create_queue(QueueName="dead")
    subscribe(topic, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": f"{ARN}dead"})
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"])
    attributes = {"kind": {"DataType": "String", "StringValue": "a"}}
    sns.publish(TopicArn=topic, Message="text", MessageAttributes=attributes)
    (message,) = arrived(sqs, "dead")
    assert message["Body"] == "text"
    assert message["MessageAttributes"] == attributes


def test_a_fifo_dead_letter_queue_keeps_the_ids(sqs, sns, fifo_topic, subscribe):
    sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})
    subscribe(fifo_topic, "orders.fifo", RedrivePolicy={"deadLetterTargetArn": f"{ARN}dead.fifo"})
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="orders.fifo")["QueueUrl"])
    sns.publish(TopicArn=fifo_topic, Message="a", MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = arrived(sqs, "dead.fifo")
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["MessageDeduplicationId"] == "d"


def test_what_a_queue_refuses_goes_to_the_dead_letter_queue(sqs, sns, topic, subscribe):
    sqs.create_queue(QueueName="dead")
    subscribe(topic, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": f"{ARN}dead"})
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    sns.publish(TopicArn=topic, Message="x" * 1025)
    assert arrived(sqs) == []
    assert len(arrived(sqs, "dead")) == 1


def test_a_lost_message_is_a_warning(engine, sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{ARN}gone")
    with pytest.warns(DeliveryWarning, match="a message was lost: .*NonExistentQueue"):
        assert sns.publish(TopicArn=topic, Message="a")["MessageId"]


def test_a_queue_without_a_policy_is_a_warning(sqs, sns, topic, subscribe):
    subscribe(topic)
    with pytest.warns(DeliveryWarning, match=r"does not let sns\.amazonaws\.com send to it: on AWS"):
        sns.publish(TopicArn=topic, Message="a")
    assert len(arrived(sqs)) == 1


def policy(**changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"{ARN}orders",
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:news"}},
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize("rule", ["strict", "enforce_policies"])
@pytest.mark.parametrize(
    ("given", "delivered"),
    [
        (None, 0),
        (policy(), 1),
        (policy(Principal="*", Action="SQS:*", Resource="*", Condition={}), 1),
        (policy(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:n*"}}), 1),
        (policy(Condition={"StringEquals": {"aws:SourceAccount": "000000000000"}}), 1),
        (policy(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:other"}}), 0),
        (policy(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), 0),
        (policy(Principal={"AWS": "arn:aws:iam::000000000000:root"}), 0),
        (policy(Effect="Deny"), 0),
        (policy(Action="sqs:ReceiveMessage"), 0),
        (policy(Resource=f"{ARN}others"), 0),
    ],
)
def test_policies_of_queues_are_enforced_where_asked(rule, given, delivered):
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7, **{rule: True}) as engine:
        sqs, sns = engine.client("sqs"), engine.client("sns")
        sqs.create_queue(QueueName="orders", Attributes={} if given is None else {"Policy": given})
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{ARN}orders")
        sns.publish(TopicArn=topic, Message="a")
        assert len(arrived(sqs)) == delivered


# --- Checks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Subject": ""}, "Subject"),
        ({"Subject": "x" * 101}, "Subject"),
        ({"Message": "x" * 262_145}, "Message too long"),
        (
            {"MessageDeduplicationId": "d"},
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid "
            "for this topic type",
        ),
    ],
)
def test_wrong_messages(sns, topic, params, text):
    request = {"TopicArn": topic, "Message": "a", **params}
    assert refused(sns.publish, **request) == ("InvalidParameter", f"Invalid parameter: {text}")


def test_the_largest_message_counts_attributes(sns, topic):
    attributes = {"a": {"DataType": "String", "StringValue": "x" * 100}}
    size = 262_144 - 1 - 6 - 100
    sns.publish(TopicArn=topic, Message="x" * size, MessageAttributes=attributes)
    code, _ = refused(sns.publish, TopicArn=topic, Message="x" * (size + 1), MessageAttributes=attributes)
    assert code == "InvalidParameter"


def test_a_topic_may_allow_larger_messages(sns, topic):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1048576")
    assert sns.publish(TopicArn=topic, Message="x" * 300_000)["MessageId"]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "The MessageGroupId parameter is required for FIFO topics"),
        (
            {"MessageGroupId": "g"},
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly",
        ),
    ],
)
def test_what_a_fifo_topic_demands(sns, fifo_topic, params, text):
    got = refused(sns.publish, TopicArn=fifo_topic, Message="a", **params)
    assert got == ("InvalidParameter", f"Invalid parameter: {text}")


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        (
            {"DataType": "String", "StringValue": ""},
            "The message attribute 'a' must contain non-empty message attribute value for message attribute type "
            "'String'.",
        ),
        ({"DataType": "Binary"}, "non-empty message attribute value"),
        ({"DataType": "Colour", "StringValue": "x"}, "invalid message attribute type"),
        ({"DataType": "Number", "StringValue": "x"}, "number"),
    ],
)
def test_wrong_attributes(sns, topic, attribute, text):
    code, message = refused(sns.publish, TopicArn=topic, Message="m", MessageAttributes={"a": attribute})
    assert code == "ParameterValueInvalid"
    assert text in message


def test_a_publish_needs_a_topic(sns):
    assert refused(sns.publish, Message="a")[0] == "InvalidParameter"
    assert refused(sns.publish, PhoneNumber="+491", Message="a")[0] == "InvalidParameter"


# --- Batches ----------------------------------------------------------------------------------------------------------


def entries(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"Id": str(number), "Message": f"m{number}", **more} for number in range(count)]


def test_a_batch(sqs, sns, topic, subscribe):
    subscribe(topic, RawMessageDelivery="true")
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries(10))
    assert answer["Failed"] == []
    assert [entry["Id"] for entry in answer["Successful"]] == [str(number) for number in range(10)]
    assert {"Id", "MessageId"} == set(answer["Successful"][0])
    assert len(arrived(sqs)) == 10


def test_a_batch_for_a_fifo_topic(sns, fifo_topic):
    batch = [{**entry, "MessageDeduplicationId": entry["Id"]} for entry in entries(2, MessageGroupId="g")]
    answer = sns.publish_batch(TopicArn=fifo_topic, PublishBatchRequestEntries=batch)
    assert set(answer["Successful"][0]) == {"Id", "MessageId", "SequenceNumber"}


@pytest.mark.parametrize(
    ("batch", "code", "text"),
    [
        (entries(11), "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."),
        ([], "EmptyBatchRequest", "The batch request doesn't contain any entries."),
        (
            entries(1) * 2,
            "BatchEntryIdsNotDistinct",
            "Two or more batch entries in the request have the same Id.",
        ),
        (
            [{"Id": "x" * 81, "Message": "a"}],
            "InvalidBatchEntryId",
            f"The Id of a batch entry in the batch request is too long: {'x' * 81}",
        ),
        (
            [{"Id": "a b", "Message": "a"}],
            "InvalidBatchEntryId",
            "The Id of a batch entry in the batch request contains an impermissible character: a b",
        ),
        (
            [{"Id": str(number), "Message": "x" * 131_073} for number in range(2)],
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        ),
        ([*entries(1), {"Id": "z", "Message": ""}], "InvalidParameter", "Invalid parameter: Empty message"),
    ],
)
def test_wrong_batches(sqs, sns, topic, subscribe, batch, code, text):
    subscribe(topic)
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=batch) == (code, text)
    assert arrived(sqs) == []
