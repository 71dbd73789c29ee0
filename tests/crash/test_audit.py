"""The audit itself: it finds what it is there to find."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from audit import Verdict, audit, look
from http_wire import Wire
from ledger import Delivery, Ledger
from load import DEAD_LETTER, FIFO, MAX_RECEIVE_COUNT, STANDARD, Client, Worker, make_queues, queue_url

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
        worker.chance.choice([worker.start_task, worker.cancel_task, worker.tag])()
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
    record = client.ledger.records[body]
    client.ledger.was_received([Delivery(body, "handle", record.message_id, sent_ms=1)], is_held=True)
    wrong = verdict_of(client).wrong
    assert f"received 1 times, counted 0: {body}" in wrong
    assert any(text.startswith("in flight before, ") for text in wrong)


def test_a_forgotten_deduplication_id(client, worker):
    worker.send_in_group()
    (record,) = client.ledger.records.values()
    record.message_id = "another"
    assert verdict_of(client).wrong == [f"another id: {record.body}"]


def make_dead_letter(worker: Worker) -> str:
    body = send_without_delay(worker)
    for _ in range(MAX_RECEIVE_COUNT + 1):  # The last one finds it dead.
        worker.receive_from(STANDARD, 0)
    return body


def send_without_delay(worker: Worker) -> str:
    while True:
        body = send(worker)
        message = look(worker.client.wire, STANDARD)[-1]
        if message["state"] == "visible":
            return body
        behind_the_ledger(worker.client, "PurgeQueue", QueueUrl=queue_url(STANDARD))
        worker.client.ledger.was_deleted(body)


@pytest.mark.parametrize("is_received", [False, True])
def test_what_a_task_moved_is_a_new_message(client, worker, is_received):
    body = make_dead_letter(worker)
    record = client.ledger.records[body]
    dead_id = record.message_id
    worker.start_task()
    if is_received:
        worker.receive_from(STANDARD, 0)
        assert (record.message_id != dead_id, record.receives) == (True, 1)
    for _ in range(2):
        assert verdict_of(client).is_clean
    assert record.message_id != dead_id


def test_a_moved_message_that_is_lost_or_doubled(client, worker):
    body = make_dead_letter(worker)
    worker.start_task()
    behind_the_ledger(client, "SendMessage", QueueUrl=queue_url(DEAD_LETTER), MessageBody=body)
    assert f"twice: {body}" in verdict_of(client).wrong
    for queue in (STANDARD, DEAD_LETTER):
        behind_the_ledger(client, "PurgeQueue", QueueUrl=queue_url(queue))
    assert verdict_of(client).lost == [f"{body} of {STANDARD}"]


def test_another_id_that_no_task_gave(client, worker):
    record = client.ledger.records[send(worker)]
    record.message_id = "another"
    worker.start_task()
    assert verdict_of(client).wrong == [f"another id: {record.body}"]


def test_a_cancelled_task_that_runs(client, worker):
    for _ in range(3):
        make_dead_letter(worker)
    worker.chance.choice = lambda rates: {"MaxNumberOfMessagesPerSecond": 1}  # type: ignore[method-assign]
    worker.start_task()
    assert verdict_of(client).is_clean  # It runs, and the audit stops it.
    worker.start_task()
    client.ledger.was_cancelled(client.ledger.tasks_asked)
    (wrong,) = verdict_of(client).wrong
    assert wrong.startswith("a move task runs that is over: ['RUNNING'")


def test_a_forgotten_task(client):
    client.ledger.will_start_task()
    client.ledger.was_started()
    assert verdict_of(client).wrong == ["1 move tasks started, 0 known"]


def test_a_forgotten_tag(client):
    client.ledger.has_tag("w", "7")
    assert verdict_of(client).wrong == ["tag w: None, not one of {'7'}"]
