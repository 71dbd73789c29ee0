"""The examples of the interface as they were promised: in Python, and in pytest. As written, but for names of files."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import localsqs

pytest_plugins = ["pytester"]


@pytest.fixture
def default_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The default engine of the process, fresh."""
    from localsqs import engine

    monkeypatch.setattr(engine, "_default", None)
    yield
    localsqs.default_engine().close()


# --- In Python -------------------------------------------------------------------------------------------------------


def test_the_default_engine(default_engine):
    sqs = localsqs.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="42")
    assert localsqs.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "42"


def test_an_engine_of_ones_own():
    engine = localsqs.Engine(
        path=None,
        clock=localsqs.ManualClock(),
        seed=7,
        region="us-east-1",
        account="000000000000",
        strict=False,
    )
    sqs = engine.client("sqs", region_name="eu-west-1")
    assert sqs.create_queue(QueueName="orders")["QueueUrl"].startswith("https://sqs.eu-west-1.amazonaws.com/")
    for service in ("lambda", "cloudwatch", "sns", "cloudformation"):
        assert engine.client(service).meta.service_model.service_name == service
    start = engine.clock.now()
    engine.clock.advance(seconds=30)
    engine.clock.advance(timedelta(minutes=1))
    assert engine.clock.now() - start == timedelta(seconds=90)
    engine.clock.move_to(datetime(2030, 1, 1, tzinfo=timezone.utc))
    assert engine.clock.now() == datetime(2030, 1, 1, tzinfo=timezone.utc)
    engine.close()
    with localsqs.Engine(clock=localsqs.ManualClock(start=datetime(2030, 1, 1), auto_advance=True)) as engine:
        assert engine.clock.now().year == 2030
    for clock in (localsqs.SystemClock(), localsqs.PythonClock()):
        with localsqs.Engine(clock=clock) as engine:
            assert engine.clock is clock


def test_mock():
    boto3 = pytest.importorskip("boto3")
    with localsqs.mock() as engine:
        boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="orders")
    assert engine.history().kinds() == ["QueueCreated"]

    @localsqs.mock()
    def decorated() -> Any:
        return boto3.client("sqs", region_name="us-east-1").list_queues()

    assert "QueueUrls" not in decorated()
    own = localsqs.Engine()
    with localsqs.mock(engine=own) as engine:
        assert engine is own
    clock = localsqs.ManualClock()
    with localsqs.mock(clock=clock) as engine:
        assert engine.clock is clock


def test_serve():
    engine = localsqs.Engine(clock=localsqs.ManualClock())
    with engine.serve(host="127.0.0.1", port=0) as server:
        assert server.endpoint_url.startswith("http://127.0.0.1:")
        urllib.request.urlopen(f"{server.endpoint_url}/?Action=CreateQueue&QueueName=orders").read()
    assert len(engine.client("sqs").list_queues()["QueueUrls"]) == 1


def test_looking():
    engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=7)
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="42")
    assert [event.kind for event in engine.history()] == ["QueueCreated", "Sent"]
    assert len(engine.history(queue="orders", kind="Sent")) == 1
    engine.faults.duplicate = 1.0
    assert engine.costs().requests == 2
    pytest.importorskip("pandas")
    assert len(engine.history().to_dataframe()) == 2


# --- In pytest -------------------------------------------------------------------------------------------------------

EVERY_FIXTURE = """
    import asyncio, datetime, unittest, urllib.request
    import boto3, pytest

    def test_engine(sqs_engine, sqs, sqs_clock):
        assert sqs_clock is sqs_engine.clock
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="42")
        sqs.receive_message(QueueUrl=url)
        sqs_clock.advance(seconds=30)
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "42"

    def test_queue(sqs_queue):
        queue = sqs_queue("orders", fifo=False, dead_letter=True, max_receive_count=3, VisibilityTimeout=300)
        assert queue.url.endswith("/000000000000/orders") and queue.arn.endswith(":orders") and queue.name == "orders"
        queue.send("42")
        assert [message.body for message in queue.messages] == ["42"]
        assert (queue.visible, queue.in_flight, queue.delayed, len(queue.dead_letter)) == (1, 0, 0, 0)

    def test_mock(mock_sqs, sqs_queue):
        sqs_queue("orders")
        assert len(boto3.client("sqs", region_name="us-east-1").list_queues()["QueueUrls"]) == 1

    def test_server(sqs_server):
        assert urllib.request.urlopen(sqs_server.endpoint_url + "/?Action=ListQueues").status == 200

    def test_server_is_cleared(sqs_server):
        answer = urllib.request.urlopen(sqs_server.endpoint_url + "/?Action=ListQueues").read()
        assert b"QueueUrl>" not in answer

    def test_lambda_trigger(lambda_trigger, sqs_queue, sqs_engine):
        seen = []
        queue = sqs_queue("orders")
        mapping = lambda_trigger(lambda event, context: seen.extend(event["Records"]), queue, batch_size=5)
        for number in range(12):
            queue.send(str(number))
        assert sqs_engine.run_until_idle().idle
        assert sorted(int(record["body"]) for record in seen) == list(range(12))
        assert all(len(invocation.records) <= 5 for invocation in mapping.invocations)
        queue.assert_empty()

    @pytest.mark.localsqs(seed=7, start=datetime.datetime(2030, 1, 1), clock="manual")
    def test_marker(sqs_engine):
        assert sqs_engine.seed == 7 and sqs_engine.clock.now().year == 2030

    @pytest.mark.localsqs(clock="system")
    def test_system(sqs_clock):
        assert sqs_clock.now().year >= 2025

    @pytest.mark.localsqs(clock="python")
    def test_python(sqs, sqs_queue):
        freezegun = pytest.importorskip("freezegun")
        with freezegun.freeze_time("2030-01-01") as frozen:
            queue = sqs_queue("orders", VisibilityTimeout=300)
            queue.send("42")
            queue.receive()
            assert queue.receive(WaitTimeSeconds=20) == []  # Time is frozen: it ends instead of hanging.
            frozen.tick(300)
            assert len(queue.receive()) == 1
"""


def test_every_fixture(pytester, monkeypatch):
    pytest.importorskip("boto3")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(EVERY_FIXTURE)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "localsqs.pytest_plugin")
    result.assert_outcomes(passed=9)


def test_sleep_of_the_code_under_test():
    clock = localsqs.ManualClock()
    start = clock.now()
    with clock.patch_sleep():
        asyncio.run(asyncio.sleep(60))
    assert clock.now() - start == timedelta(seconds=60)
