"""engine.history(): what happened, in order; the same again from the same seed; enough to rebuild an engine."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import localsqs
from localsqs import errors
from localsqs.life import meaning

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_life_of_a_message(engine, sqs, url):
    message_id = sqs.send_message(QueueUrl=url, MessageBody="a")["MessageId"]
    sqs.send_message(QueueUrl=url, MessageBody="another")
    sqs.receive_message(QueueUrl=url)
    engine.clock.advance(seconds=30)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    history = engine.history()
    assert history.kinds()[:2] == ["QueueCreated", "Sent"]
    received = message["MessageId"]
    life = history.of(received)
    assert life.kinds()[0] == "Sent"
    assert life.kinds()[-2:] == ["VisibilityChanged", "Deleted"]
    assert {event.message_id for event in life} == {received}
    assert message_id in {event.message_id for event in history}


def test_an_event_and_its_details(engine, sqs, url):
    attributes = {"color": {"DataType": "String", "StringValue": "blue"}}
    answer = sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=5, MessageAttributes=attributes)
    (event,) = engine.history(kind="Sent")
    assert event.number == 1
    assert event.at == START
    assert event.at_ns == 1_767_225_600_000_000_000
    assert event.kind == "Sent"
    assert event.queue == "orders"
    assert event.queue_arn == "arn:aws:sqs:us-east-1:000000000000:orders"
    assert event.message_id == answer["MessageId"]
    assert event.details["body"] == "a"
    assert event.details["visible_at"] == START + timedelta(seconds=5)
    assert event.details["visible_at_ns"] == event.at_ns + 5_000_000_000
    assert event.details["message_attributes"] == attributes


def test_creation_shows_attributes_and_tags(engine, sqs):
    sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "77"}, tags={"team": "a"})
    (event,) = engine.history()
    assert event.details["attributes"]["VisibilityTimeout"] == "77"
    assert event.details["tags"] == {"team": "a"}


def test_dead_letters_say_where_they_went(engine, sqs, url):
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    source = sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.send_message(QueueUrl=source, MessageBody="a")
    sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=source)
    (event,) = engine.history(kind="Moved")
    assert event.queue == "source"
    assert event.details["to_queue"] == "orders"
    assert event.details["dead_letter_source_arn"].endswith(":source")


def test_filters(engine, sqs, url):
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    for queue in (url, other, url):
        sqs.send_message(QueueUrl=queue, MessageBody="a")
    arn = "arn:aws:sqs:us-east-1:000000000000:orders"
    assert len(engine.history(queue="orders", kind="Sent")) == 2
    assert engine.history(queue=url) == engine.history(queue=arn) == engine.history(queue="orders")
    assert len(engine.history().filter(queue="other").filter(kind="Sent")) == 1
    assert len(engine.history(queue="nothing")) == 0
    assert len(engine.history(queue=arn.replace("us-east-1", "eu-west-1"))) == 0
    assert len(engine.history(kind="Nothing")) == 0
    assert len(engine.history(message_id="no id")) == 0


def test_a_history_is_a_sequence_and_a_snapshot(engine, sqs, url):
    history = engine.history()
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert len(history) == 1
    later = engine.history()
    assert [event.kind for event in later] == ["QueueCreated", "Sent"]
    assert later[-1] == later[1]
    assert later[0:1] == [later[0]]
    for index in (2, -3):
        with pytest.raises(IndexError):
            _ = later[index]
    assert later != history
    assert "2 events" in repr(later)
    assert "Sent" in str(later[1])
    assert repr(engine.history(kind="Nothing")) == "<History: no events>"


def test_history_limit():
    engine = localsqs.Engine(history_limit=3, clock=localsqs.ManualClock())
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for i in range(5):
        sqs.send_message(QueueUrl=url, MessageBody=str(i))
    history = engine.history()
    assert [event.number for event in history] == [3, 4, 5]
    assert [event.queue for event in history] == ["q"] * 3
    with pytest.raises(ValueError, match="complete"):
        engine.rebuild(history)
    assert len(localsqs.Engine(history_limit=0).history()) == 0


def test_json_is_one_event_a_line(engine, sqs, url):
    sqs.send_message(
        QueueUrl=url, MessageBody="é", MessageAttributes={"b": {"DataType": "Binary", "BinaryValue": b"\0"}}
    )
    history = engine.history()
    rows = json.loads(history.to_json())
    assert [row["kind"] for row in rows] == history.kinds()
    assert bytes(history).decode() == history.to_json()
    assert len(history.to_json().splitlines()) == len(rows) + 2


INSTANT = "datetime64[ns, UTC]"
DTYPES = {
    "number": "int64",
    "at": INSTANT,
    "kind": "string",
    "queue": "string",
    "queue_arn": "string",
    "queue_number": "Int64",
    "message_id": "string",
    "body": "string",
    "sent_at": INSTANT,
    "receive_count": "Int64",
    "visible_at": INSTANT,
    "to_queue": "string",
    "message_group_id": "string",
    "message_deduplication_id": "string",
    "dead_letter_source_arn": "string",
    "details": "object",
}


def test_dataframe(engine, sqs, url):
    pandas = pytest.importorskip("pandas")
    sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=5)
    sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    frame = engine.history().to_dataframe()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert list(frame["kind"]) == ["QueueCreated", "Sent", "Received"]
    assert list(frame["at"]) == [
        pandas.Timestamp(START),
        pandas.Timestamp(START),
        pandas.Timestamp("2026-01-01 00:00:05Z"),
    ]
    received = frame.iloc[2]
    assert (received["body"], received["receive_count"], received["queue"]) == ("a", 1, "orders")
    assert received["visible_at"] - received["sent_at"] == pandas.Timedelta(seconds=35)
    assert received["details"]["sequence"] == engine.history()[2].details["sequence"]
    assert frame["receive_count"].isna().tolist() == [True, True, False]
    assert frame["visible_at"].isna().tolist() == [True, False, False]


def test_a_dataframe_of_nothing_has_the_same_columns(engine):
    pytest.importorskip("pandas")
    frame = engine.history().to_dataframe()
    assert len(frame) == 0
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES


def test_a_life_printed(engine, sqs):
    sqs.create_queue(QueueName="dead")
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 2})
    attributes = {"RedrivePolicy": policy, "DelaySeconds": "5"}
    url = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
    message_id = sqs.send_message(QueueUrl=url, MessageBody="42")["MessageId"]
    for _ in range(2):
        [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
        engine.clock.advance(seconds=10)
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=7200)
        engine.clock.advance(hours=2)
    sqs.receive_message(QueueUrl=url)
    sqs.start_message_move_task(SourceArn="arn:aws:sqs:us-east-1:000000000000:dead")
    [again] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    sqs.purge_queue(QueueUrl=url)
    history = engine.history()
    assert str(history.of(message_id)).splitlines() == [
        f"message {message_id}, body '42'",
        "   +0:00:00  2026-01-01T00:00:00+00:00  Sent               sent to orders, delayed until 00:00:05 (5 s)",
        "   +0:00:05  2026-01-01T00:00:05+00:00                     visible",
        "   +0:00:05  2026-01-01T00:00:05+00:00  Received           received (1st time), hidden until 00:00:35 (30 s)",
        "   +0:00:15  2026-01-01T00:00:15+00:00  VisibilityChanged  "
        "visibility timeout changed: hidden until 02:00:15 (2:00:00)",
        "   +2:00:15  2026-01-01T02:00:15+00:00                     visible again",
        "   +2:00:15  2026-01-01T02:00:15+00:00  Received           received (2nd time), hidden until 02:00:45 (30 s)",
        "   +2:00:25  2026-01-01T02:00:25+00:00  VisibilityChanged  "
        "visibility timeout changed: hidden until 04:00:25 (2:00:00)",
        "   +4:00:25  2026-01-01T04:00:25+00:00                     visible again",
        "   +4:00:25  2026-01-01T04:00:25+00:00  Moved              moved to dead, its dead-letter queue",
        "   +4:00:25  2026-01-01T04:00:25+00:00  Redriven           "
        f"gone: a move task took it, as a new message in orders, {again['MessageId']}",
    ]
    assert str(history.of(again["MessageId"])).splitlines()[1:] == [
        "   +0:00:00  2026-01-01T04:00:25+00:00  Redriven           "
        "moved from dead to orders by a move task, as a new message, delayed until 04:00:30 (5 s)",
        "   +0:00:05  2026-01-01T04:00:30+00:00                     visible",
        "   +0:00:05  2026-01-01T04:00:30+00:00  Received           received (1st time), hidden until 04:01:00 (30 s)",
        "   +0:00:05  2026-01-01T04:00:30+00:00  QueuePurged        gone: its queue was purged",
    ]
    assert str(history.of("nobody")) == "message nobody: no events"


def test_a_life_that_ends_with_its_queue_or_its_time(engine, sqs, url):
    short_lived = sqs.create_queue(QueueName="short", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    kept, expired = (sqs.send_message(QueueUrl=queue, MessageBody="a")["MessageId"] for queue in (url, short_lived))
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    engine.clock.advance(days=1)
    sqs.delete_queue(QueueUrl=url)
    last = [str(engine.history().of(message_id)).splitlines()[-1] for message_id in (kept, expired)]
    assert last[0].endswith("gone: its queue was deleted")
    assert last[0].startswith("  +1 day, 0:00:00  2026-01-02T00:00:00+00:00")
    assert last[1].endswith("gone: the retention period ended")
    assert "received (1st time), not hidden" in str(engine.history().of(kept))


def test_every_kind_has_a_meaning():
    for seed in range(4):
        for event in Run(seed, steps=300, faults=True).engine.history():
            assert meaning(event) not in (event.kind, "")


def test_a_table_for_notebooks(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="<i>")
    table = engine.history()._repr_html_()
    assert table.count("<tr>") == 3
    assert "2 events" in table
    assert "group &lt;i&gt;" in table
    assert "<script" not in table
    for _ in range(100):
        sqs.send_message(QueueUrl=url, MessageBody="a")
    table = engine.history()._repr_html_()
    assert table.count("<tr>") == 22
    assert "82 more" in table


# --- Random runs ------------------------------------------------------------------------------------------------------


class Run:
    """A random user of three queues: a standard one with a dead-letter queue, and a FIFO one."""

    def __init__(self, seed: int, steps: int, faults: bool = False) -> None:
        self.engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=seed)
        self.random = random.Random(seed)
        self.sqs = self.engine.client("sqs")
        self.handles: list[tuple[str, str]] = []
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.dead_arn = "arn:aws:sqs:us-east-1:000000000000:dead"
        policy = json.dumps({"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": 2})
        standard = self.sqs.create_queue(QueueName="standard", Attributes={"RedrivePolicy": policy}, tags={"a": "b"})
        fifo = self.sqs.create_queue(QueueName="f.fifo", Attributes={"FifoQueue": "true", "DelaySeconds": "1"})
        self.urls = [standard["QueueUrl"], fifo["QueueUrl"], self.dead]
        if faults:
            self.engine.faults.duplicate = self.engine.faults.forget_delete = self.engine.faults.reorder = 0.3
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        usual = [self.send, self.send_batch, self.receive, self.delete, self.change, self.advance]
        often = [self.send, self.receive, self.advance]
        with contextlib.suppress(errors.ClientError):  # Refused calls are part of a random life.
            self.random.choice([*usual, *often, self.rarely])()

    def fifo_members(self, url: str) -> dict[str, Any]:
        if not url.endswith(".fifo"):
            return {"DelaySeconds": self.random.choice([0, 0, 3])}
        group, deduplication = self.random.choice("ab"), str(self.random.randrange(50))
        return {"MessageGroupId": group, "MessageDeduplicationId": deduplication}

    def send(self) -> None:
        url = self.random.choice(self.urls)
        self.sqs.send_message(QueueUrl=url, MessageBody=str(self.random.random()), **self.fifo_members(url))

    def send_batch(self) -> None:
        url = self.random.choice(self.urls)
        attributes = {"n": {"DataType": "Number", "StringValue": str(self.random.randrange(9))}}
        entries = [
            {"Id": str(i), "MessageBody": "b", "MessageAttributes": attributes, **self.fifo_members(url)}
            for i in range(self.random.randint(1, 10))
        ]
        self.sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def receive(self) -> None:
        url = self.random.choice(self.urls)
        more = {"ReceiveRequestAttemptId": self.random.choice("xyz")} if url.endswith(".fifo") else {}
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=self.random.randint(1, 10),
            VisibilityTimeout=self.random.choice([0, 2, 30]),
            WaitTimeSeconds=self.random.choice([0, 0, 1]),
            **more,
        )
        self.handles += [(url, message["ReceiptHandle"]) for message in answer.get("Messages", [])]

    def delete(self) -> None:
        if self.handles:
            url, handle = self.handles.pop(self.random.randrange(len(self.handles)))
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)

    def change(self) -> None:
        if self.handles:
            url, handle = self.random.choice(self.handles)
            timeout = self.random.choice([0, 1, 100])
            self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=timeout)

    def advance(self) -> None:
        self.engine.clock.advance(seconds=self.random.choice([0.5, 1, 5, 40]))

    def rarely(self) -> None:
        standard, fifo, dead = self.urls
        choice = self.random.randrange(12)
        if choice == 0:
            self.sqs.purge_queue(QueueUrl=self.random.choice(self.urls))
        elif choice == 1:
            self.sqs.delete_queue(QueueUrl=fifo)
            self.sqs.create_queue(QueueName="f.fifo", Attributes={"FifoQueue": "true"})
        elif choice == 2:
            self.sqs.set_queue_attributes(QueueUrl=standard, Attributes={"VisibilityTimeout": "5"})
        elif choice == 3:
            self.sqs.tag_queue(QueueUrl=dead, Tags={self.random.choice("ab"): "1"})
            self.sqs.untag_queue(QueueUrl=dead, TagKeys=["a"])
        elif choice == 4:
            self.sqs.start_message_move_task(SourceArn=self.dead_arn, MaxNumberOfMessagesPerSecond=1)
        elif choice == 5:
            for task in self.sqs.list_message_move_tasks(SourceArn=self.dead_arn).get("Results", []):
                if task["Status"] == "RUNNING":
                    self.sqs.cancel_message_move_task(TaskHandle=task["TaskHandle"])
        elif choice == 6:
            self.sqs.add_permission(
                QueueUrl=standard, Label="l", AWSAccountIds=["123456789012"], Actions=["SendMessage"]
            )
            self.sqs.remove_permission(QueueUrl=standard, Label="l")
        elif choice == 7:
            self.engine.clock.advance(days=5)  # Past the retention period.


@pytest.mark.parametrize("faults", [False, True], ids=["no-faults", "faults"])
@pytest.mark.parametrize("seed", range(5))
def test_one_seed_gives_one_history_byte_for_byte(seed, faults):
    first, second = Run(seed, steps=150, faults=faults), Run(seed, steps=150, faults=faults)
    assert bytes(first.engine.history()) == bytes(second.engine.history())
    assert first.engine.dump() == second.engine.dump()
    assert bytes(Run(seed + 100, steps=150, faults=faults).engine.history()) != bytes(first.engine.history())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 200), faults=st.booleans())
def test_a_history_rebuilds_its_engine(seed, steps, faults):
    engine = Run(seed, steps, faults).engine
    clock = localsqs.ManualClock(start=engine.clock.now())
    clock.move_to_ns(engine.clock.now_ns())
    rebuilt = localsqs.rebuild(engine.history(), clock=clock)
    assert rebuilt.dump() == engine.dump()
    assert bytes(rebuilt.history()) == bytes(engine.history())


def test_a_rebuilt_engine_lives_on():
    run = Run(seed=5, steps=100)
    run.engine.clock.advance(days=20)  # So that nothing is left in the old queues.
    message_id = run.sqs.send_message(QueueUrl=run.dead, MessageBody="kept")["MessageId"]
    rebuilt = localsqs.Engine.rebuild(run.engine.history())
    assert rebuilt.clock.now() == run.engine.clock.now()
    (message,) = rebuilt.client("sqs").receive_message(QueueUrl=run.dead)["Messages"]
    assert (message["Body"], message["MessageId"]) == ("kept", message_id)


def test_a_part_of_a_history_does_not_rebuild(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    with pytest.raises(ValueError, match="complete"):
        localsqs.rebuild(engine.history(kind="Sent"))
