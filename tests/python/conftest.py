"""A fresh, seeded engine on a manual clock for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import localsqs
from localsqs.sqs_client import SQS


@pytest.fixture
def engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7) as engine:
        yield engine


@pytest.fixture
def sqs(engine: localsqs.Engine) -> SQS:
    return engine.client("sqs")


@pytest.fixture
def url(sqs: SQS) -> str:
    return sqs.create_queue(QueueName="orders")["QueueUrl"]


@pytest.fixture
def fifo_url(sqs: SQS) -> str:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]
