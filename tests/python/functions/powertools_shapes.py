"""Smaller functions with Powertools: FIFO, parser, data classes, idempotency, asynchronous batches."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    async_process_partial_response,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer, DataRecord
from aws_lambda_powertools.utilities.parser import BaseModel, envelopes, event_parser, parse
from aws_lambda_powertools.utilities.parser.models import SqsModel, SqsRecordModel
from aws_lambda_powertools.utilities.parser.types import Json
from aws_lambda_powertools.utilities.typing import LambdaContext

worked_on: list[str] = []  # By the record handlers, in their order; tests empty it.
seen: list[Any] = []


def refuse_bad(record: Any) -> None:
    worked_on.append(record.body)
    if "bad" in record.body:
        raise ValueError(record.body)


batch = BatchProcessor(event_type=EventType.SQS)
lenient_batch = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
fifo = SqsFifoPartialProcessor()
fifo_by_group = SqsFifoPartialProcessor(skip_group_on_error=True)


def batch_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, refuse_bad, batch, context)


def lenient_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, refuse_bad, lenient_batch, context)


def fifo_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, refuse_bad, fifo, context)


def fifo_group_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, refuse_bad, fifo_by_group, context)


def with_context(record: Any, lambda_context: LambdaContext) -> None:
    seen.append((record.message_id, lambda_context.function_name, lambda_context.get_remaining_time_in_millis()))


def context_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, with_context, batch, context)


async_batch = AsyncBatchProcessor(event_type=EventType.SQS)


async def refuse_bad_later(record: Any) -> None:
    import asyncio

    await asyncio.sleep(5)
    refuse_bad(record)


def async_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return async_process_partial_response(event, refuse_bad_later, async_batch, context)


# --- Parser ----------------------------------------------------------------------------------------------------------


class Order(BaseModel):
    id: int
    total: float


@event_parser(model=Order, envelope=envelopes.SqsEnvelope)
def envelope_handler(event: list[Order], context: LambdaContext) -> None:
    seen.extend(event)


def model_handler(event: dict[str, Any], context: LambdaContext) -> None:
    seen.append(parse(event=event, model=SqsModel))


class OrderRecord(SqsRecordModel):
    body: Json[Order]  # type: ignore[assignment]


model_batch = BatchProcessor(event_type=EventType.SQS, model=OrderRecord)


def note_order(record: OrderRecord) -> None:
    worked_on.append(str(record.body.id))  # type: ignore[attr-defined]


def model_batch_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, note_order, model_batch, context)


# --- Data classes ----------------------------------------------------------------------------------------------------


@event_source(data_class=SQSEvent)
def data_class_handler(event: SQSEvent, context: LambdaContext) -> None:
    for record in event.records:
        seen.append(
            {
                "body": record.body,
                "message_id": record.message_id,
                "receive_count": record.attributes.approximate_receive_count,
                "sent": record.attributes.sent_timestamp,
                "group": record.attributes.message_group_id,
                "queue_url": record.queue_url,
                "source": record.event_source_arn,
                "region": record.aws_region,
                "attributes": {
                    name: attribute.string_value for name, attribute in record.message_attributes.items() if attribute
                },
            }
        )


# --- Idempotency -----------------------------------------------------------------------------------------------------


class InMemory(BasePersistenceLayer):
    """Keeps the records of idempotency where the documentation has DynamoDB."""

    def __init__(self) -> None:
        self.records: dict[str, DataRecord] = {}
        super().__init__()

    def _get_record(self, idempotency_key: str) -> DataRecord:
        if idempotency_key not in self.records:
            raise IdempotencyItemNotFoundError
        return self.records[idempotency_key]

    def _put_record(self, data_record: DataRecord) -> None:
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        self.records.pop(data_record.idempotency_key)


store = InMemory()
idempotency = IdempotencyConfig(event_key_jmespath="id")


@idempotent_function(data_keyword_argument="order", config=idempotency, persistence_store=store)
def charge(order: dict[str, Any]) -> dict[str, Any]:
    worked_on.append(str(order["id"]))
    return {"charged": order["id"]}


def idempotent_handler(event: dict[str, Any], context: LambdaContext) -> None:
    idempotency.register_lambda_context(context)
    for record in event["Records"]:
        seen.append(charge(order=json.loads(record["body"])))
