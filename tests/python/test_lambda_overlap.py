"""Event source mappings: handlers that take time and overlap, concurrency, throttles, FIFO order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from mapping_tools import seconds, send, sizes

import localsqs
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


# --- Virtual time ----------------------------------------------------------------------------------------------------


def test_a_handler_that_sleeps_lets_engine_time_pass(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("a")
    left: list[int] = []

    def handler(event: dict[str, Any], context: Any) -> None:
        time.sleep(2)
        left.append(context.get_remaining_time_in_millis())

    mapping = engine.event_source_mapping("orders", handler, timeout=5)
    report = engine.run_until_idle()
    assert mapping.invocations[0].duration_ms == 2000
    assert left == [3000]
    assert report.gb_seconds == pytest.approx(2 * 128 / 1024)


def test_a_handler_slower_than_the_visibility_timeout_sees_its_message_twice(
    engine: localsqs.Engine, orders: Queue
) -> None:
    """A first delivery that works for 40 s while the message is hidden for 30 s."""
    sqs = engine.client("sqs")
    log: list[tuple[str, float]] = []

    def now() -> float:
        return float((engine.clock.now_ns() - 1_767_225_600_000_000_000) / 1e9)

    def handler(event: dict[str, Any], _: Any) -> None:
        (record,) = event["Records"]
        count = record["attributes"]["ApproximateReceiveCount"]
        sqs.change_message_visibility(QueueUrl=orders.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=10)
        log.append((f"begins {count}", now()))
        time.sleep(20 if count == "1" else 1)
        log.append((f"ends {count}", now()))

    orders.send("a")
    engine.event_source_mapping("orders", handler, timeout=30)
    report = engine.run_until_idle()
    assert log == [("begins 1", 0), ("begins 2", 10), ("ends 2", 11), ("ends 1", 20)]
    assert (report.retries, report.duplicates) == (1, 1)


def test_invocations_overlap_up_to_five_at_first(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 12)
    mapping = engine.event_source_mapping("orders", lambda event, _: time.sleep(2), batch_size=1)
    engine.run_until_idle()
    assert seconds(mapping) == [0] * 5 + [2] * 5 + [4] * 2


def test_more_after_a_minute_of_backlog(engine: localsqs.Engine, orders: Queue) -> None:
    for _ in range(5):
        send(orders, 100)
    mapping = engine.event_source_mapping("orders", lambda event, _: time.sleep(10), batch_size=1, timeout=15)
    engine.run_until_idle()
    starts = seconds(mapping)
    assert [starts.count(t) for t in (0, 10, 20, 30, 40, 50)] == [5] * 6
    assert starts.count(60) == 305
    assert mapping.concurrency == 305


def test_maximum_concurrency_takes_no_messages_that_must_wait(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 6)
    counts: list[str] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        counts.append(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
        time.sleep(25)

    mapping = engine.event_source_mapping("orders", handler, batch_size=1, maximum_concurrency=2, timeout=30)
    report = engine.run_until_idle()
    assert seconds(mapping) == [0, 0, 25, 25, 50, 50]
    assert set(counts) == {"1"}
    assert report.throttles == 0


def test_reserved_concurrency_throttles_after_messages_were_taken(engine: localsqs.Engine, orders: Queue) -> None:
    """The batch is offered again until its visibility timeout would end; then the queue delivers it anew."""
    send(orders, 2)
    mapping = engine.event_source_mapping(
        "orders", lambda event, _: time.sleep(25), batch_size=1, reserved_concurrency=1, timeout=30
    )
    report = engine.run_until_idle()
    # Offered at 0, 1, 3, 7, 15, 23 (throttled), and not again before 30.
    assert seconds(mapping) == [0, 30]
    assert report.throttles == 6
    assert report.retries == 1
    assert mapping.invocations[1].records[0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_throttled_batch_keeps_its_receive_if_a_place_comes_free(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 2)
    mapping = engine.event_source_mapping(
        "orders", lambda event, _: time.sleep(2), batch_size=1, reserved_concurrency=1
    )
    report = engine.run_until_idle()
    assert seconds(mapping) == [0, 3]
    assert report.throttles == 2
    assert report.retries == 0
    assert mapping.invocations[1].attempts == 3


def test_reserved_concurrency_zero_fills_the_dead_letter_queue(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", dead_letter=True, max_receive_count=3)
    queue.send("good")
    mapping = engine.event_source_mapping(queue, lambda event, _: None, reserved_concurrency=0)
    report = engine.run_until_idle()
    assert len(mapping.invocations) == 0
    assert report.dead_letters == 1
    assert report.throttles > 3


def test_the_same_seed_gives_the_same_run() -> None:
    def run(seed: int) -> tuple[list[Any], str]:
        with localsqs.Engine(clock=localsqs.ManualClock(), seed=seed) as engine:
            queue = make_queue(engine, "orders")
            send(queue, 40)

            def handler(event: dict[str, Any], context: Any) -> None:
                time.sleep(int(event["Records"][0]["body"]) % 7)
                if int(event["Records"][0]["body"]) % 5 == 0:
                    raise ValueError

            mapping = engine.event_source_mapping(queue, handler, batch_size=3, timeout=10)
            engine.run_for(minutes=3)
            rows = [(i.started_ns, i.ended_ns, i.request_id, i.message_ids, i.status) for i in mapping.invocations]
            return rows, engine.history().to_json()

    assert run(5) == run(5)
    assert run(5)[0] != run(6)[0]


def test_run_for_may_end_within_an_invocation(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("a")
    mapping = engine.event_source_mapping("orders", lambda event, _: time.sleep(10), timeout=20)
    start = engine.clock.now()
    report = engine.run_for(seconds=4)
    assert report.reason == "time"
    assert (engine.clock.now() - start).total_seconds() == 4
    assert mapping.invocations[0].status == "running"
    assert mapping.in_progress == 1
    engine.run_for(seconds=6)
    assert mapping.invocations[0].status == "ok"
    orders.assert_empty()


def test_closing_the_engine_ends_handlers_that_sleep() -> None:
    cleaned: list[bool] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        try:
            time.sleep(10)
        finally:
            cleaned.append(True)

    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        make_queue(engine, "orders").send("a")
        engine.event_source_mapping("orders", handler, timeout=20)
        engine.run_for(seconds=1)
        assert not cleaned
    assert cleaned == [True]


def test_a_handler_cannot_run_the_engine(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("a")
    mapping = engine.event_source_mapping("orders", lambda event, _: engine.run_until_idle())
    engine.run_for(seconds=1)
    assert "run already" in str(mapping.invocations[0].error)


def test_the_limit_of_engine_time(engine: localsqs.Engine, orders: Queue) -> None:
    orders.send("poison")
    engine.event_source_mapping("orders", lambda event, _: 1 / 0)
    start = engine.clock.now()
    report = engine.run_until_idle(timedelta(minutes=5))
    assert report.reason == "limit"
    assert not report.idle
    assert (engine.clock.now() - start).total_seconds() == 300
    assert "NOT idle" in str(report)
    assert report.waiting == (("orders", 1, 0, 0),) or report.waiting == (("orders", 0, 1, 0),)


def test_step_and_drain(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 15)
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    assert mapping.step() is True
    assert sizes(mapping) == [10]
    assert orders.visible == 5
    report = mapping.drain()
    assert report.reason == "done"
    assert mapping.idle
    assert mapping.step() is False


def test_a_disabled_mapping_leaves_the_queue_alone(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 3)
    mapping = engine.event_source_mapping("orders", lambda event, _: None, enabled=False)
    assert engine.run_until_idle().idle
    assert orders.visible == 3
    mapping.enable()
    engine.run_until_idle()
    orders.assert_empty()
    mapping.disable()
    orders.send("b")
    engine.run_for(minutes=1)
    assert orders.visible == 1


def test_two_mappings_compete_for_one_queue(engine: localsqs.Engine, orders: Queue) -> None:
    send(orders, 20)

    def first(event: dict[str, Any], _: Any) -> None: ...
    def second(event: dict[str, Any], _: Any) -> None: ...

    one = engine.event_source_mapping("orders", first, batch_size=1)
    two = engine.event_source_mapping("orders", second, batch_size=1)
    engine.run_until_idle()
    assert sizes(one) == sizes(two) == [1] * 10


def test_a_deleted_queue_is_no_error(engine: localsqs.Engine, orders: Queue) -> None:
    mapping = engine.event_source_mapping("orders", lambda event, _: None)
    engine.client("sqs").delete_queue(QueueUrl=orders.url)
    assert engine.run_until_idle().idle
    assert mapping.state == "Enabled"


# --- FIFO ------------------------------------------------------------------------------------------------------------


def test_one_group_never_overlaps_and_keeps_its_order(engine: localsqs.Engine) -> None:
    """Recorded: BatchSize 1 and one FIFO group."""
    queue = make_queue(engine, "orders", fifo=True)
    for number in range(4):
        queue.send(str(number), MessageDeduplicationId=str(number))
    seen: list[str] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        seen.append(event["Records"][0]["body"])
        time.sleep(2)

    mapping = engine.event_source_mapping(queue, handler, batch_size=1)
    engine.run_until_idle()
    assert seen == ["0", "1", "2", "3"]
    assert seconds(mapping) == [0, 2, 4, 6]


def test_groups_overlap(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", fifo=True)
    for group in "ab":
        for number in range(2):
            queue.send(f"{group}{number}", MessageGroupId=group, MessageDeduplicationId=f"{group}{number}")
    order: list[str] = []

    def handler(event: dict[str, Any], _: Any) -> None:
        order.append(event["Records"][0]["body"])
        time.sleep(1)

    mapping = engine.event_source_mapping(queue, handler, batch_size=1)
    engine.run_until_idle()
    assert seconds(mapping) == [0, 0, 1, 1]
    assert [body for body in order if body[0] == "a"] == ["a0", "a1"]
    assert [body for body in order if body[0] == "b"] == ["b0", "b1"]


def test_a_fifo_batch_may_hold_several_groups_or_one(engine: localsqs.Engine) -> None:
    for one_group, expected in ((False, [4]), (True, [2, 2])):
        queue = make_queue(engine, f"orders-{one_group}", fifo=True)
        for number in range(4):
            queue.send(str(number), MessageGroupId=str(number % 2), MessageDeduplicationId=str(number))
        mapping = engine.event_source_mapping(queue, lambda event, _: None, one_group_per_batch=one_group)
        engine.run_until_idle()
        assert sizes(mapping) == expected


def test_a_reported_fifo_message_comes_again_in_order(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders", fifo=True)
    for number in range(4):
        queue.send(str(number), MessageDeduplicationId=str(number))
    seen: list[list[str]] = []

    def handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
        records = event["Records"]
        seen.append([record["body"] for record in records])
        failed = records[1:] if len(seen) == 1 else []
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}

    engine.event_source_mapping(queue, handler, function_response_types=REPORT)
    engine.run_until_idle()
    assert seen == [["0", "1", "2", "3"], ["1", "2", "3"]]
