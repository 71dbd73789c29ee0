"""`localsqs.mock()`: boto3 and botocore answer from an engine."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import unittest
from typing import Any

import pytest

import localsqs

boto3 = pytest.importorskip("boto3")
from botocore.client import BaseClient  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError  # noqa: E402
from botocore.stub import Stubber  # noqa: E402


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region, no credentials, no network."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")

    def refuse(*_: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def client(**arguments: Any) -> Any:
    return boto3.session.Session().client("sqs", **{"region_name": "us-east-1", **arguments})


def test_a_round_trip():
    with localsqs.mock() as engine:
        sqs = boto3.session.Session().client("sqs")  # Neither region nor credentials anywhere.
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        attributes = {
            "Color": {"DataType": "String", "StringValue": "red"},
            "Raw": {"DataType": "Binary", "BinaryValue": b"\0"},
        }
        sent = sqs.send_message(QueueUrl=url, MessageBody="42", MessageAttributes=attributes)
        assert sent["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert sent["ResponseMetadata"]["RetryAttempts"] == 0
        [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        assert message["MessageAttributes"] == attributes
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert engine.history(queue="orders").kinds() == ["QueueCreated", "Sent", "Received", "Deleted"]
    assert "AWS_DEFAULT_REGION" not in os.environ


def test_a_client_made_before_answers_and_forgets():
    method = BaseClient._make_api_call
    sqs = client(aws_access_key_id="k", aws_secret_access_key="s", config=Config(retries={"max_attempts": 0}))
    with localsqs.mock():
        sqs.create_queue(QueueName="orders")
        assert BaseClient._make_api_call is not method
    assert BaseClient._make_api_call is method
    with pytest.raises((AssertionError, EndpointConnectionError)):
        sqs.list_queues()
    with localsqs.mock():
        assert "QueueUrls" not in sqs.list_queues()


def test_resources():
    with localsqs.mock():
        sqs = boto3.session.Session().resource("sqs", region_name="eu-west-1")
        queue = sqs.create_queue(QueueName="orders")
        queue.send_message(MessageBody="a")
        assert sqs.get_queue_by_name(QueueName="orders").url == queue.url
        [message] = queue.receive_messages()
        message.change_visibility(VisibilityTimeout=0)
        assert [found.body for found in queue.receive_messages()] == ["a"]


def test_queue_urls_of_the_service_accounts_and_regions():
    with localsqs.mock() as engine:
        native = engine.client("sqs", region_name="eu-west-1", aws_account_id="123456789012")
        native.create_queue(QueueName="orders")
        url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
        client(region_name="eu-west-1").send_message(QueueUrl=url, MessageBody="a")
        assert native.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "a"
        mine = client(region_name="eu-west-1", aws_access_key_id="123456789012", aws_secret_access_key="x")
        assert mine.list_queues()["QueueUrls"] == [url]
        assert "QueueUrls" not in client(region_name="eu-west-1").list_queues()


def test_errors():
    with localsqs.mock():
        sqs = client()
        with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
            sqs.get_queue_url(QueueName="nowhere")
        assert caught.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
        with pytest.raises(ClientError, match=r"\(InvalidParameterValue\) when calling the CreateQueue operation"):
            sqs.create_queue(QueueName="not a name")
        with pytest.raises(ParamValidationError, match="Unknown parameter in input"):
            sqs.receive_message(QueueUrl="x", VisibilityTimeoutSeconds=3)


def test_hooks_and_stubs_go_on_working():
    with localsqs.mock():
        sqs = client()
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        seen: list[str] = []
        for event in ("provide-client-params", "before-parameter-build", "before-call", "after-call"):
            sqs.meta.events.register(f"{event}.sqs.SendMessage", lambda event=event, **_: seen.append(event))
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert seen == ["provide-client-params", "before-parameter-build", "before-call", "after-call"]

        def other_body(params: dict[str, Any], **_: Any) -> None:
            params["MessageBody"] = "changed"

        sqs.meta.events.register("before-parameter-build.sqs.SendMessage", other_body)
        sqs.send_message(QueueUrl=url, MessageBody="b")
        bodies = [message["Body"] for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
        assert bodies == ["a", "changed"]
        with Stubber(sqs) as stubber:
            stubber.add_response("list_queues", {"QueueUrls": ["stubbed"]})
            assert sqs.list_queues()["QueueUrls"] == ["stubbed"]
        assert sqs.list_queues()["QueueUrls"] == [url]


def test_retries_of_the_user():
    with localsqs.mock(clock=localsqs.ManualClock(), seed=3) as engine:
        patient = client(config=Config(retries={"mode": "standard", "total_max_attempts": 30}))
        hasty = client(config=Config(retries={"mode": "standard", "total_max_attempts": 1}))
        patient.create_queue(QueueName="orders")
        engine.faults.throttle = 1.0
        with pytest.raises(ClientError, match="RequestThrottled"):
            hasty.list_queues()
        engine.faults.throttle = 0.5
        before = engine.clock.now()
        tries = [patient.list_queues()["ResponseMetadata"]["RetryAttempts"] for _ in range(5)]
        assert max(tries) > 0
        assert engine.clock.now() > before


def test_paginators():
    with localsqs.mock():
        sqs = client()
        for number in range(5):
            sqs.create_queue(QueueName=f"q{number}")
        pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
        assert [len(page["QueueUrls"]) for page in pages] == [2, 2, 1]


def test_nested_and_in_threads():
    with localsqs.mock() as outer:
        client().create_queue(QueueName="outer")
        with localsqs.mock() as inner:
            assert inner is not outer
            assert "QueueUrls" not in client().list_queues()
            found: list[Any] = []
            thread = threading.Thread(target=lambda: found.append(client().create_queue(QueueName="thread")))
            thread.start()
            thread.join()
            assert client().list_queues()["QueueUrls"] == [found[0]["QueueUrl"]]
        assert len(client().list_queues()["QueueUrls"]) == 1


def test_mocks_of_two_threads_are_apart():
    barrier = threading.Barrier(2, timeout=20)
    counts: list[int] = []

    def work(queues: int) -> None:
        with localsqs.mock():
            barrier.wait()
            for number in range(queues):
                client().create_queue(QueueName=f"q{number}")
            barrier.wait()
            counts.append(len(client().list_queues().get("QueueUrls", [])))

    threads = [threading.Thread(target=work, args=(queues,)) for queues in (1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [1, 3]


def test_decorators():
    engine = localsqs.Engine()

    @localsqs.mock(engine=engine)
    def function(name: str) -> str:
        """Says."""
        return str(client().create_queue(QueueName=name)["QueueUrl"])

    @localsqs.mock(engine=engine)
    async def coroutine() -> int:
        await asyncio.sleep(0)
        return len(client().list_queues()["QueueUrls"])

    @localsqs.mock(engine=engine)
    def generator() -> Any:
        yield client().list_queues()["QueueUrls"]

    assert function("a").endswith("/a")
    assert function.__doc__ == "Says."
    assert asyncio.run(coroutine()) == 1
    assert [len(urls) for urls in generator()] == [1]
    assert localsqs.patch.current() is None


def test_a_decorated_test_case():
    @localsqs.mock()
    class Case(unittest.TestCase):
        def setUp(self) -> None:
            self.url = client().create_queue(QueueName="orders")["QueueUrl"]

        def test_one(self) -> None:
            assert client().list_queues()["QueueUrls"] == [self.url]

        test_two = test_one

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])


def test_a_decorated_class():
    @localsqs.mock()
    class TestIt:
        limit = 3

        def test_one(self) -> int:
            client().create_queue(QueueName="orders")
            return len(client().list_queues()["QueueUrls"])

    assert TestIt().test_one() == TestIt().test_one() == 1


def test_fast():
    with localsqs.mock(fast=True) as engine:
        sqs = client()
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert engine.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "a"
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName="nowhere")
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            sqs.create_queue(QueueName="not a name")
        with pytest.raises(ParamValidationError, match='Missing required parameter in input: "QueueUrl"'):
            sqs.receive_message()


def test_other_services_pass():
    with localsqs.mock():
        sns = boto3.session.Session().client(
            "sns", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
        )
        with Stubber(sns) as stubber:
            stubber.add_response("list_topics", {"Topics": []})
            assert sns.list_topics()["Topics"] == []


def test_moto_beside_it():
    moto = pytest.importorskip("moto")
    with moto.mock_aws(), localsqs.mock() as engine:
        session = boto3.session.Session()
        arn = session.client("sns", region_name="us-east-1").create_topic(Name="topic")["TopicArn"]
        assert arn.endswith(":topic")
        client().create_queue(QueueName="orders")
        assert len(engine.client("sqs").list_queues()["QueueUrls"]) == 1


def test_aiobotocore():
    aiobotocore_session = pytest.importorskip("aiobotocore.session")

    async def main() -> None:
        with localsqs.mock():
            async with aiobotocore_session.get_session().create_client("sqs", region_name="us-east-1") as sqs:
                url = (await sqs.create_queue(QueueName="orders"))["QueueUrl"]
                poll = asyncio.create_task(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
                await asyncio.sleep(0)
                await sqs.send_message(QueueUrl=url, MessageBody="a")
                assert (await poll)["Messages"][0]["Body"] == "a"

    asyncio.run(main())


def test_misuse():
    mock = localsqs.mock()
    with pytest.raises(RuntimeError, match="not open"):
        _ = mock.engine
    with mock, pytest.raises(RuntimeError, match="open already"):
        mock.start()
    mock.stop()
    with localsqs.Engine() as engine, pytest.raises(ValueError, match="of a new engine"):
        localsqs.mock(engine=engine, seed=7)


def test_a_mock_left_open_is_reported_at_the_end():
    code = "import localsqs\nlocalsqs.mock().start()\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "a mock was never closed" in done.stderr
    assert "localsqs.mock().start()" in done.stderr or 'File "<string>", line 2' in done.stderr
