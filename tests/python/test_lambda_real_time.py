"""Mappings on a SystemClock: threads, real waits. Short ones only; no test sleeps to wait for something."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import localsqs
from localsqs.lambda_.watchdog import TimedOut, watchdog
from localsqs.testing import make_queue

SOON = timedelta(seconds=20)


@pytest.fixture
def engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(seed=7) as engine:
        yield engine


def test_a_mapping_works_in_the_background(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders")
    seen: list[str] = []
    done = threading.Event()

    def handler(event: dict[str, Any], context: Any) -> None:
        seen.extend(record["body"] for record in event["Records"])
        if len(seen) == 3:
            done.set()

    mapping = engine.event_source_mapping(queue, handler)
    for body in "abc":
        queue.send(body)
    assert done.wait(20)
    report = engine.run_until_idle(SOON)
    assert report.idle
    assert sorted(seen) == ["a", "b", "c"]
    assert sum(len(i.message_ids) for i in mapping.invocations) == 3
    queue.assert_empty()


def test_handlers_run_side_by_side(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders")
    meeting = threading.Barrier(2)
    engine.event_source_mapping(queue, lambda event, context: meeting.wait(20) and None, batch_size=1)
    queue.send("a")
    queue.send("b")
    assert engine.run_until_idle(SOON).idle
    assert not meeting.broken
    queue.assert_empty()


def test_a_sleeping_handler_ends_at_its_timeout(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders")
    mapping = engine.event_source_mapping(queue, lambda event, context: time.sleep(60), timeout=0.05)
    queue.send("a")
    ended = engine._agenda.run_until(lambda: any(i.status == "timeout" for i in mapping.invocations), SOON)
    assert ended.reason == "done"
    assert mapping.invocations[0].duration_ms < 10_000


def test_the_watchdog_may_raise_while_a_sleep_ends_the_handler(engine: localsqs.Engine, monkeypatch) -> None:
    forget, late = watchdog.forget, [TimedOut]

    def forget_late() -> bool:
        in_time = forget()
        if late:
            raise late.pop()
        return in_time

    monkeypatch.setattr(watchdog, "forget", forget_late)
    function = engine.register_function("late", lambda event, context: time.sleep(60), timeout=0.05)
    assert function.invoke({}).status == "timeout"
    assert not late


def test_a_busy_handler_ends_at_its_timeout(engine: localsqs.Engine) -> None:
    def handler(event: dict[str, Any], context: Any) -> None:
        while True:
            pass

    queue = make_queue(engine, "orders")
    mapping = engine.event_source_mapping(queue, handler, timeout=0.05)
    queue.send("a")
    ended = engine._agenda.run_until(lambda: any(i.status == "timeout" for i in mapping.invocations), SOON)
    assert ended.reason == "done"
    mapping.disable()


def test_a_window_gathers_in_real_time(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders")
    for number in range(12):
        queue.send(str(number))
    mapping = engine.event_source_mapping(queue, lambda event, context: None, batch_size=12, maximum_batching_window=1)
    assert engine.run_until_idle(SOON).idle
    assert sum(len(i.message_ids) for i in mapping.invocations) == 12
    queue.assert_empty()


def test_step_belongs_to_virtual_time(engine: localsqs.Engine) -> None:
    make_queue(engine, "orders")
    mapping = engine.event_source_mapping("orders", lambda event, context: None, enabled=False)
    with pytest.raises(RuntimeError, match="in the background"):
        mapping.step()


def test_the_agenda_does_what_is_due(engine: localsqs.Engine) -> None:
    done = threading.Event()
    late = engine._agenda.at(engine.clock.now_ns() + 3600 * 10**9, done.clear)
    engine._agenda.at(engine.clock.now_ns() + 1_000_000, done.set)
    assert done.wait(20)
    assert not engine._agenda.idle
    late.cancel()
    assert engine._agenda.run_until_idle(SOON).reason == "idle"


def test_closing_ends_the_threads() -> None:
    before = threading.active_count()
    engine = localsqs.Engine(seed=1)
    make_queue(engine, "orders")
    engine.event_source_mapping("orders", lambda event, context: None)
    polling = [t for t in threading.enumerate() if t.name.startswith("localsqs-orders")]
    assert len(polling) == 5
    engine.close()
    for thread in polling:
        thread.join(20)
    assert not any(thread.is_alive() for thread in polling)
    assert threading.active_count() <= before + 1  # The watchdog's.
