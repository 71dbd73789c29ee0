"""Pipes: from a queue through a filter to a target, as EventBridge Pipes does it. A Python function, no API.

    pipe(engine, "orders", archive)                                         # called with a list of records
    pipe(engine, "orders", billing_queue, filters=[{"body": {"total": [{"numeric": [">", 100]}]}}],
         input_template='{"id": <$.body.id>}')                              # or a topic, or a function

Poller, filters and records are those of an event source mapping. What differs: the target gets the bare list of
records, without `Records`, and batch item failures count without being asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.lambda_.create import queue_arn_of
from localsqs.lambda_.function import Function
from localsqs.lambda_.mapping import Mapping
from localsqs.lambda_.pipe_sinks import MessageSink, PipeCallableSink, PipeFunctionSink
from localsqs.lambda_.pipe_template import Template
from localsqs.lambda_.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from localsqs.engine import Engine
    from localsqs.lambda_.pipe_sinks import Send
    from localsqs.lambda_.sink import Sink

__all__ = ["pipe"]


def pipe(
    engine: Engine,
    source: Any,
    target: Callable[[list[Any]], Any] | Any,
    *,
    filters: Sequence[str | dict[str, Any]] | None = None,
    batch_size: int = 10,
    maximum_batching_window: int = 0,
    input_template: str | None = None,
    message_group_id: str | None = None,
    message_deduplication_id: str | None = None,
    name: str = "pipe",
) -> Mapping:
    """A pipe with a queue as its source. It begins at once, and acts while the engine runs.

    Args:
        engine: Whose queue it is.
        source: The queue's name, URL or ARN, or an object with an `arn`.
        target: A callable that takes the list; a Function; the ARN of a function, a queue or a topic; the name or URL
            of a queue; an object with an `arn`. A queue and a topic get a message for each record.
        filters: Patterns, as for a mapping.
        batch_size: Up to 10,000; more than 10 need a window. 10 at most for a FIFO queue.
        maximum_batching_window: Seconds, up to 300.
        input_template: What becomes of each record, with `<$.body.key>` in it; see pipe_template.
        message_group_id, message_deduplication_id: Of messages to a FIFO queue or topic: text, or a path "$.body.key".
        name: Of the pipe, for `<aws.pipes.pipe-name>`.

    Returns:
        A Mapping, with `invocations`, `step()`, `drain()`, `disable()`, `delete()`. An invocation's event is the list.

    Raises:
        ValueError: If there is no such queue or target, or a setting is out of its range.
    """
    arn = queue_arn_of(engine, source)
    settings = _settings(arn, filters, batch_size, maximum_batching_window)
    _check_queue(engine, arn)
    target_arn = _target_arn(engine, target)
    template = None
    if input_template is not None:
        constants = {"source-arn": arn, "target-arn": target_arn, "pipe-name": name}
        template = Template(input_template, constants)
    given = {"MessageGroupId": message_group_id, "MessageDeduplicationId": message_deduplication_id}
    members = {member: value for member, value in given.items() if value is not None}
    service = engine._service("lambda")
    sink = _sink(engine, target, target_arn, template, members)
    mapping = Mapping(engine, service.new_uuid(), "", arn, "", settings, sink)
    service.mappings[mapping.uuid] = mapping
    mapping.enable()
    return mapping


def _settings(arn: str, filters: Sequence[str | dict[str, Any]] | None, batch_size: int, window: int) -> Settings:
    texts = [pattern if isinstance(pattern, str) else json.dumps(pattern) for pattern in filters or ()]
    try:
        settings = Settings().changed(
            {
                "BatchSize": batch_size,
                "MaximumBatchingWindowInSeconds": window,
                "FilterCriteria": {"Filters": [{"Pattern": text} for text in texts]},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            }
        )
        settings.check(arn.endswith(".fifo"))
    except ServiceError as error:
        raise ValueError(error.message) from None
    return settings


def _check_queue(engine: Engine, arn: str) -> None:
    *_, region, account, name = arn.split(":")
    if engine._core.queue_times(region, account, name) is None:
        raise ValueError(f"there is no queue {arn}")


# --- Targets ---------------------------------------------------------------------------------------------------------


def _target_arn(engine: Engine, target: Any) -> str:
    """ "" for a callable."""
    if hasattr(target, "arn"):
        return str(target.arn)
    if isinstance(target, str):
        return target if target.startswith("arn:") else queue_arn_of(engine, target)
    if callable(target):
        return ""
    raise ValueError(f"a pipe's target is a callable, a Function, a queue or a topic, not {target!r}")


def _sink(engine: Engine, target: Any, arn: str, template: Template | None, members: dict[str, str]) -> Sink:
    if not arn:
        return PipeCallableSink(target, template)
    service, region, account, name = (*arn.split(":"), "", "", "", "")[2:6]
    if service == "lambda":
        return _function_sink(engine, target, arn, template)
    if service == "sqs":
        _check_queue(engine, arn)
        return MessageSink(_to_queue(engine, region, account, name), template, members)
    if service == "sns":
        client = engine.client("sns", region_name=region, aws_account_id=account)
        client.get_topic_attributes(TopicArn=arn)  # Raises if there is none.
        return MessageSink(_to_topic(client, arn), template, members)
    raise ValueError(f"a pipe's target is a function, a queue or a topic, not {arn}")


def _function_sink(engine: Engine, target: Any, arn: str, template: Template | None) -> Sink:
    if isinstance(target, Function):
        return PipeFunctionSink(lambda: target, template)
    region, account, _, name = arn.split(":")[3:7]
    functions = engine._service("lambda").functions
    if (region, account, name) not in functions:
        raise ValueError(f"there is no function {arn}")
    return PipeFunctionSink(lambda: functions.get((region, account, name)), template)


def _to_queue(engine: Engine, region: str, account: str, name: str) -> Send:
    client: Any = engine.client("sqs", region_name=region, aws_account_id=account)
    url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"

    def send(entries: list[dict[str, str]]) -> list[str]:
        renamed = [{("MessageBody" if key == "Body" else key): value for key, value in e.items()} for e in entries]
        answer = client.send_message_batch(QueueUrl=url, Entries=renamed)
        return [entry["Id"] for entry in answer.get("Failed", [])]

    return send


def _to_topic(client: Any, arn: str) -> Send:
    def send(entries: list[dict[str, str]]) -> list[str]:
        renamed = [{("Message" if key == "Body" else key): value for key, value in e.items()} for e in entries]
        answer = client.publish_batch(TopicArn=arn, PublishBatchRequestEntries=renamed)
        return [entry["Id"] for entry in answer.get("Failed", [])]

    return send
