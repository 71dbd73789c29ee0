"""Instrumentation of botocore goes on working in a mock, whichever came first: OpenTelemetry and AWS X-Ray."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import localsqs

boto3 = pytest.importorskip("boto3")
import botocore.client  # noqa: E402
from botocore.client import BaseClient  # noqa: E402


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Instrumentation changes this method; some of it does not put it back."""
    method = BaseClient.__dict__["_make_api_call"]
    yield
    BaseClient._make_api_call = method
    botocore.client.__dict__.pop("_xray_enabled", None)


def client() -> Any:
    return boto3.session.Session().client("sqs", region_name="us-east-1")


def send_and_receive() -> None:
    sqs = client()
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="42")
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["42"]


@pytest.mark.parametrize("first", ["instrumentation", "mock"])
def test_opentelemetry(first):
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.botocore")
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    instrumentor = instrumentation.BotocoreInstrumentor()
    mock = localsqs.mock()
    if first == "mock":
        mock.start()
    instrumentor.instrument(tracer_provider=provider)
    if first == "instrumentation":
        mock.start()
    try:
        send_and_receive()
    finally:
        if first == "mock":
            instrumentor.uninstrument()
            mock.stop()
        else:
            mock.stop()
            instrumentor.uninstrument()
    operations = [span.attributes["rpc.method"] for span in spans.get_finished_spans()]
    assert operations == ["CreateQueue", "SendMessage", "ReceiveMessage"]
    sent = spans.get_finished_spans()[1]
    assert sent.attributes["http.status_code"] == 200
    assert sent.attributes["messaging.url"].endswith("/orders")


@pytest.mark.parametrize("first", ["instrumentation", "mock"])
def test_xray(first, monkeypatch):
    core = pytest.importorskip("aws_xray_sdk.core")
    from aws_xray_sdk import global_sdk_config
    from aws_xray_sdk.ext.botocore import patch

    # Powertools, which other tests use, switches the SDK off for the process.
    monkeypatch.delenv("AWS_XRAY_SDK_ENABLED", raising=False)
    global_sdk_config.set_sdk_enabled(True)
    recorder = core.xray_recorder
    sent: list[Any] = []
    monkeypatch.setattr(recorder.emitter, "send_entity", sent.append)
    recorder.configure(sampling=False, service="test")
    if first == "instrumentation":
        patch()
    with localsqs.mock():
        if first == "mock":
            patch()
        segment = recorder.begin_segment("test")
        send_and_receive()
        recorder.end_segment()
    assert sent == [segment]
    assert [part.aws["operation"] for part in segment.subsegments] == ["CreateQueue", "SendMessage", "ReceiveMessage"]
    assert segment.subsegments[1].http["response"]["status"] == 200
    if first == "mock":  # What it wrapped is ours, and lets calls pass once the mock is closed.
        sqs = client_that_answers_itself()
        assert sqs.list_queues()["QueueUrls"] == ["stubbed"]


def client_that_answers_itself() -> Any:
    from botocore.stub import Stubber

    sqs = boto3.session.Session().client(
        "sqs", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    stubber = Stubber(sqs)
    stubber.add_response("list_queues", {"QueueUrls": ["stubbed"]})
    stubber.activate()
    return sqs
