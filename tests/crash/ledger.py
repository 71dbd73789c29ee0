"""What was asked of the server and what it acknowledged, kept outside of it.

A call without an answer may have happened or not: the ledger then knows less, never something wrong. A body names its
message, since the id of an unanswered send is unknown.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice


class Fate(Enum):
    """Of a call about a message."""

    NEVER = "never asked"
    UNKNOWN = "asked, no answer"
    ACKNOWLEDGED = "acknowledged"


@dataclass
class Record:
    """One message."""

    body: str
    queue: str
    group: str | None = None
    deduplication_id: str | None = None
    sent: Fate = Fate.UNKNOWN
    deleted: Fate = Fate.NEVER
    message_id: str | None = None  # Of its newest life: a move task makes it a new message, never received.
    sent_ms: int = 0  # SentTimestamp of that life, once a receive has told.
    order: int = 0  # In which sends were asked for. A group has one sender, which waits for each answer.
    receives: int = 0  # Acknowledged, in that life.
    handle: str | None = None  # Of the last acknowledged receive.


@dataclass(frozen=True)
class Delivery:
    """A message of a receive's answer."""

    body: str
    handle: str
    message_id: str
    sent_ms: int


@dataclass
class Ledger:
    """Thread-safe: workers write, the audit reads while no worker runs."""

    records: dict[str, Record] = field(default_factory=dict)
    # By queue and body: in flight for longer than any run takes, and no call since that could have changed it.
    held: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    unanswered_receives: int = 0  # Each may have taken any message.
    # Tag: values it may have; None is no such tag.
    tags: dict[str, set[str | None]] = field(default_factory=lambda: defaultdict(lambda: {None}))
    sends: int = 0  # Asked for.
    tasks_asked: int = 0  # Message move tasks.
    tasks_started: int = 0  # Acknowledged.
    a_task_may_run: bool = False
    acknowledged: int = 0  # Calls.
    complaints: list[str] = field(default_factory=list)  # Answers that no call should get.
    lock: threading.Lock = field(default_factory=threading.Lock)

    # --- Sends -------------------------------------------------------------------------------------------------------

    def will_send(self, record: Record) -> None:
        with self.lock:
            self.sends += 1
            record.order = self.sends
            self.records[record.body] = record

    def was_sent(self, body: str, message_id: str) -> None:
        with self.lock:
            record = self.records[body]
            record.sent = Fate.ACKNOWLEDGED
            record.message_id = message_id

    # --- Receives ----------------------------------------------------------------------------------------------------

    def will_receive(self) -> None:
        with self.lock:
            self.unanswered_receives += 1

    def was_received(self, deliveries: list[Delivery], is_held: bool) -> None:
        with self.lock:
            self.unanswered_receives -= 1
            for delivery in deliveries:
                record = self.records[delivery.body]
                count_receive(record, delivery)
                record.handle = delivery.handle
                if is_held:
                    self.held[record.queue][record.body] = record
                else:
                    self.held[record.queue].pop(record.body, None)

    # --- Deletes -----------------------------------------------------------------------------------------------------

    def take_held(self, queue: str, count: int) -> list[Record]:
        """Messages in flight that a worker may now delete or change: no other gets them."""
        with self.lock:
            held = self.held[queue]
            return [held.pop(body) for body in list(islice(held, count))]

    def will_delete(self, body: str) -> None:
        with self.lock:
            self.records[body].deleted = Fate.UNKNOWN

    def was_deleted(self, body: str) -> None:
        with self.lock:
            self.records[body].deleted = Fate.ACKNOWLEDGED

    # --- Move tasks --------------------------------------------------------------------------------------------------

    def will_start_task(self) -> None:
        with self.lock:
            self.tasks_asked += 1
            self.a_task_may_run = True

    def was_started(self) -> None:
        with self.lock:
            self.tasks_started += 1

    def was_cancelled(self, tasks_asked: int) -> None:
        """The task that ran; `tasks_asked` is as it was when the cancel was asked for."""
        with self.lock:
            if tasks_asked == self.tasks_asked:
                self.a_task_may_run = False

    # --- Tags --------------------------------------------------------------------------------------------------------

    def will_tag(self, tag: str, value: str) -> None:
        with self.lock:
            self.tags[tag].add(value)

    def has_tag(self, tag: str, value: str | None) -> None:
        with self.lock:
            self.tags[tag] = {value}

    # --- Calls -------------------------------------------------------------------------------------------------------

    def was_answered(self) -> None:
        with self.lock:
            self.acknowledged += 1

    def complain(self, text: str) -> None:
        with self.lock:
            self.complaints.append(text)


def count_receive(record: Record, delivery: Delivery) -> None:
    """Answers of two receives may come in another order than they were given: an older life is over by then."""
    if delivery.message_id == record.message_id:
        record.receives += 1
    elif delivery.sent_ms >= record.sent_ms:
        record.message_id = delivery.message_id
        record.receives = 1
    else:
        return
    record.sent_ms = delivery.sent_ms
