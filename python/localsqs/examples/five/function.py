"""A Lambda function for a mapping with ReportBatchItemFailures: logs, traces, counts, and reports what failed."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
tracer = Tracer()
metrics = Metrics(
    namespace="Orders"
)  # Without a namespace, here or in POWERTOOLS_METRICS_NAMESPACE, no invocation ends well.


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The answer names the messages that are to come again; the others are deleted."""
    failures = []
    for record in event["Records"]:
        try:
            with tracer.provider.in_subsegment("process_order"):
                process(json.loads(record["body"]))
            metrics.add_metric(name="OrdersProcessed", unit=MetricUnit.Count, value=1)
        except Exception:
            logger.exception("order failed", extra={"message_id": record["messageId"]})
            metrics.add_metric(name="OrdersFailed", unit=MetricUnit.Count, value=1)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def process(order: dict[str, Any]) -> None:
    if order["total"] <= 0:
        raise ValueError(f"order {order['id']} has no total")
    logger.info("processed", extra={"order_id": order["id"]})
