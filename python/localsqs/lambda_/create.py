"""Mappings in one line: `Engine.event_source_mapping`, `lambda_trigger`. For pipes see `pipe`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs import errors
from localsqs._service import ServiceError
from localsqs.lambda_.function import Function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from localsqs.engine import Engine
    from localsqs.lambda_.mapping import Mapping
    from localsqs.lambda_.runner import Runner

__all__ = ["event_source_mapping", "lambda_trigger", "queue_arn_of"]


def event_source_mapping(
    engine: Engine,
    queue: Any,
    handler: Callable[[Any, Any], Any] | Function | str,
    *,
    batch_size: int = 10,
    maximum_batching_window: int = 0,
    function_response_types: Sequence[str] = (),
    filters: Sequence[str | dict[str, Any]] | None = None,
    filter_criteria: dict[str, Any] | None = None,
    maximum_concurrency: int | None = None,
    minimum_pollers: int | None = None,
    maximum_pollers: int | None = None,
    enabled: bool = True,
    one_group_per_batch: bool = False,
    tags: dict[str, str] | None = None,
    function_name: str | None = None,
    timeout: float = 3,
    memory_size: int = 128,
    environment: dict[str, str] | None = None,
    reserved_concurrency: int | None = None,
    runner: Runner | None = None,
    hang_after: float = 60.0,
) -> Mapping:
    """A mapping of a queue to a handler; see Engine.event_source_mapping.

    Args:
        engine, queue, handler: See there. A handler that is a callable becomes a function of its own, with the
            arguments from `function_name` on; for a Function or the name of one they have no effect.
        batch_size: Up to 10,000; more than 10 need a window. 10 at most for a FIFO queue.
        maximum_batching_window: Seconds, up to 300.
        function_response_types: ["ReportBatchItemFailures"]: the handler may answer which messages failed.
        filters: Patterns, as JSON texts or dicts: `{"body": {"total": [{"numeric": [">", 100]}]}}`.
        filter_criteria: The same in AWS's form: {"Filters": [{"Pattern": ...}]}.
        maximum_concurrency: Batches in progress at a time, 2 to 1,000.
        minimum_pollers, maximum_pollers: Provisioned mode.
        enabled: Whether it begins at once.
        one_group_per_batch: A FIFO batch holds messages of one group only; newer texts of AWS allow several.
        function_name: From the handler's name if None.

    Raises:
        ClientError: As CreateEventSourceMapping does, with AWS's texts.
    """
    arn = queue_arn_of(engine, queue)
    region, account = arn.split(":")[3:5]
    if isinstance(handler, Function):
        name = handler.arn
    elif isinstance(handler, str) and (region, account, handler) in engine._service("lambda").functions:
        name = handler
    else:
        name = engine.register_function(
            function_name or _function_name(engine, handler, arn),
            handler if runner is None else None,
            timeout=timeout,
            memory_size=memory_size,
            environment=environment,
            reserved_concurrency=reserved_concurrency,
            runner=runner,
            hang_after=hang_after,
            region=region,
            account=account,
        ).name
    params: dict[str, Any] = {
        "EventSourceArn": arn,
        "FunctionName": name,
        "BatchSize": batch_size,
        "MaximumBatchingWindowInSeconds": maximum_batching_window,
        "FunctionResponseTypes": list(function_response_types),
        "Enabled": enabled,
    }
    if filters is not None:
        texts = [text if isinstance(text, str) else json.dumps(text) for text in filters]
        filter_criteria = {"Filters": [{"Pattern": text} for text in texts]}
    if filter_criteria is not None:
        params["FilterCriteria"] = filter_criteria
    if maximum_concurrency is not None:
        params["ScalingConfig"] = {"MaximumConcurrency": maximum_concurrency}
    if minimum_pollers is not None or maximum_pollers is not None:
        given = {"MinimumPollers": minimum_pollers, "MaximumPollers": maximum_pollers}
        params["ProvisionedPollerConfig"] = {key: value for key, value in given.items() if value is not None}
    if tags:
        params["Tags"] = dict(tags)
    return _created(engine, region, account, params, one_group_per_batch)


def lambda_trigger(
    engine: Engine,
    handler: Callable[[Any, Any], Any] | Function | str,
    queue: Any,
    batch_size: int = 10,
    **options: Any,
) -> Mapping:
    """The same with the handler first, for the pytest fixture."""
    return event_source_mapping(engine, queue, handler, batch_size=batch_size, **options)


def _created(engine: Engine, region: str, account: str, params: dict[str, Any], one_group_per_batch: bool) -> Mapping:
    """As the client would: what is refused is refused with the client's error."""
    service = engine._service("lambda")
    options = {"one_group_per_batch": one_group_per_batch}
    try:
        created: Mapping = service.create(region, account, params, **options)
    except ServiceError as error:
        _, answer = service._error_answer(error)
        client = engine.client("lambda", region_name=region)
        kind: type[errors.ClientError] = client.exceptions.from_code(answer["Error"]["Code"])
        raise kind(answer, "CreateEventSourceMapping") from None
    return created


def queue_arn_of(engine: Engine, queue: Any) -> str:
    """The ARN of a queue given by its name, URL, ARN, or as an object with an `arn`."""
    if hasattr(queue, "arn"):
        return str(queue.arn)
    if not isinstance(queue, str):
        raise TypeError(f"a queue is given by its name, URL, ARN, or an object with an arn, not {type(queue).__name__}")
    if queue.startswith("arn:"):
        return queue
    from localsqs._service import partition

    region, account, name = engine.region, engine.account, queue
    if "/" in queue:
        *_, account, name = queue.split("/")
        host = queue.split("/")[2].split(".")
        if host[0] == "sqs" and len(host) > 2:
            region = host[1]
    return f"arn:{partition(region)}:sqs:{region}:{account}:{name}"


def _function_name(engine: Engine, handler: Any, arn: str) -> str:
    """From the handler's name; a number is added where another handler has it."""
    import re

    path = handler if isinstance(handler, str) else getattr(handler, "__name__", type(handler).__name__)
    base = re.sub(r"[^A-Za-z0-9_-]", "", path.rpartition(".")[2]) or "function"
    region, account = arn.split(":")[3:5]
    functions = engine._service("lambda").functions
    number, name = 1, base[:60]
    while (region, account, name) in functions and functions[region, account, name].handler is not handler:
        number += 1
        name = f"{base[:55]}-{number}"
    return name
