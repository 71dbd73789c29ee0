"""The audit itself: it finds what it is there to find."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from audit import Verdict, audit
from http_wire import Wire
from ledger import Ledger
from load import DEAD_LETTER, FIFO, STANDARD, Client, Worker, make_queues, queue_url

import localsqs


@pytest.fixture
def client() -> Iterator[Client]:
    engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=7)
    with engine, engine.serve() as server, Wire(server.port) as wire:
        client = Client(wire, Ledger())
        make_queues(client)
        yield client


@pytest.fixture
def worker(client: Client) -> Worker:
    return Worker("w", "t", client, random.Random(7))


def verdict_of(client: Client) -> Verdict:
    return audit(client, random.Random(7))


def send(worker: Worker) -> str:
    before = set(worker.ledger.records)
    worker.send()
    (body,) = set(worker.ledger.records) - before
    return body


def behind_the_ledger(client: Client, operation: str, **members: object) -> dict:
    return Client(client.wire, Ledger()).call(operation, **members)


def test_a_faithful_server_is_clean(client, worker):
    for _ in range(300):
        worker.chance.choice(
            [worker.send, worker.send_batch, worker.send_in_group, worker.receive, worker.receive_fifo]
        )()
        worker.chance.choice([worker.delete, worker.delete_batch, worker.make_visible, worker.tag])()
    for _ in range(2):
        verdict = verdict_of(client)
        assert verdict.is_clean, verdict
    assert verdict.messages > 100


def test_a_lost_message(client, worker):
    body = send(worker)
    behind_the_ledger(client, "PurgeQueue", QueueUrl=queue_url(STANDARD))
    assert verdict_of(client).lost == [f"{body} of {STANDARD}"]


def test_a_message_that_came_back(client, worker):
    body = send(worker)
    client.ledger.was_deleted(body)
    assert verdict_of(client).resurrected == [f"{body} of {STANDARD}"]


def test_an_unanswered_send_may_be_there_or_not(client, worker):
    record = worker.new_record(STANDARD)
    client.ledger.will_send(record)
    assert verdict_of(client).is_clean
    assert record.body not in client.ledger.records


def test_an_unanswered_send_that_happened_is_the_last_of_its_group(client, worker):
    first, last = worker.new_record(FIFO), worker.new_record(FIFO)
    for record in (first, last):
        record.group, record.deduplication_id = "g", record.body[:100]
        client.ledger.will_send(record)
        members = {"MessageGroupId": "g", "MessageDeduplicationId": record.deduplication_id}
        sent = behind_the_ledger(client, "SendMessage", QueueUrl=queue_url(FIFO), MessageBody=record.body, **members)
        if record is first:
            client.ledger.was_sent(record.body, sent["MessageId"])
    for _ in range(2):  # The second audit knows that it happened.
        assert verdict_of(client).is_clean


def test_groups_out_of_order(client, worker):
    records = [worker.new_record(FIFO) for _ in range(2)]
    for record in records:
        record.group = "g"
        client.ledger.will_send(record)
    for record in reversed(records):
        members = {"MessageGroupId": "g", "MessageDeduplicationId": record.body[:100]}
        sent = behind_the_ledger(client, "SendMessage", QueueUrl=queue_url(FIFO), MessageBody=record.body, **members)
        client.ledger.was_sent(record.body, sent["MessageId"])
    assert verdict_of(client).wrong == ["order of group g"]


def test_a_message_that_nobody_sent(client):
    behind_the_ledger(client, "SendMessage", QueueUrl=queue_url(STANDARD), MessageBody="stranger")
    assert verdict_of(client).wrong == [f"never sent to {STANDARD}: stranger"]


def test_a_message_in_the_wrong_queue(client, worker):
    body = send(worker)
    behind_the_ledger(client, "SendMessage", QueueUrl=queue_url(DEAD_LETTER), MessageBody=body)
    assert f"twice: {body}" in verdict_of(client).wrong


def test_a_receive_that_was_forgotten(client, worker):
    body = send(worker)
    client.ledger.will_receive()
    client.ledger.was_received([(body, "handle")], is_held=True)
    wrong = verdict_of(client).wrong
    assert f"received 1 times, counted 0: {body}" in wrong
    assert any(text.startswith("in flight before, ") for text in wrong)


def test_a_forgotten_deduplication_id(client, worker):
    worker.send_in_group()
    (record,) = client.ledger.records.values()
    record.message_id = "another"
    assert verdict_of(client).wrong == [f"another id: {record.body}"]


def test_a_forgotten_tag(client):
    client.ledger.has_tag("w", "7")
    assert verdict_of(client).wrong == ["tag w: None, not one of {'7'}"]
