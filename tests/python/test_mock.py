"""`localsqs.mock()`: boto3 and botocore answer from an engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import unittest
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from threads import in_threads

import localsqs

boto3 = pytest.importorskip("boto3")
from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.client import BaseClient  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.endpoint import EndpointCreator  # noqa: E402
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError  # noqa: E402
from botocore.hooks import _PrefixTrie  # noqa: E402
from botocore.session import Session  # noqa: E402
from botocore.stub import Stubber  # noqa: E402

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region, no credentials, no network: nobody may ask EC2's or a container's metadata either."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")

    def refuse(*_: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


# The classes of botocore that a mock changes.
CHANGED = (BaseClient, EndpointCreator, Session, _PrefixTrie)


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


def handlers_of(sqs: Any) -> list[Any]:
    """What is called at each event of a call, and what an emitter remembers."""
    emitter = sqs.meta.events._emitter
    called = [
        emitter._handlers.prefix_search(f"{event}.sqs.SendMessage")
        for event in ("before-parameter-build", "before-call")
    ]
    return [*(list(handlers) for handlers in called), set(emitter._unique_id_handlers)]


def test_no_trace_is_left(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    before_classes = [dict(vars(kind)) for kind in CHANGED]
    sqs = client(aws_access_key_id="k", aws_secret_access_key="s")
    before = handlers_of(sqs), dict(vars(sqs)), dict(os.environ)
    with localsqs.mock():
        sqs.list_queues()
        inside = client()
        inside.list_queues()
        assert handlers_of(sqs) != before[0]
    assert (handlers_of(sqs), dict(vars(sqs)), dict(os.environ)) == before
    assert handlers_of(inside)[:2] == before[0][:2]
    assert [dict(vars(kind)) for kind in CHANGED] == before_classes
    assert localsqs.patch.current() is None


def test_no_trace_is_left_by_an_error():
    before = [dict(vars(kind)) for kind in CHANGED]
    with contextlib.suppress(ZeroDivisionError), localsqs.mock():
        client().list_queues()
        _ = 1 / 0
    assert [dict(vars(kind)) for kind in CHANGED] == before


def test_credentials_are_looked_up_by_who_signs(monkeypatch):
    session = boto3.session.Session()
    with localsqs.mock():
        sqs = session.client("sqs", region_name="us-east-1")
        sqs.list_queues()
    # A client that was made within signs with what there is when it calls.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    requests: list[Any] = []
    sqs.meta.events.register(
        "before-send", lambda request, **_: requests.append(request) or AWSResponse("", 200, {}, Raw())
    )
    sqs.list_queues()
    assert b"Credential=AKIDREAL/" in requests[0].headers["Authorization"]


class Raw:
    """The body of an HTTP answer."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield b"{}"


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


def test_threads_with_mocks_of_their_own_share_a_client():
    shared = client(aws_access_key_id="k", aws_secret_access_key="s")
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        with localsqs.mock() as engine:
            barrier.wait(timeout=20)
            url = shared.create_queue(QueueName="orders")["QueueUrl"]
            for message in range(100):
                shared.send_message(QueueUrl=url, MessageBody=f"{number}-{message}")
            barrier.wait(timeout=20)
            sent = [event.details["body"] for event in engine.history(kind="Sent")]
            assert sent == [f"{number}-{message}" for message in range(100)]

    in_threads(work, 4)


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
        answer = yield client().list_queues()["QueueUrls"]
        assert answer == "go on"
        yield client().list_queues()["QueueUrls"]

    @localsqs.mock(engine=engine)
    async def async_generator() -> Any:
        yield client().list_queues()["QueueUrls"]
        await asyncio.sleep(0)
        yield client().list_queues()["QueueUrls"]

    async def all_of_it() -> list[int]:
        return [len(urls) async for urls in async_generator()]

    assert function("a").endswith("/a")
    assert function.__doc__ == "Says."
    assert asyncio.run(coroutine()) == 1
    running = generator()
    assert len(next(running)) == len(running.send("go on")) == 1
    assert list(running) == []
    assert asyncio.run(all_of_it()) == [1, 1]
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


def test_a_decorated_class_in_pytest(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("""
        import boto3, localsqs, pytest

        def client():
            return boto3.client("sqs", region_name="us-east-1")

        class Base:
            def test_inherited(self):
                assert len(client().list_queues()["QueueUrls"]) == 2

        @localsqs.mock()
        class TestIt(Base):
            def setup_method(self, method):
                self.method = method.__name__
                client().create_queue(QueueName="set-up")

            @pytest.fixture(autouse=True)
            def _fixture(self):
                client().create_queue(QueueName="fixture")
                yield
                assert len(client().list_queues()["QueueUrls"]) >= 2

            def teardown_method(self):
                client().get_queue_url(QueueName="set-up")

            @pytest.mark.parametrize("name", ["a", "b"])
            def test_one(self, name):
                client().create_queue(QueueName=name)
                assert len(client().list_queues()["QueueUrls"]) == 3
                assert self.method == "test_one"

            def test_failing(self):
                raise ZeroDivisionError

        @localsqs.mock()
        class TestFailingSetUp:
            def setup_method(self):
                raise ZeroDivisionError

            def test_it(self):
                pass

        def test_all_are_closed():
            assert localsqs.patch.current() is None
    """)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=4, failed=1, errors=1)


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


def test_a_bucket_and_a_topic_of_moto_beside_a_queue_of_ours():
    moto = pytest.importorskip("moto")
    from moto import backends

    session = boto3.session.Session(region_name="us-east-1")
    with moto.mock_aws(), localsqs.mock() as engine:
        s3, sns = session.client("s3"), session.client("sns")
        s3.create_bucket(Bucket="letters")
        topic = sns.create_topic(Name="topic")["TopicArn"]
        url = client().create_queue(QueueName="orders")["QueueUrl"]

        def handle(body: str) -> None:
            """What an application does: an object a message, a notification an object."""
            s3.put_object(Bucket="letters", Key=body, Body=body.encode())
            sns.publish(TopicArn=topic, Message=body)

        client().send_message(QueueUrl=url, MessageBody="42")
        for message in client().receive_message(QueueUrl=url)["Messages"]:
            handle(message["Body"])
            client().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert s3.get_object(Bucket="letters", Key="42")["Body"].read() == b"42"
        assert engine.history(queue="orders").kinds() == ["QueueCreated", "Sent", "Received", "Deleted"]
        assert backends.get_backend("sqs")[moto.core.DEFAULT_ACCOUNT_ID]["us-east-1"].queues == {}
    with localsqs.mock() as engine, moto.mock_aws():  # The other way round.
        session.client("s3").create_bucket(Bucket="letters")
        client().create_queue(QueueName="orders")
        assert len(engine.client("sqs").list_queues()["QueueUrls"]) == 1


def test_neighbours_that_are_asked_for():
    with localsqs.mock(services=["sqs", "sns"]) as engine:
        sns = boto3.session.Session().client("sns", region_name="us-east-1")
        topic = sns.create_topic(Name="topic")["TopicArn"]
        assert topic == "arn:aws:sns:us-east-1:000000000000:topic"
        assert [found["TopicArn"] for found in engine.client("sns").list_topics()["Topics"]] == [topic]
        with pytest.raises(sns.exceptions.NotFoundException):
            sns.publish(TopicArn=topic + "s", Message="a")
        with pytest.raises(ParamValidationError, match="Missing required parameter"):
            sns.publish(TopicArn=topic)
        with pytest.raises(NotImplementedError, match="no operation ListSMSSandboxPhoneNumbers of sns"):
            sns.list_sms_sandbox_phone_numbers()
    with pytest.raises(ValueError, match="no service 's3'"):
        localsqs.mock(services=["s3"])
    with pytest.raises(TypeError, match="a list of names"):
        localsqs.mock(services="sqs")


def test_a_loop_that_never_ends_is_stopped():
    with localsqs.mock(clock=localsqs.ManualClock(limit=timedelta(days=1))):
        sqs = client()
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]

        def consume() -> None:
            while True:
                with contextlib.suppress(Exception):
                    sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)

        with pytest.raises(localsqs.clock.WaitLimitReached, match="empty receives of orders"):
            consume()


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


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("send_message", {"QueueUrl": "u"}),
        ("send_message", {"QueueUrl": 1, "MessageBody": b"a", "DelaySeconds": "5"}),
        ("receive_message", {"QueueUrl": "u", "VisibilityTimeoutSeconds": 300}),
        ("change_message_visibility", {"QueueUrl": "u", "ReceiptHandle": "r", "VisibilityTimeoutSeconds": 600}),
        ("send_message_batch", {"QueueUrl": "u", "Entries": [{"Id": "1"}, {"MessageBody": 2, "Extra": 3}]}),
        ("create_queue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": 30}}),
        ("send_message", {"QueueUrl": "u", "MessageBody": "a", "MessageAttributes": {"x": {"DataType": None}}}),
    ],
)
def test_wrong_parameters_raise_what_botocore_raises(method, arguments, fast):
    sqs = client(aws_access_key_id="k", aws_secret_access_key="s")
    with pytest.raises(ParamValidationError) as without:
        getattr(sqs, method)(**arguments)
    with localsqs.mock(fast=fast), pytest.raises(ParamValidationError) as within:
        getattr(sqs, method)(**arguments)
    assert type(within.value) is type(without.value)
    assert str(within.value) == str(without.value)
    assert within.value.kwargs == without.value.kwargs


@pytest.mark.parametrize("fast", [False, True])
def test_answers_and_errors_are_those_of_boto3(fast):
    """Members and types as botocore's model of the service has them."""
    with localsqs.mock(fast=fast, seed=1):
        sqs = client()
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="a")
        answer = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])
        model = sqs.meta.service_model.operation_model("ReceiveMessage").output_shape
        [message] = answer["Messages"]
        assert set(message) <= set(model.members["Messages"].member.members)
        metadata = answer["ResponseMetadata"]
        assert set(metadata) == {"RequestId", "HTTPStatusCode", "HTTPHeaders", "RetryAttempts"}
        assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
        for kind in (sqs.exceptions.ReceiptHandleIsInvalid, sqs.exceptions.from_code("ReceiptHandleIsInvalid")):
            with pytest.raises(kind) as caught:
                sqs.delete_message(QueueUrl=url, ReceiptHandle="not one")
            assert caught.value.operation_name == "DeleteMessage"
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
