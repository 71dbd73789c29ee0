"""A small, slow, obviously right model of Amazon SQS, for the state machines to compare the engine with.

Lists and plain scans, no cleverness. Section numbers are those of the specification, shared/spec/sqs.md. Time is
virtual: whole nanoseconds, moved by ``World.advance_to`` through every event on the way.

This file is the world the queues live in: the calls, batches and time. ``model_queue.py`` holds what standard and FIFO
queues share, ``model_standard.py`` and ``model_fifo.py`` what they differ in, ``model_redrive.py`` what happens between
queues.

Message ids are ``message-1``, ``message-2``, ... and receipt handles ``handle-1``, ...: the machines pair them with
those of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model_fifo import FifoQueue
from model_queue import (
    IN_FLIGHT,
    NO_DEDUPLICATION_ID,
    SECOND,
    VISIBILITY_TIMEOUT_SECONDS_MAX,
    Delivery,
    Message,
    Queue,
    SendAnswer,
    Settings,
    SqsError,
    invalid_value,
)
from model_redrive import MoveTask, cancel_move_task, list_move_tasks, move_to_dead_letter_queue, start_move_task
from model_standard import StandardQueue

WAIT_TIME_SECONDS_MAX = 20  # 6.3
PURGE_INTERVAL = 60 * SECOND  # 3.3
BATCH_ENTRIES_MAX = 10  # 9


@dataclass(frozen=True)
class BatchFailure:
    """An entry of ``Failed``. Its ``SenderFault`` is always true here (9)."""

    entry_id: str
    code: str
    text: str


@dataclass
class World:
    """Queues, move tasks, and the time. The calls are AWS's, with plain arguments."""

    now: int = 0
    strict: bool = False  # The 60-second rule of PurgeQueue (3.3).
    in_flight_limit: int = 120_000  # 6.8
    queues: dict[str, Queue] = field(default_factory=dict)
    tasks: list[MoveTask] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def new_name(self, kind: str) -> str:
        self.names[kind] = self.names.get(kind, 0) + 1
        return f"{kind}-{self.names[kind]}"

    # --- Time --------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Lets everything due now happen. Every call does so before and after, so that nothing due is ever left."""
        moved = -1
        while moved != (moved := sum(task.moved for task in self.tasks)):  # A task may feed another one.
            for queue in self.queues.values():
                queue.pass_timers()
            for queue in self.queues.values():  # Tasks of one instant in the order in which their sources were created.
                for task in self.tasks:
                    if task.source is queue:
                        task.run()

    def next_event(self) -> int | None:
        instants = [queue.next_timer() for queue in self.queues.values()]
        instants += [task.next_step() for task in self.tasks]
        return min((at for at in instants if at is not None), default=None)

    def advance_to(self, instant: int) -> None:
        while (at := self.next_event()) is not None and at <= instant:
            self.now = at
            self.settle()
        self.now = instant
        self.settle()

    # --- Queues ------------------------------------------------------------------------------------------------------

    def create_queue(self, name: str, deduplication_scope: str = "queue", **settings: Any) -> Queue:
        if name.endswith(".fifo"):
            self.queues[name] = FifoQueue(self, name, Settings(**settings), deduplication_scope)
        else:
            self.queues[name] = StandardQueue(self, name, Settings(**settings))
        return self.queues[name]

    def delete_queue(self, name: str) -> None:
        """Everything in it goes with it, its move tasks as source too (3.2)."""
        self.settle()
        queue = self.queue(name)
        del self.queues[name]
        self.tasks = [task for task in self.tasks if task.source is not queue]
        self.settle()

    def queue(self, name: str) -> Queue:
        if name not in self.queues:
            raise SqsError("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return self.queues[name]

    def set_queue_attributes(self, name: str, **settings: Any) -> None:
        """Takes effect at once (4.1); what it touches: 6.2, 6.5, 6.7, 8.1."""
        self.settle()
        queue = self.queue(name)
        queue.settings = replace(queue.settings, **{k: v for k, v in settings.items() if k != "delay_seconds"})
        if "delay_seconds" in settings:
            queue.set_delay(settings["delay_seconds"])
        self.settle()

    def purge_queue(self, name: str) -> None:
        self.settle()
        queue = self.queue(name)
        if self.strict and queue.purged_at is not None and self.now < queue.purged_at + PURGE_INTERVAL:
            text = f"Only one PurgeQueue operation on {name} is allowed every 60 seconds."
            raise SqsError("AWS.SimpleQueueService.PurgeQueueInProgress", text)
        queue.purged_at = self.now
        queue.purge()
        self.settle()

    def counts(self, name: str) -> tuple[int, int, int]:
        self.settle()
        return self.queue(name).counts()

    # --- Messages ----------------------------------------------------------------------------------------------------

    def send(self, name: str, body: str, **options: Any) -> SendAnswer:
        """Options are ``delay``, ``group`` and ``dedup``."""
        self.settle()
        answer = self.queue(name).send(body, **options)
        self.settle()
        return answer

    def receive(
        self,
        name: str,
        max_messages: int = 1,
        visibility_timeout: int | None = None,
        wait: int | None = None,
        attempt: str | None = None,
    ) -> list[Delivery]:
        self.settle()
        queue = self.queue(name)
        check_receive(max_messages, wait, visibility_timeout)
        deadline = self.now + (queue.settings.wait_time_seconds if wait is None else wait) * SECOND
        short_poll = deadline == self.now
        if short_poll and not queue.fifo and queue.count(IN_FLIGHT) >= self.in_flight_limit:  # 6.8
            raise SqsError(
                "OverLimit",
                "Too many messages have been received without being deleted.\n"
                "Please delete your received messages or let them timeout before receiving more.",
            )
        while True:  # 6.4: answers as soon as one message can be returned.
            deliveries = self.try_receive(queue, max_messages, visibility_timeout, attempt)
            self.settle()
            if deliveries or short_poll:
                return deliveries
            if self.can_deliver(queue):
                continue  # The try itself moved a dead letter to where it can be received: here, or back by a task.
            if self.now >= deadline:
                return []
            self.advance_to(min(deadline, self.next_event() or deadline))

    def try_receive(self, queue: Queue, max_messages: int, timeout: int | None, attempt: str | None) -> list[Delivery]:
        timeout = queue.settings.visibility_timeout if timeout is None else timeout  # Read at each try (6.5).
        if attempt is not None and isinstance(queue, FifoQueue) and queue.remembers_attempt(attempt):
            return queue.repeat_attempt(attempt, timeout)
        room = self.in_flight_limit - queue.count(IN_FLIGHT)  # 6.8
        deliveries = queue.take(min(max_messages, room), timeout)
        if attempt is not None and isinstance(queue, FifoQueue):
            queue.remember_attempt(attempt, deliveries)
        return deliveries

    def can_deliver(self, queue: Queue) -> bool:
        return queue.count(IN_FLIGHT) < self.in_flight_limit and queue.next_to_deliver([], []) is not None

    def delete(self, name: str, handle: str) -> None:
        self.settle()
        self.queue(name).delete(handle)
        self.settle()

    def change_visibility(self, name: str, handle: str, timeout: int) -> None:
        self.settle()
        self.queue(name).change_visibility(handle, timeout)
        self.settle()

    # --- Batches (9) -------------------------------------------------------------------------------------------------

    def send_batch(self, name: str, entries: Sequence[dict[str, Any]]) -> Batch:
        """Entries have ``id`` and the arguments of ``send``."""
        self.settle()
        queue = self.queue(name)
        check_batch([entry["id"] for entry in entries], "SendMessageBatchRequestEntry")
        if queue.fifo:
            check_fifo_batch(queue, entries)
        batch = run_batch(entries, lambda entry: queue.send(**without_id(entry), batch=True))
        self.settle()
        return batch

    def delete_batch(self, name: str, entries: Sequence[dict[str, Any]]) -> Batch:
        self.settle()
        queue = self.queue(name)
        check_batch([entry["id"] for entry in entries], "DeleteMessageBatchRequestEntry")
        batch = run_batch(entries, lambda entry: queue.delete(**without_id(entry)))
        self.settle()
        return batch

    def change_visibility_batch(self, name: str, entries: Sequence[dict[str, Any]]) -> Batch:
        self.settle()
        queue = self.queue(name)
        check_batch([entry["id"] for entry in entries], "ChangeMessageVisibilityBatch")
        batch = run_batch(entries, lambda entry: queue.change_visibility(**without_id(entry), batch=True))
        self.settle()
        return batch

    # --- Between queues (model_redrive.py) ---------------------------------------------------------------------------

    def move_to_dead_letter_queue(self, source: Queue, message: Message) -> None:
        move_to_dead_letter_queue(self, source, message)

    def start_move_task(self, source: str, destination: str | None = None, rate: int | None = None) -> MoveTask:
        self.settle()
        task = start_move_task(self, source, destination, rate)
        self.settle()
        return task

    def cancel_move_task(self, task: MoveTask) -> int:
        self.settle()
        moved = cancel_move_task(self, task)
        self.settle()
        return moved

    def list_move_tasks(self, source: str, max_results: int = 1) -> list[MoveTask]:
        self.settle()
        return list_move_tasks(self, source, max_results)


@dataclass
class Batch:
    successful: list[tuple[str, Any]]
    failed: list[BatchFailure]


def check_receive(max_messages: int, wait: int | None, visibility_timeout: int | None) -> None:
    """6.3, in member order."""
    if not 1 <= max_messages <= 10:
        raise invalid_value(max_messages, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
    if visibility_timeout is not None and not 0 <= visibility_timeout <= VISIBILITY_TIMEOUT_SECONDS_MAX:
        raise invalid_value(visibility_timeout, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
    if wait is not None and not 0 <= wait <= WAIT_TIME_SECONDS_MAX:
        raise invalid_value(wait, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")


def check_batch(ids: Sequence[str], entry_name: str) -> None:
    if not ids:
        text = f"There should be at least one {entry_name} in the request."
        raise SqsError("AWS.SimpleQueueService.EmptyBatchRequest", text)
    if len(ids) > BATCH_ENTRIES_MAX:
        text = f"Maximum number of entries per request are 10. You have sent {len(ids)}."
        raise SqsError("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", text)
    for i, entry_id in enumerate(ids):
        if entry_id in ids[:i]:
            raise SqsError("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")


def check_fifo_batch(queue: Queue, entries: Iterable[dict[str, Any]]) -> None:
    """A missing group or deduplication id in one entry fails the whole request (7.1)."""
    for entry in entries:
        if entry.get("group") is None:
            raise SqsError("InvalidParameterValue", "The request must contain the parameter MessageGroupId.")
        if entry.get("dedup") is None and not queue.settings.content_based_deduplication:
            raise SqsError("InvalidParameterValue", NO_DEDUPLICATION_ID)


def without_id(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "id"}


def run_batch(entries: Iterable[dict[str, Any]], act: Callable[[dict[str, Any]], Any]) -> Batch:
    """Entries are independent, but the whole is one action: nothing happens between them (6.1)."""
    batch = Batch([], [])
    for entry in entries:
        try:
            batch.successful.append((entry["id"], act(entry)))
        except SqsError as error:
            batch.failed.append(BatchFailure(entry["id"], error.code, error.text))
    return batch
