"""A mixed load from several connections, until the server is gone."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from http_wire import Wire, json_request
from ledger import Delivery, Ledger, Record

STANDARD = "jobs"
DEAD_LETTER = "jobs-dead"
FIFO = "orders.fifo"
# Longer than a run: what was received with it and not changed since must be in flight after every restart.
HOLD_SECONDS = 36_000
MAX_RECEIVE_COUNT = 3
# The list tells of ten tasks.
NO_LONGER_ACTIVE = ("Only active tasks can be cancelled", "Task does not exist")
DEAD_LETTER_ARN = f"arn:aws:sqs:us-east-1:000000000000:{DEAD_LETTER}"


class Gone(Exception):
    """The server closed the connection, or is not there."""


def queue_url(name: str) -> str:
    return f"http://sqs.test/000000000000/{name}"


@dataclass
class Client:
    """A connection that says every answer to the ledger."""

    wire: Wire
    ledger: Ledger

    def call(self, operation: str, *, unless: tuple[str, ...] = (), **members: Any) -> Any:
        """The result; None if it was refused with an error that holds a text of `unless`."""
        self.ask(operation, **members)
        return self.result(operation, members, unless)

    def ask(self, operation: str, **members: Any) -> None:
        try:
            self.wire.send(json_request(operation, members))
        except OSError as error:
            raise Gone from error

    def result(self, operation: str, members: dict[str, Any], unless: tuple[str, ...] = ()) -> Any:
        try:
            answer = self.wire.answer()
            result = answer.json() if answer.body else {}
        except (OSError, ValueError) as error:  # Reset, or half an answer.
            raise Gone from error
        if answer.status in (400, 404) and any(text in answer.text for text in unless):
            result = None
        elif answer.status != 200:
            raise AssertionError(f"{operation} {members}: {answer.status} {answer.text}")
        self.ledger.was_answered()
        return result


def make_queues(client: Client) -> None:
    """As often as one likes: equal calls answer the queue that is there."""
    client.call("CreateQueue", QueueName=DEAD_LETTER)
    policy = f'{{"deadLetterTargetArn":"{DEAD_LETTER_ARN}","maxReceiveCount":{MAX_RECEIVE_COUNT}}}'
    client.call("CreateQueue", QueueName=STANDARD, Attributes={"RedrivePolicy": policy})
    client.call("CreateQueue", QueueName=FIFO, Attributes={"FifoQueue": "true"})


class Worker:
    """Calls in a random order. Bodies and groups carry its name, and its tag is its own: no two workers share one."""

    def __init__(self, name: str, tag_key: str, client: Client, chance: random.Random) -> None:
        self.name = name
        self.tag_key = tag_key
        self.client = client
        self.ledger = client.ledger
        self.chance = chance
        self.made = 0
        self.task_handle: str | None = None

    def run(self) -> None:
        weights: dict[Callable[[], None], int] = {
            self.send: 20,
            self.send_batch: 4,
            self.send_in_group: 12,
            self.receive: 18,
            self.receive_fifo: 8,
            self.delete: 16,
            self.delete_batch: 12,
            self.make_visible: 6,
            self.tag: 2,
            self.start_task: 2,
            self.cancel_task: 1,
        }
        calls = list(weights)
        try:
            while True:
                self.chance.choices(calls, list(weights.values()))[0]()
        except Gone:
            pass
        except AssertionError as error:
            self.ledger.complain(str(error))
        finally:
            self.client.wire.close()

    def new_record(self, queue: str) -> Record:
        self.made += 1
        return Record(f"{self.name}-{self.made}-{'x' * self.chance.randrange(200)}", queue)

    def send(self) -> None:
        record = self.new_record(STANDARD)
        self.ledger.will_send(record)
        delay = self.chance.choice([0, 0, 0, 900])
        answer = self.client.call(
            "SendMessage", QueueUrl=queue_url(STANDARD), MessageBody=record.body, DelaySeconds=delay
        )
        self.ledger.was_sent(record.body, answer["MessageId"])

    def send_batch(self) -> None:
        records = [self.new_record(STANDARD) for _ in range(10)]
        for record in records:
            self.ledger.will_send(record)
        entries = [{"Id": str(i), "MessageBody": record.body} for i, record in enumerate(records)]
        answer = self.client.call("SendMessageBatch", QueueUrl=queue_url(STANDARD), Entries=entries)
        for entry in answer["Successful"]:
            self.ledger.was_sent(records[int(entry["Id"])].body, entry["MessageId"])

    def send_in_group(self) -> None:
        record = self.new_record(FIFO)
        record.group = f"{self.name}-{self.chance.randrange(4)}"
        record.deduplication_id = record.body[:100]
        self.ledger.will_send(record)
        answer = self.client.call(
            "SendMessage",
            QueueUrl=queue_url(FIFO),
            MessageBody=record.body,
            MessageGroupId=record.group,
            MessageDeduplicationId=record.deduplication_id,
        )
        self.ledger.was_sent(record.body, answer["MessageId"])

    def receive(self) -> None:
        self.receive_from(STANDARD, self.chance.choice([HOLD_SECONDS, HOLD_SECONDS, HOLD_SECONDS, 0]))

    def receive_fifo(self) -> None:
        self.receive_from(FIFO, HOLD_SECONDS)

    def receive_from(self, queue: str, visibility_timeout: int) -> None:
        self.ledger.will_receive()
        answer = self.client.call(
            "ReceiveMessage",
            QueueUrl=queue_url(queue),
            MaxNumberOfMessages=10,
            VisibilityTimeout=visibility_timeout,
            AttributeNames=["SentTimestamp"],
        )
        self.ledger.was_received(deliveries_of(answer), is_held=visibility_timeout == HOLD_SECONDS)

    def delete(self) -> None:
        queue = self.chance.choice([STANDARD, FIFO])
        for record in self.ledger.take_held(queue, 1):
            self.ledger.will_delete(record.body)
            self.client.call("DeleteMessage", QueueUrl=queue_url(queue), ReceiptHandle=record.handle)
            self.ledger.was_deleted(record.body)

    def delete_batch(self) -> None:
        queue = self.chance.choice([STANDARD, FIFO])
        records = self.ledger.take_held(queue, 10)
        if not records:
            return
        for record in records:
            self.ledger.will_delete(record.body)
        entries = [{"Id": str(i), "ReceiptHandle": record.handle} for i, record in enumerate(records)]
        answer = self.client.call("DeleteMessageBatch", QueueUrl=queue_url(queue), Entries=entries)
        for entry in answer["Successful"]:
            self.ledger.was_deleted(records[int(entry["Id"])].body)

    def make_visible(self) -> None:
        for record in self.ledger.take_held(STANDARD, 1):
            self.client.call(
                "ChangeMessageVisibility",
                QueueUrl=queue_url(STANDARD),
                ReceiptHandle=record.handle,
                VisibilityTimeout=0,
            )

    def start_task(self) -> None:
        """Moves dead letters back: all at once, or at a rate that leaves some for after the kill."""
        self.ledger.will_start_task()
        rate = self.chance.choice([{}, {"MaxNumberOfMessagesPerSecond": 20}, {"MaxNumberOfMessagesPerSecond": 500}])
        answer = self.client.call(
            "StartMessageMoveTask", unless=("already a task running",), SourceArn=DEAD_LETTER_ARN, **rate
        )
        if answer is not None:
            self.ledger.was_started()
            self.task_handle = answer["TaskHandle"]

    def cancel_task(self) -> None:
        if self.task_handle is None:
            return
        tasks_asked = self.ledger.tasks_asked
        answer = self.client.call("CancelMessageMoveTask", unless=NO_LONGER_ACTIVE, TaskHandle=self.task_handle)
        if answer is not None:
            self.ledger.was_cancelled(tasks_asked)
        self.task_handle = None

    def tag(self) -> None:
        value = f"{self.name}-{self.made}"
        self.ledger.will_tag(self.tag_key, value)
        self.client.call("TagQueue", QueueUrl=queue_url(STANDARD), Tags={self.tag_key: value})
        self.ledger.has_tag(self.tag_key, value)


class Crowd:
    """Clients that all ask in the same moment: what they do is committed together, and goes through the journal."""

    SIZE = 20

    def __init__(self, name: str, port: int, ledger: Ledger, chance: random.Random) -> None:
        self.name = name
        self.clients = [Client(Wire(port), ledger) for _ in range(self.SIZE)]
        self.ledger = ledger
        self.chance = chance
        self.made = 0

    def run(self) -> None:
        try:
            while True:
                self.chance.choice([self.send, self.receive, self.delete])()
        except Gone:
            pass
        except AssertionError as error:
            self.ledger.complain(str(error))
        finally:
            for client in self.clients:
                client.wire.close()

    def ask_all(self, operation: str, members: list[dict[str, Any]]) -> Iterator[Any]:
        """Results in order; fewer than all when the server goes."""
        asking = list(zip(self.clients, members, strict=False))
        for client, request in asking:
            client.ask(operation, QueueUrl=queue_url(STANDARD), **request)
        for client, request in asking:
            yield client.result(operation, request)

    def send(self) -> None:
        records = []
        for _ in self.clients:
            self.made += 1
            records.append(Record(f"{self.name}-{self.made}-{'x' * self.chance.randrange(200)}", STANDARD))
            self.ledger.will_send(records[-1])
        answers = self.ask_all("SendMessage", [{"MessageBody": record.body} for record in records])
        for record, answer in zip(records, answers, strict=True):
            self.ledger.was_sent(record.body, answer["MessageId"])

    def receive(self) -> None:
        for _ in self.clients:
            self.ledger.will_receive()
        request = {"VisibilityTimeout": HOLD_SECONDS, "AttributeNames": ["SentTimestamp"]}
        for answer in self.ask_all("ReceiveMessage", [request] * self.SIZE):
            self.ledger.was_received(deliveries_of(answer), is_held=True)

    def delete(self) -> None:
        records = self.ledger.take_held(STANDARD, self.SIZE)
        for record in records:
            self.ledger.will_delete(record.body)
        answers = self.ask_all("DeleteMessage", [{"ReceiptHandle": record.handle} for record in records])
        for record, _ in zip(records, answers, strict=True):
            self.ledger.was_deleted(record.body)


def deliveries_of(answer: dict[str, Any]) -> list[Delivery]:
    return [
        Delivery(row["Body"], row["ReceiptHandle"], row["MessageId"], int(row["Attributes"]["SentTimestamp"]))
        for row in answer.get("Messages", [])
    ]


def start_workers(count: int, load: int, port: int, ledger: Ledger, chance: random.Random) -> list[threading.Thread]:
    """Every other load is one of crowds. Args: how many; the number of this load, for names that no other load has."""
    workers: list[Worker | Crowd] = []
    for number in range(count):
        name, own_chance = f"l{load}w{number}", random.Random(chance.random())
        if load % 2 == 0:
            workers.append(Worker(name, f"w{number}", Client(Wire(port), ledger), own_chance))
        elif number % 2 == 0:
            workers.append(Crowd(name, port, ledger, own_chance))
    threads = [threading.Thread(target=worker.run, name=worker.name) for worker in workers]
    for thread in threads:
        thread.start()
    return threads
