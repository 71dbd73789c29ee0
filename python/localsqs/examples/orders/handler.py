"""The function: fulfils the orders of one batch, and reports those that failed.

Written for AWS Lambda with Powertools; nothing in it knows localsqs. An order that fails is reported by its message id
and comes back when the queue's visibility timeout ends; the others of its batch are deleted. After three receives it
goes to the dead-letter queue.
"""

from __future__ import annotations

import time
from typing import Any

import shop
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
tracer = Tracer()

# One bad order that is alone in its batch is no failure of the function.
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
the_shop = shop.Shop(pass_time=time.sleep)  # Kept from one invocation to the next.


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Returns {"batchItemFailures": [{"itemIdentifier": message id}, ...]}."""
    return process_partial_response(event=event, record_handler=fulfil, processor=processor, context=context)


@tracer.capture_method
def fulfil(record: SQSRecord) -> None:
    """Fulfils the order of one message. What it raises makes the message come back."""
    order = record.json_body
    attempt = int(record.attributes.approximate_receive_count)
    about = {"order_id": order["order_id"], "attempt": attempt}
    try:
        with tracer.provider.in_subsegment("## shop"):
            the_shop.fulfil(order, attempt)
    except Exception as error:
        logger.warning("order failed", extra={**about, "reason": str(error)})
        metrics.add_metric(name="OrdersFailed", unit=MetricUnit.Count, value=1)
        raise
    logger.info("order shipped", extra=about)
    metrics.add_metric(name="OrdersShipped", unit=MetricUnit.Count, value=1)
