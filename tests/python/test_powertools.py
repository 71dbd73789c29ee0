"""Handlers with Powertools for AWS Lambda, unchanged, behind an event source mapping in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import localsqs

pytest.importorskip("aws_lambda_powertools")
pytest.importorskip("aws_xray_sdk")
pytest.importorskip("pydantic")

START_MS = 1_767_225_600_000

# Queues here are small on purpose, and the X-Ray SDK and pydantic warn of their own future.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::localsqs.lambda_.warn.LambdaWarning")


@pytest.fixture
def shapes() -> ModuleType:
    from functions import powertools_shapes

    powertools_shapes.worked_on.clear()
    powertools_shapes.seen.clear()
    powertools_shapes.store.records.clear()
    return powertools_shapes


@pytest.fixture
def send(sqs: Any, url: str) -> Callable[..., list[str]]:
    """Sends bodies to the queue "orders"; gives the message ids."""

    def send(*bodies: Any, **options: Any) -> list[str]:
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return [sqs.send_message(QueueUrl=url, MessageBody=text, **options)["MessageId"] for text in texts]

    return send


@pytest.fixture
def send_fifo(sqs: Any, fifo_url: str) -> Callable[..., list[str]]:
    """Sends bodies to "orders.fifo"; the first letter of a body is its group."""

    def send(*bodies: str) -> list[str]:
        return [
            sqs.send_message(QueueUrl=fifo_url, MessageBody=body, MessageGroupId=body[0])["MessageId"]
            for body in bodies
        ]

    return send


PARTIAL = {"function_response_types": ["ReportBatchItemFailures"]}


def failures(invocation: Any) -> list[str]:
    return [item["itemIdentifier"] for item in invocation.outcome.payload["batchItemFailures"]]


def json_lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


# --- Logger, tracer, metrics -----------------------------------------------------------------------------------------


@pytest.fixture
def orders(engine: localsqs.Engine, url: str) -> Any:
    """The function of functions/powertools_orders.py, imported anew, so that it reads its environment."""
    import sys

    sys.modules.pop("functions.powertools_orders", None)
    engine.register_function(
        "orders-fn",
        "functions.powertools_orders.handler",
        memory_size=256,
        environment={"POWERTOOLS_LOG_LEVEL": "INFO"},
    )
    return engine.event_source_mapping("orders", "orders-fn", batch_size=10, **PARTIAL)


def test_logger_tracer_and_metrics(engine: Any, orders: Any, send: Any) -> None:
    good, bad = send({"id": 1, "total": 5}, {"id": 2, "total": -1})
    engine.run_for(seconds=1)
    (invocation,) = orders.invocations
    assert invocation.outcome.ok
    assert failures(invocation) == [bad]

    lines = json_lines(invocation.outcome.log)
    (charged,) = [line for line in lines if line.get("message") == "charged"]
    assert charged["order"] == 1
    assert charged["service"] == "orders-fn"
    assert charged["function_name"] == "orders-fn"
    assert charged["function_memory_size"] == "256"
    assert charged["function_arn"] == "arn:aws:lambda:us-east-1:000000000000:function:orders-fn"
    assert charged["function_request_id"] == invocation.request_id
    (metrics,) = [line for line in lines if "OrdersCharged" in line]
    assert (metrics["OrdersCharged"], metrics["OrdersRefused"], metrics["service"]) == ([1.0], [1.0], "orders-fn")
    assert good not in failures(invocation)


def test_metrics_are_in_cloudwatch_at_engine_time(engine: Any, orders: Any, send: Any) -> None:
    send({"id": 1, "total": 5}, {"id": 2, "total": 7})
    engine.run_for(minutes=3)
    send({"id": 3, "total": 5})
    engine.run_for(minutes=1)
    cloudwatch = engine.client("cloudwatch")
    found = cloudwatch.list_metrics(Namespace="Orders", MetricName="OrdersCharged")["Metrics"]
    dimensions = [{"Name": "service", "Value": "orders-fn"}]
    assert found == [{"Namespace": "Orders", "MetricName": "OrdersCharged", "Dimensions": dimensions}]
    datapoints = cloudwatch.get_metric_statistics(
        Namespace="Orders",
        MetricName="OrdersCharged",
        Dimensions=dimensions,
        StartTime=START_MS / 1000,
        EndTime=START_MS / 1000 + 600,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    by_minute = {(point["Timestamp"].timestamp() - START_MS / 1000) / 60: point["Sum"] for point in datapoints}
    assert by_minute == {0.0: 2.0, 3.0: 1.0}


def test_metrics_without_a_namespace_fail_the_invocation(engine: Any, send: Any) -> None:
    from aws_lambda_powertools import Metrics

    metrics = Metrics()

    @metrics.log_metrics
    def handler(event: Any, context: Any) -> dict[str, Any]:
        metrics.add_metric(name="A", unit="Count", value=1)
        return {"batchItemFailures": []}

    mapping = engine.event_source_mapping("orders", handler, **PARTIAL)
    send("x")
    engine.run_for(seconds=1)
    metrics.clear_metrics()  # All Metrics objects of a process share what they have gathered.
    outcome = mapping.invocations[0].outcome
    assert outcome.payload["errorType"] == "SchemaValidationError"
    assert outcome.payload["errorMessage"] == "Must contain a metric namespace."


def test_subsegment_as_the_documentation_of_others_has_it_is_an_error() -> None:
    from aws_lambda_powertools import Tracer

    with pytest.raises(AttributeError, match="'Tracer' object has no attribute 'subsegment'"):
        Tracer(service="x").subsegment("y")  # type: ignore[attr-defined]


# --- Batch processors ------------------------------------------------------------------------------------------------


def test_batch_processor_reports_what_failed(engine: Any, shapes: Any, sqs: Any, url: str, send: Any) -> None:
    ids = send("A1", "A2 bad", "B3", "A4")
    mapping = engine.event_source_mapping("orders", shapes.batch_handler, **PARTIAL)
    engine.run_for(seconds=1)
    assert failures(mapping.invocations[0]) == [ids[1]]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert attributes["ApproximateNumberOfMessages"] == "0"


PROCESSORS = [
    pytest.param("batch_handler", ["A2 bad"], ["A1", "A2 bad", "B3", "A4"], id="BatchProcessor"),
    pytest.param("fifo_handler", ["A2 bad", "B3", "A4"], ["A1", "A2 bad"], id="SqsFifoPartialProcessor"),
    pytest.param("fifo_group_handler", ["A2 bad", "A4"], ["A1", "A2 bad", "B3"], id="skip_group_on_error"),
]


@pytest.mark.parametrize(("handler", "reported", "worked_on"), PROCESSORS)
def test_processors_in_the_order_of_the_documentation(
    engine: Any, shapes: Any, handler: str, reported: list[str], worked_on: list[str]
) -> None:
    function = engine.register_function("fn", getattr(shapes, handler))
    outcome = function.invoke({"Records": [fifo_record(body) for body in ("A1", "A2 bad", "B3", "A4")]})
    assert [item["itemIdentifier"] for item in outcome.payload["batchItemFailures"]] == reported
    assert shapes.worked_on == worked_on


def fifo_record(body: str) -> dict[str, Any]:
    attributes = {"MessageGroupId": body[0], "ApproximateReceiveCount": "1", "SentTimestamp": "1", "SenderId": "x"}
    arn = "arn:aws:sqs:us-east-1:000000000000:orders.fifo"
    return {"messageId": body, "body": body, "attributes": attributes, "eventSourceARN": arn, "eventSource": "aws:sqs"}


@pytest.mark.parametrize(("handler", "reported", "worked_on"), PROCESSORS)
def test_processors_on_a_fifo_queue(
    engine: Any, shapes: Any, send_fifo: Any, handler: str, reported: list[str], worked_on: list[str]
) -> None:
    """A receive gives one group after the other, so B3 comes last here."""
    bodies = ["A1", "A2 bad", "B3", "A4"]
    ids = dict(zip(bodies, send_fifo(*bodies), strict=True))
    mapping = engine.event_source_mapping("orders.fifo", getattr(shapes, handler), **PARTIAL)
    engine.run_for(seconds=1)
    (invocation,) = mapping.invocations
    assert sorted(failures(invocation)) == sorted(ids[body] for body in reported)
    assert sorted(shapes.worked_on) == sorted(worked_on)


def test_fifo_processor_keeps_the_order_over_a_failure(
    engine: Any, shapes: Any, send_fifo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def fail_once(record: Any) -> None:
        tries.append(record.body)
        if record.body == "A2" and tries.count("A2") == 1:
            raise ValueError

    monkeypatch.setattr(shapes, "refuse_bad", fail_once)
    send_fifo("A1", "A2", "A3")
    engine.event_source_mapping("orders.fifo", shapes.fifo_handler, **PARTIAL)
    engine.run_until_idle()
    assert tries == ["A1", "A2", "A2", "A3"]


def test_all_records_failed(engine: Any, shapes: Any, send: Any) -> None:
    send("bad", "bad too")
    mapping = engine.event_source_mapping("orders", shapes.batch_handler, **PARTIAL)
    engine.run_for(seconds=1)
    outcome = mapping.invocations[0].outcome
    assert (outcome.status, outcome.payload["errorType"]) == ("error", "BatchProcessingError")


def test_all_records_failed_without_raising(engine: Any, shapes: Any, send: Any) -> None:
    ids = send("bad", "bad too")
    mapping = engine.event_source_mapping("orders", shapes.lenient_handler, **PARTIAL)
    engine.run_for(seconds=1)
    assert mapping.invocations[0].outcome.ok
    assert failures(mapping.invocations[0]) == ids


def test_poison_message_ends_in_the_dead_letter_queue(engine: Any, shapes: Any, sqs: Any) -> None:
    from localsqs.testing import make_queue

    queue = make_queue(engine, "jobs", dead_letter=True, max_receive_count=3)
    queue.send("bad")
    queue.send("good")
    mapping = engine.event_source_mapping("jobs", shapes.batch_handler, **PARTIAL)
    engine.run_until_idle()
    assert shapes.worked_on.count("bad") == 3
    assert shapes.worked_on.count("good") == 1
    assert [message.body for message in queue.dead_letter.messages] == ["bad"]
    assert len(mapping.invocations) == 3


def test_record_handler_with_the_context(engine: Any, shapes: Any, send: Any) -> None:
    (message_id,) = send("x")
    engine.register_function("ctx-fn", shapes.context_handler, timeout=20)
    engine.event_source_mapping("orders", "ctx-fn", **PARTIAL)
    engine.run_for(seconds=1)
    assert shapes.seen == [(message_id, "ctx-fn", 20_000)]


def test_asynchronous_records_sleep_side_by_side(engine: Any, shapes: Any, send: Any) -> None:
    ids = send("one", "two bad", "three")
    mapping = engine.event_source_mapping("orders", shapes.async_handler, timeout=20, **PARTIAL)
    engine.run_for(seconds=10)
    (invocation,) = mapping.invocations
    assert failures(invocation) == [ids[1]]
    assert invocation.outcome.duration_ms == 5_000


# --- Parser, data classes, idempotency -------------------------------------------------------------------------------


def test_parser_with_envelope(engine: Any, shapes: Any, send: Any) -> None:
    send({"id": 1, "total": 2.5})
    engine.event_source_mapping("orders", shapes.envelope_handler)
    engine.run_for(seconds=1)
    assert shapes.seen == [shapes.Order(id=1, total=2.5)]


def test_parser_refuses_a_body_of_another_shape(engine: Any, shapes: Any, send: Any) -> None:
    send({"id": "no number"})
    mapping = engine.event_source_mapping("orders", shapes.envelope_handler)
    engine.run_for(seconds=1)
    assert mapping.invocations[0].outcome.payload["errorType"] == "ValidationError"


@pytest.mark.parametrize("window", [0, 1])
def test_parser_takes_the_whole_record(engine: Any, shapes: Any, send: Any, window: int) -> None:
    attributes = {
        "text": {"DataType": "String", "StringValue": "x"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00"},
    }
    send("plain")
    send("with attributes", MessageAttributes=attributes)
    engine.event_source_mapping("orders", shapes.model_handler, maximum_batching_window=window)
    engine.run_for(seconds=5)
    records = [record for model in shapes.seen for record in model.Records]
    assert sorted(record.body for record in records) == ["plain", "with attributes"]
    (full,) = [record for record in records if record.messageAttributes]
    assert full.messageAttributes["text"].stringValue == "x"
    assert full.messageAttributes["bytes"].binaryValue == "AA=="


def test_records_that_fail_the_model_are_reported(engine: Any, shapes: Any, send: Any) -> None:
    ids = send({"id": 1, "total": 1}, "no JSON", {"id": "x"})
    mapping = engine.event_source_mapping("orders", shapes.model_batch_handler, **PARTIAL)
    engine.run_for(seconds=1)
    assert sorted(failures(mapping.invocations[0])) == sorted(ids[1:])
    assert shapes.worked_on == ["1"]


def test_data_classes(engine: Any, shapes: Any, sqs: Any, send: Any) -> None:
    (message_id,) = send("hello", MessageAttributes={"kind": {"DataType": "String", "StringValue": "greeting"}})
    engine.event_source_mapping("orders", shapes.data_class_handler)
    engine.run_for(seconds=1)
    assert shapes.seen == [
        {
            "body": "hello",
            "message_id": message_id,
            "receive_count": "1",
            "sent": str(START_MS),
            "group": None,
            "queue_url": "https://sqs.us-east-1.amazonaws.com/000000000000/orders",
            "source": "arn:aws:sqs:us-east-1:000000000000:orders",
            "region": "us-east-1",
            "attributes": {"kind": "greeting"},
        }
    ]
    # The URL that the data class makes is one that the queue answers to.
    sqs.get_queue_attributes(QueueUrl=shapes.seen[0]["queue_url"])


def test_idempotency(engine: Any, shapes: Any, send: Any) -> None:
    send({"id": 7}, {"id": 7}, {"id": 8})
    engine.event_source_mapping("orders", shapes.idempotent_handler, batch_size=10)
    engine.run_for(seconds=1)
    assert sorted(shapes.worked_on) == ["7", "8"]
    assert sorted(answer["charged"] for answer in shapes.seen) == [7, 7, 8]


def test_context_has_nothing_that_powertools_takes_for_a_durable_one(engine: Any, send: Any) -> None:
    contexts: list[Any] = []
    engine.event_source_mapping("orders", lambda event, context: contexts.append(context))
    send("x")
    engine.run_for(seconds=1)
    assert not hasattr(contexts[0], "state")
    assert not hasattr(contexts[0], "lambda_context")
