"""boto3 against the endpoint, end to end: what it checks itself (MD5, types, exceptions) holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

import localsqs
from localsqs.server import Server

boto3 = pytest.importorskip("boto3")
botocore = pytest.importorskip("botocore")

JSON_ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": "é☃"},
    "number": {"DataType": "Number", "StringValue": "17"},
    "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
}


@pytest.fixture
def server(engine: localsqs.Engine) -> Iterator[Server]:
    with engine.serve() as server:
        yield server


def client_of(server: Server, **options: Any) -> Any:
    defaults = {
        "endpoint_url": server.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "config": botocore.config.Config(retries={"max_attempts": 0}),
    }
    return boto3.session.Session().client("sqs", **{**defaults, **options})


@pytest.fixture
def sqs(server: Server) -> Iterator[Any]:
    client = client_of(server)
    yield client
    client.close()


def test_a_message_goes_through(sqs, server):
    url = sqs.create_queue(QueueName="jobs", tags={"team": "blue"})["QueueUrl"]
    assert url == f"{server.endpoint_url}/000000000000/jobs"
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="a\r\n\u2603",
        MessageAttributes=JSON_ATTRIBUTES,
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
    )
    (message,) = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], WaitTimeSeconds=20
    )["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "a\r\n\u2603"
    assert message["MessageAttributes"] == JSON_ATTRIBUTES
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1"
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "blue"}
    sqs.delete_queue(QueueUrl=url)
    assert "QueueUrls" not in sqs.list_queues()


def test_answers_carry_metadata(sqs):
    metadata = sqs.list_queues()["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert metadata["RetryAttempts"] == 0


def test_batches(sqs):
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    entries = [{"Id": str(i), "MessageBody": "" if i == 3 else str(i)} for i in range(10)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in answer["Failed"]] == ["3"]
    assert answer["Failed"][0]["SenderFault"] is True
    assert len(answer["Successful"]) == 9
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    handles = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
    longer = [{**handle, "VisibilityTimeout": 60} for handle in handles]
    assert "Failed" not in sqs.change_message_visibility_batch(QueueUrl=url, Entries=longer)
    assert len(sqs.delete_message_batch(QueueUrl=url, Entries=handles)["Successful"]) == len(messages)


def test_fifo(sqs):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="jobs.fifo", Attributes=attributes)["QueueUrl"]
    numbers = [
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")["SequenceNumber"] for body in "abcab"
    ]
    assert numbers[:3] == sorted(set(numbers))
    assert numbers[3:] == numbers[:2]
    request = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["MessageGroupId"]}
    messages = sqs.receive_message(**request)["Messages"]
    assert [(m["Body"], m["Attributes"]["MessageGroupId"]) for m in messages] == [("a", "g"), ("b", "g"), ("c", "g")]


def test_dead_letters_and_their_return(engine, sqs):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}'
    url = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})["QueueUrl"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sqs.send_message(QueueUrl=url, MessageBody="a")
    for _ in range(2):
        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    request = {"QueueUrl": dead, "MessageSystemAttributeNames": ["DeadLetterQueueSourceArn"], "VisibilityTimeout": 0}
    (message,) = sqs.receive_message(**request)["Messages"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(":jobs")
    assert sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
    engine.clock.advance(seconds=5)
    (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_exceptions(sqs):
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as unknown:
        sqs.get_queue_url(QueueName="nowhere")
    error = unknown.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"
    assert error["Type"] == "Sender"
    assert error["Message"] == "The specified queue does not exist."
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid) as invalid:
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")
    assert invalid.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="jobs", Attributes={"DelaySeconds": "5"})
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidParameterValue"):
        sqs.list_queues(MaxResults=2000)


def test_pages(sqs):
    for i in range(7):
        sqs.create_queue(QueueName=f"q{i}")
    pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["QueueUrls"]) for page in pages] == [3, 3, 1]


def test_accounts_and_regions(server):
    one = client_of(server, aws_access_key_id="111111111111", region_name="eu-west-1")
    two = client_of(server, aws_access_key_id="222222222222", region_name="eu-west-1")
    url = one.create_queue(QueueName="jobs")["QueueUrl"]
    assert url.endswith("/111111111111/jobs")
    arn = one.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert arn == "arn:aws:sqs:eu-west-1:111111111111:jobs"
    assert "QueueUrls" not in two.list_queues()
    one.close()
    two.close()


def test_the_resource(server):
    sqs = boto3.session.Session().resource(
        "sqs",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    queue = sqs.create_queue(QueueName="jobs")
    queue.send_message(MessageBody="a")
    (message,) = queue.receive_messages(WaitTimeSeconds=20)
    assert message.body == "a"
    message.delete()
    assert sqs.get_queue_by_name(QueueName="jobs").url == queue.url
    sqs.meta.client.close()


def test_the_endpoint_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", server.endpoint_url)
    client = client_of(server, endpoint_url=None)
    assert client.create_queue(QueueName="jobs")["QueueUrl"].startswith(server.endpoint_url)
    client.close()
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_the_same_engine_in_the_process_and_over_http(engine, sqs):
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    inside = engine.client("sqs")
    inside.send_message(QueueUrl=url, MessageBody="a")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    inside.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert engine.history().kinds()[-1] == "Deleted"
