"""What the state machines drive: an engine, its twin and the model, all three given the same calls.

The twin has the same seed and lives through the same time in other steps, so it must end with the same history, byte
for byte. The model says what each answer must be. Ids and handles are the engine's to choose: they are paired with the
names the model gives (``message-1``, ``handle-1``, ``task-1``) as they turn up.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from model import Batch, World
from model_queue import SECOND, Delivery, SendAnswer, SqsError, arn_of
from model_redrive import MoveTask

import localsqs
from localsqs.errors import ClientError

NAME = re.compile(r"\b(?:message|handle|task)-\d+\b")

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Pairs:
    """Which of the engine's ids and handles is which of the model's: one to one."""

    def __init__(self) -> None:
        self.by_model: dict[str, str] = {}
        self.by_engine: dict[str, str] = {}

    def are_one(self, model_name: str, engine_name: str) -> bool:
        self.by_model.setdefault(model_name, engine_name)
        self.by_engine.setdefault(engine_name, model_name)
        return self.by_model[model_name] == engine_name and self.by_engine[engine_name] == model_name

    def to_engine(self, text: str) -> str:
        """``text`` with the model's names replaced; those without a pair stay."""
        return NAME.sub(lambda found: self.by_model.get(found[0], found[0]), text)

    def match(self, expected: Any, got: Any) -> bool:
        if isinstance(expected, dict):
            same_keys = isinstance(got, dict) and expected.keys() == got.keys()
            return same_keys and all(self.match(expected[key], got[key]) for key in expected)
        if isinstance(expected, list):
            same_length = isinstance(got, list) and len(expected) == len(got)
            return same_length and all(self.match(e, g) for e, g in zip(expected, got, strict=True))
        if isinstance(expected, str) and NAME.fullmatch(expected):
            return isinstance(got, str) and self.are_one(expected, got)
        if isinstance(expected, str):
            return bool(self.to_engine(expected) == got)
        return bool(expected == got)


class Rig:
    def __init__(self, seed: int = 0, **options: Any) -> None:
        self.engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=seed, **options)
        self.twin = localsqs.Engine(clock=localsqs.ManualClock(), seed=seed, **options)
        self.clients = [engine.client("sqs") for engine in (self.engine, self.twin)]
        self.world = World(
            now=self.engine.clock.now_ns(),
            strict=options.get("strict", False),
            in_flight_limit=options.get("in_flight_limit", 120_000),
        )
        self.pairs = Pairs()
        self.urls: dict[str, str] = {}
        self.handles: list[tuple[str, str]] = []  # (queue, the model's name), all ever received.
        self.tasks: list[MoveTask] = []

    # --- Calls ------------------------------------------------------------------------------------------------------

    def call(self, operation: str, parameters: dict[str, Any], ask_model: Callable[[], Any]) -> Any:
        """Compares the three answers. ``ask_model`` gives the model's, in AWS's shape. None if they are an error."""
        got, twins = (answer_of(client, operation, parameters) for client in self.clients)
        assert got == twins, f"{operation}({parameters}): the engine {got}, its twin {twins}"
        try:
            expected = ask_model()
        except SqsError as error:
            expected = {"Error": {"Code": error.code, "Message": self.pairs.to_engine(error.text)}}
        assert self.pairs.match(expected, got), (
            f"{operation}({parameters})\n  engine: {got}\n  model:  {expected}\n"
            f"  in the engine's names: {self.pairs.to_engine(repr(expected))}"
        )
        assert self.engine.clock.now_ns() == self.world.now, f"{operation}({parameters}) took another time"
        return None if "Error" in got else got

    def engine_handle(self, handle: str) -> str:
        return self.pairs.by_model.get(handle, handle)

    # --- Queues -----------------------------------------------------------------------------------------------------

    def create_queue(self, name: str, deduplication_scope: str = "queue", **settings: Any) -> None:
        attributes = attributes_of(settings)
        if name.endswith(".fifo"):
            attributes |= {"FifoQueue": "true", "DeduplicationScope": deduplication_scope}
        for client in self.clients:
            self.urls[name] = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.world.create_queue(name, deduplication_scope=deduplication_scope, **settings)

    def delete_queue(self, name: str) -> None:
        self.call("delete_queue", {"QueueUrl": self.urls[name]}, lambda: nothing(self.world.delete_queue(name)))

    def set_queue_attributes(self, name: str, **settings: Any) -> None:
        def ask_model() -> dict[str, Any]:
            return nothing(self.world.set_queue_attributes(name, **settings))

        parameters = {"QueueUrl": self.urls[name], "Attributes": attributes_of(settings)}
        self.call("set_queue_attributes", parameters, ask_model)

    def purge_queue(self, name: str) -> None:
        self.call("purge_queue", {"QueueUrl": self.urls[name]}, lambda: nothing(self.world.purge_queue(name)))

    def check_counts(self) -> None:
        for name in self.world.queues:
            parameters = {"QueueUrl": self.urls[name], "AttributeNames": list(COUNTS)}
            expected = dict(zip(COUNTS, map(str, self.world.counts(name)), strict=True))
            got = answer_of(self.clients[0], "get_queue_attributes", parameters)
            assert got == {"Attributes": expected}, f"counts of {name}: engine {got}, model {expected}"

    # --- Messages ---------------------------------------------------------------------------------------------------

    def send(self, name: str, body: str, **options: Any) -> None:
        parameters = {"QueueUrl": self.urls[name]} | send_parameters(body, **options)
        self.call("send_message", parameters, lambda: send_answer(body, self.world.send(name, body, **options)))

    def send_batch(self, name: str, entries: list[dict[str, Any]]) -> None:
        def ask_model() -> dict[str, Any]:
            batch = self.world.send_batch(name, entries)
            bodies = {entry["id"]: entry["body"] for entry in entries}
            return batch_answer(batch, lambda entry_id, answer: send_answer(bodies[entry_id], answer))

        rows = [{"Id": e["id"]} | send_parameters(**{k: v for k, v in e.items() if k != "id"}) for e in entries]
        self.call("send_message_batch", {"QueueUrl": self.urls[name], "Entries": rows}, ask_model)

    def receive(
        self,
        name: str,
        max_messages: int = 1,
        visibility_timeout: int | None = None,
        wait: int | None = None,
        attempt: str | None = None,
    ) -> list[str]:
        """The handles received, by the model's names."""
        handles: list[str] = []

        def ask_model() -> dict[str, Any]:
            deliveries = self.world.receive(name, max_messages, visibility_timeout, wait, attempt)
            assert len({id(delivery.message) for delivery in deliveries}) == len(deliveries)
            handles.extend(delivery.receipt_handle for delivery in deliveries)
            return {"Messages": [message_answer(delivery) for delivery in deliveries]} if deliveries else {}

        parameters = given(
            QueueUrl=self.urls[name],
            MaxNumberOfMessages=max_messages,
            VisibilityTimeout=visibility_timeout,
            WaitTimeSeconds=wait,
            ReceiveRequestAttemptId=attempt,
            MessageSystemAttributeNames=["All"],
        )
        self.call("receive_message", parameters, ask_model)
        self.handles += [(name, handle) for handle in handles if (name, handle) not in self.handles]
        return handles

    def delete(self, name: str, handle: str) -> None:
        parameters = {"QueueUrl": self.urls[name], "ReceiptHandle": self.engine_handle(handle)}
        self.call("delete_message", parameters, lambda: nothing(self.world.delete(name, handle)))

    def delete_batch(self, name: str, handles: list[str]) -> None:
        entries = [{"id": f"e{i}", "handle": handle} for i, handle in enumerate(handles)]
        rows = [{"Id": e["id"], "ReceiptHandle": self.engine_handle(e["handle"])} for e in entries]
        parameters = {"QueueUrl": self.urls[name], "Entries": rows}
        self.call("delete_message_batch", parameters, lambda: batch_answer(self.world.delete_batch(name, entries)))

    def change_visibility(self, name: str, handle: str, timeout: int) -> None:
        parameters = {
            "QueueUrl": self.urls[name],
            "ReceiptHandle": self.engine_handle(handle),
            "VisibilityTimeout": timeout,
        }

        def ask_model() -> dict[str, Any]:
            return nothing(self.world.change_visibility(name, handle, timeout))

        self.call("change_message_visibility", parameters, ask_model)

    def change_visibility_batch(self, name: str, changes: list[tuple[str, int]]) -> None:
        entries = [{"id": f"e{i}", "handle": h, "timeout": timeout} for i, (h, timeout) in enumerate(changes)]
        rows = [
            {"Id": e["id"], "ReceiptHandle": self.engine_handle(e["handle"]), "VisibilityTimeout": e["timeout"]}
            for e in entries
        ]

        def ask_model() -> dict[str, Any]:
            return batch_answer(self.world.change_visibility_batch(name, entries))

        self.call("change_message_visibility_batch", {"QueueUrl": self.urls[name], "Entries": rows}, ask_model)

    # --- Move tasks -------------------------------------------------------------------------------------------------

    def start_move_task(self, source: str, destination: str | None, rate: int | None) -> None:
        def ask_model() -> dict[str, Any]:
            self.tasks.append(self.world.start_move_task(source, destination, rate))
            return {"TaskHandle": self.tasks[-1].task_id}

        parameters = given(
            SourceArn=arn_of(source),
            DestinationArn=None if destination is None else arn_of(destination),
            MaxNumberOfMessagesPerSecond=rate,
        )
        self.call("start_message_move_task", parameters, ask_model)

    def cancel_move_task(self, task: MoveTask) -> None:
        parameters = {"TaskHandle": self.pairs.by_model[task.task_id]}
        self.call(
            "cancel_message_move_task",
            parameters,
            lambda: {"ApproximateNumberOfMessagesMoved": self.world.cancel_move_task(task)},
        )

    def list_move_tasks(self, source: str, max_results: int = 10) -> None:
        def ask_model() -> dict[str, Any]:
            tasks = self.world.list_move_tasks(source, max_results)
            return {"Results": [task_answer(task) for task in tasks]} if tasks else {}

        parameters = {"SourceArn": arn_of(source), "MaxResults": max_results}
        self.call("list_message_move_tasks", parameters, ask_model)

    # --- Time and the end -------------------------------------------------------------------------------------------

    def advance_to(self, instant: int, pieces: int = 1) -> None:
        """The engine in one step, its twin in several."""
        now = self.world.now
        self.engine.clock.move_to_ns(instant)
        for piece in range(1, pieces + 1):
            self.twin.clock.move_to_ns(now + (instant - now) * piece // pieces)
        self.world.advance_to(instant)
        assert self.engine.clock.now_ns() == self.twin.clock.now_ns() == instant

    def check_at_end(self) -> None:
        self.check_counts()
        self.check_books()
        assert_same(self.engine.dump(), self.twin.dump(), "the twin, whose time went in other steps")
        assert bytes(self.engine.history()) == bytes(self.twin.history())
        rebuilt = localsqs.rebuild(self.engine.history())
        rebuilt.clock.move_to_ns(self.world.now)
        assert_same(self.engine.dump(), rebuilt.dump(), "the engine rebuilt from the history")

    def check_books(self) -> None:
        """What the engine's history says became of all messages is what the model's books say."""
        books = tally(self.engine.history())
        for name, queue in self.world.queues.items():
            expected = {
                "arrived": queue.books.arrived,
                "deleted": queue.books.deleted,
                "expired": queue.books.expired,
                "moved_away": queue.books.moved_away,
                "purged": queue.books.purged,
            }
            assert {key: books[name][key] for key in expected} == expected, f"books of {name}"
            assert queue.books.left() == sum(queue.counts())

    def close(self) -> None:
        self.engine.close()
        self.twin.close()


def tally(history: localsqs.History) -> dict[str, Counter[str]]:
    """What became of the messages of each queue, by name, out of the effects alone. Each leaves once, if at all."""
    names: dict[int, str] = {}
    present: dict[int, set[tuple[int, int]]] = {}
    books: dict[int, Counter[str]] = {}

    def arrive(queue: int, place: tuple[int, int]) -> None:
        assert place not in present[queue]
        present[queue].add(place)
        books[queue]["arrived"] += 1

    def leave(queue: int, place: tuple[int, int], how: str) -> None:
        present[queue].remove(place)
        books[queue][how] += 1

    for event in history:
        queue, details = event.queue_number, event.details
        place = (details.get("slot"), details.get("sequence"))
        match event.kind:
            case "QueueCreated":
                names[queue], present[queue], books[queue] = event.queue, set(), Counter()
            case "QueueDeleted":
                del names[queue]
            case "Sent":
                arrive(queue, place)
            case "Deleted" | "Expired":
                leave(queue, place, event.kind.lower())
            case "Moved" | "Redriven":
                leave(queue, place, "moved_away")
                if details["to_queue_number"] is not None:
                    arrive(details["to_queue_number"], tuple(details["to_place"]))
            case "QueuePurged":
                for place in list(present[queue]):
                    leave(queue, place, "purged")
    return {name: books[queue] for queue, name in names.items()}


def assert_same(expected: str, got: str, what: str) -> None:
    if expected != got:
        lines = difflib.unified_diff(expected.splitlines(), got.splitlines(), "engine", what, lineterm="", n=1)
        raise AssertionError("\n".join(lines))


# --- Plain conversions ----------------------------------------------------------------------------------------------


def answer_of(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    """The answer without its metadata; an error as ``{"Error": {"Code", "Message"}}``."""
    try:
        answer = getattr(client, operation)(**parameters)
    except ClientError as error:
        return {"Error": {key: error.response["Error"][key] for key in ("Code", "Message")}}
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def given(**parameters: Any) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if value is not None}


def nothing(_: None) -> dict[str, Any]:
    return {}


def md5(body: str) -> str:
    return hashlib.md5(body.encode()).hexdigest()


def send_parameters(
    body: str, delay: int | None = None, group: str | None = None, dedup: str | None = None
) -> dict[str, Any]:
    return given(MessageBody=body, DelaySeconds=delay, MessageGroupId=group, MessageDeduplicationId=dedup)


def send_answer(body: str, answer: SendAnswer) -> dict[str, Any]:
    sequence_number = None if answer.sequence_number is None else str(answer.sequence_number)
    return given(MessageId=answer.message_id, MD5OfMessageBody=md5(body), SequenceNumber=sequence_number)


def message_answer(delivery: Delivery) -> dict[str, Any]:
    return {
        "MessageId": delivery.message.message_id,
        "ReceiptHandle": delivery.receipt_handle,
        "Body": delivery.message.body,
        "MD5OfBody": md5(delivery.message.body),
        "Attributes": delivery.attributes(),
    }


def batch_answer(batch: Batch, answer_of_entry: Callable[[str, Any], dict[str, Any]] = lambda *_: {}) -> dict[str, Any]:
    successful = [{"Id": entry_id} | answer_of_entry(entry_id, answer) for entry_id, answer in batch.successful]
    failed = [{"Id": f.entry_id, "SenderFault": True, "Code": f.code, "Message": f.text} for f in batch.failed]
    return {key: rows for key, rows in (("Successful", successful), ("Failed", failed)) if rows}


def task_answer(task: MoveTask) -> dict[str, Any]:
    return given(
        TaskHandle=task.task_id if task.status == "RUNNING" else None,
        Status=task.status,
        SourceArn=task.source.arn,
        DestinationArn=None if task.destination is None else task.destination.arn,
        MaxNumberOfMessagesPerSecond=task.rate,
        ApproximateNumberOfMessagesMoved=task.moved,
        ApproximateNumberOfMessagesToMove=task.to_move,
        FailureReason=task.failure_reason,
        StartedTimestamp=task.started_at * 1000 // SECOND,
    )


def attributes_of(settings: dict[str, Any]) -> dict[str, str]:
    """CreateQueue's and SetQueueAttributes' attributes for the model's settings."""
    plain = {
        "delay_seconds": "DelaySeconds",
        "visibility_timeout": "VisibilityTimeout",
        "retention_period": "MessageRetentionPeriod",
        "wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    }
    attributes = {plain[key]: str(value) for key, value in settings.items() if key in plain}
    if "content_based_deduplication" in settings:
        attributes["ContentBasedDeduplication"] = str(settings["content_based_deduplication"]).lower()
    if settings.get("dead_letter_queue") is not None:
        target, count = arn_of(settings["dead_letter_queue"]), settings["max_receive_count"]
        attributes["RedrivePolicy"] = f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":{count}}}'
    elif "dead_letter_queue" in settings:
        attributes["RedrivePolicy"] = ""
    return attributes
