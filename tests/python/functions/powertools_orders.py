"""An order function with Powertools, as its documentation has it. Nothing in it knows this package."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace="Orders")
processor = BatchProcessor(event_type=EventType.SQS)


@tracer.capture_method
def work_on(record: SQSRecord) -> None:
    order = record.json_body
    with tracer.provider.in_subsegment("charge"):
        if order["total"] < 0:
            metrics.add_metric(name="OrdersRefused", unit=MetricUnit.Count, value=1)
            raise ValueError(f"order {order['id']} has a negative total")
    logger.info("charged", extra={"order": order["id"]})
    metrics.add_metric(name="OrdersCharged", unit=MetricUnit.Count, value=1)


@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler
@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event=event, record_handler=work_on, processor=processor, context=context)
