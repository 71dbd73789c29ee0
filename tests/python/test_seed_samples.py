"""The five samples of localsqs.examples.five run as they stand, and their wrong forms fail as on AWS, with a hint.

Each has a known mistake in the version that goes round (shared/spec/around.md, 0.4).
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

import localsqs
from localsqs.errors import ParamValidationError
from localsqs.examples.five.consume import consume
from localsqs.examples.five.depth import depth
from localsqs.examples.five.long_work import work_long
from localsqs.testing import Queue, make_queue

# A dead-letter queue after three receives, as the samples have it, is fewer than AWS advises for a mapping.
pytestmark = pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")

TEMPLATE = files("localsqs.examples.five").joinpath("template.yaml").read_text(encoding="utf-8")


@pytest.fixture(params=["native", "boto3"])
def sqs_client(request: pytest.FixtureRequest, engine: localsqs.Engine) -> Iterator[Any]:
    """The samples cannot tell one from the other."""
    if request.param == "native":
        yield engine.client("sqs")
        return
    boto3 = pytest.importorskip("boto3")
    with localsqs.mock(engine=engine):
        yield boto3.client("sqs", region_name="us-east-1")


@pytest.fixture
def queue(engine: localsqs.Engine) -> Queue:
    return make_queue(engine, "orders", dead_letter=True, max_receive_count=3)


def refuse_two(order: dict[str, Any]) -> None:
    if order["id"] == 2:
        raise ValueError(order)


# --- 1. Receive, work, delete ----------------------------------------------------------------------------------------


def test_consume(engine: Any, sqs_client: Any, queue: Queue) -> None:
    for number in (1, 2, 3):
        queue.send(json.dumps({"id": number}))
    assert consume(sqs_client, queue.url, refuse_two) == 2
    for _ in range(3):
        engine.clock.advance(seconds=300)
        assert consume(sqs_client, queue.url, refuse_two) == 0
    assert [json.loads(message.body) for message in queue.dead_letter.messages] == [{"id": 2}]
    assert queue.messages == []


def test_message_is_hidden_for_the_visibility_timeout_of_the_call(engine: Any, sqs_client: Any, queue: Queue) -> None:
    queue.send(json.dumps({"id": 2}))
    consume(sqs_client, queue.url, refuse_two)
    engine.clock.advance(seconds=299)
    assert queue.messages[0].receive_count == 1
    assert "Messages" not in sqs_client.receive_message(QueueUrl=queue.url)
    engine.clock.advance(seconds=1)
    assert "Messages" in sqs_client.receive_message(QueueUrl=queue.url)


def test_wrong_name_of_the_visibility_timeout_in_receive(sqs_client: Any, queue: Queue) -> None:
    with pytest.raises(parameter_error(sqs_client)) as caught:
        sqs_client.receive_message(QueueUrl=queue.url, VisibilityTimeoutSeconds=300)
    assert str(caught.value).startswith(
        'Parameter validation failed:\nUnknown parameter in input: "VisibilityTimeoutSeconds", must be one of: '
        "QueueUrl, AttributeNames, MessageSystemAttributeNames, MessageAttributeNames, MaxNumberOfMessages, "
        "VisibilityTimeout, WaitTimeSeconds, ReceiveRequestAttemptId"
    )


def parameter_error(client: Any) -> type[Exception]:
    if type(client).__module__.startswith("localsqs"):
        return ParamValidationError
    from botocore.exceptions import ParamValidationError as OfBotocore

    return OfBotocore


def test_hint_at_the_right_name(sqs: Any, queue: Queue) -> None:
    with pytest.raises(ParamValidationError) as caught:
        sqs.receive_message(QueueUrl=queue.url, VisibilityTimeoutSeconds=300)
    assert "VisibilityTimeout?" in caught.value.hint


# --- 2. More time ----------------------------------------------------------------------------------------------------


def test_long_work(engine: Any, sqs_client: Any, queue: Queue) -> None:
    queue.send(json.dumps({"id": 1}))
    (message,) = sqs_client.receive_message(QueueUrl=queue.url)["Messages"]

    def work(order: dict[str, Any]) -> None:
        engine.clock.advance(seconds=599)
        assert "Messages" not in sqs_client.receive_message(QueueUrl=queue.url)

    work_long(sqs_client, queue.url, message, work)
    assert queue.messages == []


def test_wrong_name_in_change_message_visibility(sqs_client: Any, queue: Queue) -> None:
    with pytest.raises(parameter_error(sqs_client)) as caught:
        sqs_client.change_message_visibility(QueueUrl=queue.url, ReceiptHandle="x", VisibilityTimeoutSeconds=600)
    assert str(caught.value).startswith(
        'Parameter validation failed:\nMissing required parameter in input: "VisibilityTimeout"\nUnknown parameter in '
        'input: "VisibilityTimeoutSeconds", must be one of: QueueUrl, ReceiptHandle, VisibilityTimeout'
    )


# --- 3. Depth from CloudWatch ----------------------------------------------------------------------------------------


def test_depth(engine: Any, queue: Queue) -> None:
    cloudwatch = engine.client("cloudwatch")
    queue.send("a")
    engine.run_for(minutes=5)
    for body in "bcd":
        queue.send(body)
    engine.run_for(minutes=10)
    assert depth(cloudwatch, "orders", now=engine.clock.now()) == [1.0, 4.0, 4.0]


def test_wrong_name_of_the_metric_gives_nothing_and_a_warning(engine: Any, queue: Queue) -> None:
    cloudwatch = engine.client("cloudwatch")
    queue.send("a")
    engine.run_for(minutes=5)
    end = engine.clock.now()
    with pytest.warns(UserWarning, match="ApproximateNumberOfMessagesVisible"):
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfVisibleMessages",
            Dimensions=[{"Name": "QueueName", "Value": "orders"}],
            StartTime=end - timedelta(minutes=5),
            EndTime=end,
            Period=300,
            Statistics=["Average"],
        )
    assert answer["Datapoints"] == []


# --- 4. The template -------------------------------------------------------------------------------------------------


def test_template(engine: Any, sqs: Any) -> None:
    pytest.importorskip("yaml")
    cloudformation = engine.client("cloudformation")
    cloudformation.create_stack(StackName="shop", TemplateBody=TEMPLATE)
    (stack,) = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    (output,) = stack["Outputs"]
    url = output["OutputValue"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "300"
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] in (3, "3")

    # One poison message: four receives, then the alarm.
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(4):
        sqs.receive_message(QueueUrl=url)
        engine.run_for(seconds=300)
    engine.run_for(minutes=2)
    cloudwatch = engine.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["orders-dlq-not-empty"])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"


def test_wrong_name_of_the_property_is_refused(engine: Any) -> None:
    pytest.importorskip("yaml")
    wrong = TEMPLATE.replace("VisibilityTimeout: 300", "VisibilityTimeoutSeconds: 300")
    cloudformation = engine.client("cloudformation")
    cloudformation.create_stack(StackName="shop", TemplateBody=wrong)
    assert cloudformation.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="shop")["StackEvents"]
    (failed,) = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["LogicalResourceId"] == "OrdersQueue"
    reason = failed["ResourceStatusReason"]
    assert "VisibilityTimeoutSeconds" in reason
    assert "did you mean VisibilityTimeout?" in reason


# --- 5. The function -------------------------------------------------------------------------------------------------


@pytest.fixture
def function(engine: localsqs.Engine) -> str:
    pytest.importorskip("aws_lambda_powertools")
    pytest.importorskip("aws_xray_sdk")
    sys.modules.pop("localsqs.examples.five.function", None)  # Its environment is read when it is imported.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        engine.register_function("orders-fn", "localsqs.examples.five.function.handler", timeout=30)
    return "orders-fn"


def test_function(engine: Any, queue: Queue, function: str) -> None:
    for number, total in ((1, 10), (2, 0), (3, 30)):
        queue.send(json.dumps({"id": number, "total": total}))
    options = {"function_response_types": ["ReportBatchItemFailures"]}
    mapping = engine.event_source_mapping("orders", function, **options)
    engine.run_until_idle()
    assert [len(invocation.message_ids) for invocation in mapping.invocations] == [3, 1, 1]
    assert [json.loads(message.body)["id"] for message in queue.dead_letter.messages] == [2]

    logged = [json.loads(line) for line in mapping.invocations[0].outcome.log.splitlines() if '"level"' in line]
    assert [(line["message"], line["service"]) for line in logged] == [
        ("processed", "orders-fn"),
        ("order failed", "orders-fn"),
        ("processed", "orders-fn"),
    ]
    metrics = engine.client("cloudwatch").list_metrics(Namespace="Orders")["Metrics"]
    assert sorted(metric["MetricName"] for metric in metrics) == ["OrdersFailed", "OrdersProcessed"]


def test_wrong_name_of_the_subsegment() -> None:
    powertools = pytest.importorskip("aws_lambda_powertools")
    pytest.importorskip("aws_xray_sdk")
    with pytest.raises(AttributeError, match="'Tracer' object has no attribute 'subsegment'"):
        powertools.Tracer(service="x").subsegment("process_order")
