"""Event source mappings: events, batches, windows, how invocations end, filters, faults, warnings, reports."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from mapping_tools import seconds, send, sizes

import localsqs
from localsqs.lambda_.warn import LambdaWarning
from localsqs.testing import Queue, make_queue

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")
REPORT = ["ReportBatchItemFailures"]


@pytest.fixture
def engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7) as engine:
        yield engine


@pytest.fixture
def orders(engine: localsqs.Engine) -> Queue:
    return make_queue(engine, "orders", VisibilityTimeout=30)


# --- Batches ---------------------------------------------------------------------------------------------------------


def test_all_messages_reach_the_handler_and_are_deleted(engine: localsqs.Engine, orders: Queue) -> None:
    seen: list[str] = []
    send(orders, 25)
    mapping = engine.event_source_mapping("orders", lambda event, _: seen.extend(r["body"] for r in event["Records"]))
    report = engine.run_until_idle()
    assert sorted(seen, key=int) == [str(n) for n in range(25)]
    assert sizes(mapping) == [10, 10, 5]
    orders.assert_empty()
    assert report.idle
    assert (report.invocations, report.batches, report.messages, report.retries) == (3, 3, 25, 0)
    assert report.engine_time.total_seconds() == 0


@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_batch_size(engine: localsqs.Engine, orders: Queue, batch_size: int) -> None:
    send(orders, 10)
    mapping = engine.event_source_mapping("orders", lambda event, _: None, batch_size=batch_size)
    engine.run_until_idle()
    assert max(sizes(mapping)) == batch_size
    assert sum(sizes(mapping)) == 10


def test_a_message_sent_later_is_delivered_at_its_instant(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("now")
    orders.send("later", DelaySeconds=90)
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    engine.run_until_idle()
    assert seconds(mapping) == [0, 90]


def test_the_event_of_a_standard_queue(engine: localsqs.Engine, orders: Queue) -> None:
    events: list[dict[str, Any]] = []
    message_id = orders.send('{"a":  1}')
    engine.event_source_mapping("orders", lambda event, _: events.append(event))
    engine.run_until_idle()
    (record,) = events[0]["Records"]
    assert list(events[0]) == ["Records"]
    assert list(record) == [
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    ]
    assert record["messageId"] == message_id
    assert record["body"] == '{"a":  1}'
    assert record["attributes"] == {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1767225600000",
        "SenderId": "000000000000",
        "ApproximateFirstReceiveTimestamp": "1767225600000",
    }
    assert record["messageAttributes"] == {}
    assert (record["eventSource"], record["awsRegion"]) == ("aws:sqs", "us-east-1")
    assert record["eventSourceARN"] == orders.arn


def test_message_attributes_in_the_event(engine: localsqs.Engine, orders: Queue) -> None:
    events: list[dict[str, Any]] = []
    attributes = {
        "t": {"DataType": "String", "StringValue": "x"},
        "b": {"DataType": "Binary", "BinaryValue": b"\xff\x00"},
        "n": {"DataType": "Number.int", "StringValue": "7"},
    }
    orders.send("body", MessageAttributes=attributes)
    engine.event_source_mapping("orders", lambda event, _: events.append(event))
    engine.run_until_idle()
    (record,) = events[0]["Records"]
    empty: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "t": {"stringValue": "x", **empty, "dataType": "String"},
        "b": {"binaryValue": "/wA=", **empty, "dataType": "Binary"},
        "n": {"stringValue": "7", **empty, "dataType": "Number.int"},
    }
    assert len(record["md5OfMessageAttributes"]) == 32


def test_md5_of_message_attributes_is_null_with_a_window_and_absent_without(
    engine: localsqs.Engine, orders: Queue
) -> None:
    events: list[dict[str, Any]] = []
    orders.send("body")
    engine.event_source_mapping("orders", lambda event, _: events.append(event), maximum_batching_window=1)
    engine.run_until_idle()
    record = events[0]["Records"][0]
    assert record["md5OfMessageAttributes"] is None
    assert list(record).index("md5OfMessageAttributes") == list(record).index("md5OfBody") - 1


def test_the_event_of_a_fifo_queue(engine: localsqs.Engine) -> None:
    events: list[dict[str, Any]] = []
    queue = make_queue(engine, "orders", fifo=True)
    queue.send("body", MessageGroupId="g", MessageDeduplicationId="d")
    engine.event_source_mapping(queue, lambda event, _: events.append(event))
    engine.run_until_idle()
    attributes = events[0]["Records"][0]["attributes"]
    assert attributes.keys() == {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SequenceNumber",
        "MessageGroupId",
        "SenderId",
        "MessageDeduplicationId",
        "ApproximateFirstReceiveTimestamp",
    }
    assert all(isinstance(value, str) for value in attributes.values())


def test_a_handler_may_delete_with_the_receipt_handle(engine: localsqs.Engine, orders: Queue) -> None:
    sqs = engine.client("sqs")
    orders.send("a")

    def handler(event: dict[str, Any], _: Any) -> None:
        sqs.delete_message(QueueUrl=orders.url, ReceiptHandle=event["Records"][0]["receiptHandle"])
        raise ValueError("and then fails")

    engine.event_source_mapping("orders", handler)
    report = engine.run_until_idle()
    orders.assert_empty()
    assert report.errors == 1


def test_what_a_handler_does_to_its_event_does_not_matter(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 3)

    def handler(event: dict[str, Any], _: Any) -> None:
        for record in event["Records"]:
            record.clear()
        event.clear()

    engine.event_source_mapping("orders", handler)
    assert engine.run_until_idle().messages == 3
    orders.assert_empty()


# --- The batching window ---------------------------------------------------------------------------------------------


def test_a_window_gathers_until_it_ends(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("a")
    orders.send("b", DelaySeconds=3)
    orders.send("c", DelaySeconds=6)
    mapping = engine.event_source_mapping("orders", lambda event, _: None, maximum_batching_window=5)
    engine.run_until_idle()
    assert seconds(mapping) == [5, 11]
    assert sizes(mapping) == [2, 1]


def test_a_full_batch_does_not_wait_for_its_window(engine: localsqs.Engine, orders: Queue) -> None:
    """Recorded: 30 messages, BatchSize 20, window 1, MaximumConcurrency 2: two invocations."""
    send(orders, 30)
    mapping = engine.event_source_mapping(
        "orders", lambda event, _: None, batch_size=20, maximum_batching_window=1, maximum_concurrency=2
    )
    engine.run_until_idle()
    assert sizes(mapping) == [20, 10]
    assert seconds(mapping) == [0, 1]


def test_a_batch_of_ten_thousand(engine: localsqs.Engine, orders: Queue) -> None:
    sqs = engine.client("sqs")
    for _ in range(1000):
        sqs.send_message_batch(QueueUrl=orders.url, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(10)])
    mapping = engine.event_source_mapping(
        "orders", lambda event, _: len(event["Records"]), batch_size=10_000, maximum_batching_window=300
    )
    engine.run_until_idle()
    assert sizes(mapping) == [10_000]
    assert mapping.invocations[0].response == 10_000
    orders.assert_empty()


def test_six_megabytes_make_a_batch_full(engine: localsqs.Engine, orders: Queue) -> None:
    for _ in range(13):
        orders.send("x" * 1_000_000)
    sizes_of_events: list[int] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        sizes_of_events.append(len(json.dumps(event, separators=(",", ":"))))

    mapping = engine.event_source_mapping("orders", handler, batch_size=100, maximum_batching_window=10)
    engine.run_until_idle()
    assert sizes(mapping) == [6, 6, 1]
    assert max(sizes_of_events) <= 6 * 1024 * 1024


def test_six_megabytes_count_the_escaped_body(engine: localsqs.Engine, orders: Queue) -> None:
    """A quotation mark takes two bytes of JSON: three of these messages fit, not six."""
    for _ in range(6):
        orders.send('"' * 1_000_000)
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    engine.run_until_idle()
    assert sizes(mapping) == [3, 3]


def test_the_visibility_timeout_is_extended_for_a_long_window(engine: localsqs.Engine, orders: Queue) -> None:
    """Window + function timeout > visibility timeout: receives ask for window + timeout + 30 s."""
    orders.send("a")
    engine.event_source_mapping("orders", lambda event, _: 1 / 0, maximum_batching_window=28, timeout=10)
    engine.run_for(seconds=60)
    received = engine.history(kind="Received")
    assert [(e.details["visible_at"] - e.at).total_seconds() for e in received] == [68]


def test_otherwise_the_queue_decides(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("a")
    engine.event_source_mapping("orders", lambda event, _: 1 / 0, maximum_batching_window=20, timeout=10)
    engine.run_for(seconds=25)
    received = engine.history(kind="Received")
    assert [(e.details["visible_at"] - e.at).total_seconds() for e in received] == [30]


# --- How invocations end ---------------------------------------------------------------------------------------------


def test_a_failed_batch_comes_again_after_the_visibility_timeout(engine: localsqs.Engine, orders: Queue) -> None:
    calls: list[str] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        calls.append(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
        if len(calls) < 3:
            raise ValueError("no stock")

    orders.send("a")
    mapping = engine.event_source_mapping("orders", handler)
    report = engine.run_until_idle()
    assert calls == ["1", "2", "3"]
    assert seconds(mapping) == [0, 30, 60]
    assert [i.status for i in mapping.invocations] == ["error", "error", "ok"]
    assert (report.errors, report.retries, report.duplicates) == (2, 2, 0)
    assert isinstance(mapping.invocations[0].error, ValueError)
    assert mapping.invocations[0].response["errorType"] == "ValueError"
    assert mapping.invocations[0].response["errorMessage"] == "no stock"
    assert 'raise ValueError("no stock")' in mapping.invocations[0].response["stackTrace"][0]
    assert not [e for e in engine.history() if e.kind == "VisibilityChanged"]


def test_max_receive_count_two_gives_two_invocations(engine: localsqs.Engine) -> None:
    """Recorded: counts "1" and "2", then the message is in the DLQ with its id and body."""
    queue = make_queue(engine, "orders", dead_letter=True, max_receive_count=2)
    counts: list[str] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        counts.append(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
        raise ValueError

    message_id = queue.send("poison")
    engine.event_source_mapping(queue, handler)
    report = engine.run_until_idle()
    assert counts == ["1", "2"]
    assert report.dead_letters == 1
    assert queue.dead_letter is not None
    assert [(m.message_id, m.body) for m in queue.dead_letter.messages] == [(message_id, "poison")]


def test_a_poison_message_without_dead_letter_queue_ends_with_its_retention(engine: localsqs.Engine) -> None:
    make_queue(engine, "orders", MessageRetentionPeriod=3600).send("poison")
    mapping = engine.event_source_mapping("orders", lambda event, _: 1 / 0)
    report = engine.run_until_idle()
    assert report.idle
    assert report.expired == 1
    assert len(mapping.invocations) == 120  # Every 30 s for an hour.


def test_partial_batch_response(engine: localsqs.Engine, orders: Queue) -> None:
    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        bad = [r for r in event["Records"] if r["body"] == "3" and r["attributes"]["ApproximateReceiveCount"] == "1"]
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in bad]}

    send(orders, 5)
    mapping = engine.event_source_mapping("orders", handler, function_response_types=REPORT)
    report = engine.run_until_idle()
    assert [i.status for i in mapping.invocations] == ["partial", "ok"]
    assert len(mapping.invocations[0].failed_ids) == 1
    assert mapping.invocations[1].bodies == ["3"]
    assert (report.messages, report.retries, report.counters.batch_item_failures) == (6, 1, 1)
    orders.assert_empty()


def test_without_opting_in_whatever_is_returned_means_success(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("a")

    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        return {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}

    engine.event_source_mapping("orders", handler)
    assert engine.run_until_idle().invocations == 1
    orders.assert_empty()


def test_an_invalid_partial_response_fails_the_whole_batch(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 3)
    answers: Iterator[Any] = iter([{"batchItemFailures": [{"itemIdentifier": "?"}]}, None])
    mapping = engine.event_source_mapping("orders", lambda event, _: next(answers), function_response_types=REPORT)
    engine.run_until_idle()
    assert [i.status for i in mapping.invocations] == ["invalid response", "ok"]
    assert "'?'" in mapping.invocations[0].invalid_response
    assert len(mapping.invocations[0].failed_ids) == 3
    assert sizes(mapping) == [3, 3]


# --- Filters ---------------------------------------------------------------------------------------------------------


def test_filtered_messages_are_deleted_at_once(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", dead_letter=True)
    for total in (50, 150, 250):
        queue.send(json.dumps({"total": total}))
    queue.send("no JSON")
    seen: list[str] = []
    engine.event_source_mapping(
        queue,
        lambda event, _: seen.extend(r["body"] for r in event["Records"]),
        filters=[{"body": {"total": [{"numeric": [">", 100]}]}}],
    )
    report = engine.run_until_idle()
    assert sorted(seen) == ['{"total": 150}', '{"total": 250}']
    assert (report.counters.filtered, report.counters.deleted, report.dead_letters) == (2, 2, 0)
    queue.assert_empty()


def test_a_batch_that_filters_leave_empty_invokes_nothing(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 10)
    mapping = engine.event_source_mapping("orders", lambda event, _: None, filters=['{"body": ["x"]}'])
    engine.run_until_idle()
    assert len(mapping.invocations) == 0
    orders.assert_empty()


# --- Faults ----------------------------------------------------------------------------------------------------------


def test_a_forgotten_delete_makes_a_duplicate(engine: localsqs.Engine, orders: Queue) -> None:
    engine.faults.forget_delete = 1.0
    send(orders, 5)
    engine.event_source_mapping("orders", lambda event, _: None)
    engine.run_for(seconds=20)
    engine.faults.forget_delete = 0
    report = engine.run_until_idle()
    assert (report.messages, report.retries, report.duplicates) == (5, 5, 5)
    orders.assert_empty()


def test_a_duplicate_while_the_first_is_in_progress(engine: localsqs.Engine, orders: Queue) -> None:
    engine.faults.duplicate = 1.0
    send(orders, 5)
    engine.event_source_mapping("orders", lambda event, _: time.sleep(2), batch_size=1, maximum_concurrency=50)
    report = engine.run_until_idle()
    assert report.messages > 5
    assert report.duplicates == report.messages - 5
    orders.assert_empty()


def test_a_throttled_receive_is_tried_again(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 5)
    engine.faults.throttle = 0.9
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    engine.run_for(minutes=5)
    engine.faults.throttle = 0
    assert engine.run_until_idle().idle
    assert mapping.invocations
    orders.assert_empty()


def test_a_dead_letter_queue_tells_where_its_messages_came_from(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", dead_letter=True, max_receive_count=1)
    queue.send("poison")
    engine.event_source_mapping(queue, lambda event, _: 1 / 0, function_name="fails")
    seen: list[Any] = []
    engine.event_source_mapping(queue.dead_letter, lambda event, _: seen.append(event["Records"][0]["attributes"]))
    engine.run_until_idle()
    assert seen[0]["DeadLetterQueueSourceArn"] == queue.arn
    assert seen[0]["ApproximateReceiveCount"] == "2"


def test_places_begin_anew_after_a_quiet_minute(engine: localsqs.Engine, orders: Queue) -> None:
    for _ in range(7):
        send(orders, 10)
    mapping = engine.event_source_mapping("orders", lambda event, _: time.sleep(10), batch_size=1, timeout=15)
    engine.run_until_idle()
    assert mapping.concurrency == 305
    engine.clock.advance(minutes=2)
    send(orders, 1)
    engine.run_until_idle()
    assert mapping.concurrency == 5


def test_failures_halve_the_places(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 30)
    mapping = engine.event_source_mapping("orders", lambda event, _: 1 / 0)
    engine.run_for(minutes=2)
    assert mapping.concurrency == 2


# --- Warnings and looks ----------------------------------------------------------------------------------------------


def test_warnings_about_the_settings(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", dead_letter=True, max_receive_count=3, VisibilityTimeout=30)
    with pytest.warns(LambdaWarning) as caught:
        engine.event_source_mapping(queue, lambda event, _: None, timeout=10)
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 2
    assert "visibility timeout of 30 s is less than the 60 s that AWS advises" in texts[0]
    assert "maxReceiveCount 3 is less than the 5" in texts[1]
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("error")
def test_no_warning_where_the_advice_is_followed(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", dead_letter=True, max_receive_count=5, VisibilityTimeout=60)
    engine.event_source_mapping(queue, lambda event, _: None, timeout=10)


def test_the_report_shows_what_happened(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 3)
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    report = engine.run_until_idle()
    assert "3 messages" in str(report)
    assert "3 messages" in report._repr_html_()
    assert "<table" in mapping.invocations._repr_html_()
    assert repr(mapping) == "<Mapping orders -> lambda: Enabled, 1 invocations>"
    assert "3 messages, ok" in repr(mapping.invocations)


def test_the_report_does_without_history(orders: Queue) -> None:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1, history_limit=0) as engine:
        send(make_queue(engine, "orders"), 3)
        engine.event_source_mapping("orders", lambda event, _: None)
        report = engine.run_until_idle()
        assert report.messages == 3
        assert report.dead_letters is None


def test_events_of_old_invocations_are_let_go(engine: localsqs.Engine, orders: Queue) -> None:
    sqs = engine.client("sqs")
    for _ in range(2001):
        sqs.send_message_batch(QueueUrl=orders.url, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(10)])
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    engine.run_until_idle()
    assert len(mapping.invocations) == 2001
    assert mapping.invocations[0].records == []
    assert len(mapping.invocations[0].message_ids) == 10
    assert len(mapping.invocations[1].records) == 10


def test_a_simulated_day(engine: localsqs.Engine, orders: Queue) -> None:
    """A message a minute, each tenth failing thrice. (A message a second: tests/bench/lambda_bench.py.)"""
    queue = make_queue(engine, "day", dead_letter=True, max_receive_count=5)
    tries: dict[str, int] = {}

    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        failed = []
        for record in event["Records"]:
            tries[record["body"]] = tries.get(record["body"], 0) + 1
            if int(record["body"]) % 10 == 0 and tries[record["body"]] <= 3:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    engine.event_source_mapping(queue, handler, function_response_types=REPORT)
    agenda = engine._agenda
    start = agenda.now_ns()
    for minute in range(1440):
        agenda.at(start + minute * 60_000_000_000, lambda minute=minute: queue.send(str(minute)))
    report = engine.run_until_idle()
    assert (report.messages, report.retries, report.dead_letters) == (1440 + 144 * 3, 144 * 3, 0)
    assert sorted(set(tries.values())) == [1, 4]
