"""What a restarted server must show, compared with the ledger."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from http_wire import Wire, http_request
from ledger import Fate, Ledger, Record
from load import DEAD_LETTER, DEAD_LETTER_ARN, FIFO, MAX_RECEIVE_COUNT, NO_LONGER_ACTIVE, STANDARD, Client, queue_url

PAGE = 1000
SAMPLES = 5
LISTED_TASKS = 10  # ListMessageMoveTasks tells of no more.


@dataclass
class Verdict:
    """Of one restart."""

    messages: int = 0  # There, in all queues.
    lost: list[str] = field(default_factory=list)
    resurrected: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # Anything else that an answer had promised.

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.resurrected or self.wrong)


def look(wire: Wire, queue: str) -> list[dict[str, Any]]:
    """Every message of a queue in order of arrival, without receiving."""
    messages: list[dict[str, Any]] = []
    cursor = 0
    while cursor is not None:
        target = f"/_localsqs/queues/us-east-1/000000000000/{queue}/messages?limit={PAGE}&cursor={cursor}"
        answer = wire.ask(http_request("GET", target, {}))
        assert answer.status == 200, answer.text
        page = answer.json()
        messages += page["messages"]
        cursor = page["next"]
    return messages


def audit(client: Client, chance: random.Random) -> Verdict:
    """Compares, then settles what was unknown: the ledger afterwards says what is there."""
    verdict = Verdict(wrong=client.ledger.complaints)
    client.ledger.complaints = []
    check_tasks(client, verdict)
    stop_task(client)  # Messages that go from queue to queue while one looks would be missed.
    seen = find_messages(client, verdict)
    for record in client.ledger.records.values():
        check_record(record, seen.get(record.body), client.ledger, verdict)
    check_group_order(client.ledger, seen, verdict)
    check_tags(client, verdict)
    settle(client.ledger, seen)
    use_old_handles(client, chance, verdict)
    repeat_sends(client, chance, verdict)
    return verdict


def find_messages(client: Client, verdict: Verdict) -> dict[str, dict[str, Any]]:
    """Messages by body, each with the queue it was found in."""
    seen: dict[str, dict[str, Any]] = {}
    for queue in (STANDARD, DEAD_LETTER, FIFO):
        for message in look(client.wire, queue):
            body = message["body"]
            record = client.ledger.records.get(body)
            if body in seen:
                verdict.wrong.append(f"twice: {body}")
            if record is None or queue not in (record.queue, dead_letter_queue_of(record)):
                verdict.wrong.append(f"never sent to {queue}: {body}")
            seen[body] = {**message, "queue": queue}
            verdict.messages += 1
    return seen


def dead_letter_queue_of(record: Record) -> str | None:
    return DEAD_LETTER if record.queue == STANDARD else None


def check_record(record: Record, message: dict[str, Any] | None, ledger: Ledger, verdict: Verdict) -> None:
    if message is None:
        if record.sent is Fate.ACKNOWLEDGED and record.deleted is Fate.NEVER:
            verdict.lost.append(f"{record.body} of {record.queue}")
        return
    if record.deleted is Fate.ACKNOWLEDGED:
        verdict.resurrected.append(f"{record.body} of {record.queue}")
    receives = record.receives
    if record.message_id is not None and message["message_id"] != record.message_id:
        receives = 0
        if not may_have_been_moved(record, ledger):
            verdict.wrong.append(f"another id: {record.body}")
    if not receives <= message["receive_count"] <= receives + ledger.unanswered_receives:
        verdict.wrong.append(f"received {receives} times, counted {message['receive_count']}: {record.body}")
    if record.body in ledger.held[record.queue] and message["state"] != "in_flight":
        verdict.wrong.append(f"in flight before, {message['state']} now: {record.body}")


def may_have_been_moved(record: Record, ledger: Ledger) -> bool:
    """Back by a task, with a new id: what was a dead letter."""
    receives = record.receives + ledger.unanswered_receives
    return record.queue == STANDARD and ledger.tasks_asked > 0 and receives >= MAX_RECEIVE_COUNT


def check_group_order(ledger: Ledger, seen: dict[str, dict[str, Any]], verdict: Verdict) -> None:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in ledger.records.values():
        if record.group is not None and record.sent is Fate.ACKNOWLEDGED and record.body in seen:
            groups[record.group].append(record)
    for group, records in groups.items():
        sequences = [seen[record.body]["sequence"] for record in sorted(records, key=lambda record: record.order)]
        if sequences != sorted(sequences):
            verdict.wrong.append(f"order of group {group}")


def check_tags(client: Client, verdict: Verdict) -> None:
    tags = client.call("ListQueueTags", QueueUrl=queue_url(STANDARD)).get("Tags", {})
    for name, values in list(client.ledger.tags.items()):
        if tags.get(name) not in values:
            verdict.wrong.append(f"tag {name}: {tags.get(name)!r}, not one of {values}")
        client.ledger.has_tag(name, tags.get(name))  # What an unanswered call did is known now.


def check_tasks(client: Client, verdict: Verdict) -> None:
    answer = client.call("ListMessageMoveTasks", SourceArn=DEAD_LETTER_ARN, MaxResults=LISTED_TASKS)
    states = [task["Status"] for task in answer.get("Results", [])]  # The newest first.
    if not min(client.ledger.tasks_started, LISTED_TASKS) <= len(states) <= client.ledger.tasks_asked:
        verdict.wrong.append(f"{client.ledger.tasks_started} move tasks started, {len(states)} known")
    if "RUNNING" in states[1:] or ("RUNNING" in states and not client.ledger.a_task_may_run):
        verdict.wrong.append(f"a move task runs that is over: {states}")
    verdict.wrong += [f"a move task failed: {task}" for task in answer.get("Results", []) if task["Status"] == "FAILED"]


def stop_task(client: Client) -> None:
    answer = client.call("ListMessageMoveTasks", SourceArn=DEAD_LETTER_ARN)
    for task in answer.get("Results", []):
        if "TaskHandle" in task:
            client.call("CancelMessageMoveTask", unless=NO_LONGER_ACTIVE, TaskHandle=task["TaskHandle"])
    client.ledger.a_task_may_run = False


def settle(ledger: Ledger, seen: dict[str, dict[str, Any]]) -> None:
    """What an unanswered call did is known now."""
    ledger.unanswered_receives = 0
    for body, record in list(ledger.records.items()):
        message = seen.get(body)
        if message is None and record.sent is Fate.UNKNOWN:
            del ledger.records[body]
        elif message is None:
            record.deleted = Fate.ACKNOWLEDGED
        else:
            record.sent = Fate.ACKNOWLEDGED
            record.deleted = Fate.NEVER
            if record.message_id != message["message_id"]:
                record.message_id = message["message_id"]
                record.sent_ms = int(message["attributes"]["SentTimestamp"])
            record.receives = message["receive_count"]
        if message is None or message["queue"] != record.queue or message["state"] != "in_flight":
            ledger.held[record.queue].pop(body, None)


def use_old_handles(client: Client, chance: random.Random, verdict: Verdict) -> None:
    """A receipt handle of before the crash still deletes its message."""
    for queue in (STANDARD, FIFO):
        for record in client.ledger.take_held(queue, chance.randrange(SAMPLES)):
            client.call("DeleteMessage", QueueUrl=queue_url(queue), ReceiptHandle=record.handle)
            client.ledger.was_deleted(record.body)
    bodies = {message["body"] for queue in (STANDARD, FIFO) for message in look(client.wire, queue)}
    for record in client.ledger.records.values():
        if record.deleted is Fate.ACKNOWLEDGED and record.body in bodies:
            verdict.wrong.append(f"not deleted by its handle: {record.body}")


def repeat_sends(client: Client, chance: random.Random, verdict: Verdict) -> None:
    """A deduplication id of before the crash is still remembered (runs are shorter than its five minutes)."""
    recent = [record for record in client.ledger.records.values() if record.deduplication_id is not None][-100:]
    for record in chance.sample(recent, min(SAMPLES, len(recent))):
        answer = client.call(
            "SendMessage",
            QueueUrl=queue_url(FIFO),
            MessageBody=record.body,
            MessageGroupId=record.group,
            MessageDeduplicationId=record.deduplication_id,
        )
        if answer["MessageId"] != record.message_id:
            verdict.wrong.append(f"sent again although it was a duplicate: {record.body}")
