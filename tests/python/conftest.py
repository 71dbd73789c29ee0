"""A fresh, seeded engine on a manual clock for each test, its clients, and its endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from http_wire import Wire

import localsqs
from localsqs.server import Server
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


@pytest.fixture
def server(engine: localsqs.Engine) -> Iterator[Server]:
    with engine.serve() as server:
        yield server


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.port) as wire:
        yield wire
