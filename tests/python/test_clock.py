"""Clocks, and long polls on each of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import localsqs
from localsqs import errors

UTC = timezone.utc
START = datetime(2026, 1, 1, tzinfo=UTC)


# --- ManualClock ------------------------------------------------------------------------------------------------------


def test_default_start():
    clock = localsqs.ManualClock()
    assert clock.now() == START
    assert clock.now_ns() == 1_767_225_600_000_000_000
    assert clock.auto_advance


@pytest.mark.parametrize(
    "start",
    [
        datetime(2020, 5, 17, 12, 30, 0, 5, tzinfo=UTC),
        datetime(2020, 5, 17, 12, 30, 0, 5),
        datetime(2020, 5, 17, 14, 30, 0, 5, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_start_is_an_instant_and_naive_means_utc(start):
    assert localsqs.ManualClock(start=start).now() == datetime(2020, 5, 17, 12, 30, 0, 5, tzinfo=UTC)


def test_start_in_seconds():
    assert localsqs.ManualClock(start=0).now_ns() == 0
    assert localsqs.ManualClock(start=1.5).now_ns() == 1_500_000_000
    assert localsqs.ManualClock(start=-1).now() == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "span"),
    [
        ({"seconds": 30}, timedelta(seconds=30)),
        ({"seconds": 0.1}, timedelta(milliseconds=100)),
        ({"milliseconds": 1}, timedelta(milliseconds=1)),
        ({"minutes": 1, "hours": 2, "days": 3}, timedelta(days=3, hours=2, minutes=1)),
        ({"delta": timedelta(weeks=1, microseconds=1)}, timedelta(weeks=1, microseconds=1)),
        ({}, timedelta(0)),
        ({"minutes": 1, "seconds": -30}, timedelta(seconds=30)),
    ],
)
def test_advance(arguments, span):
    clock = localsqs.ManualClock()
    clock.advance(**arguments)
    assert clock.now() == START + span


def test_move_to():
    clock = localsqs.ManualClock()
    clock.move_to(START + timedelta(days=1))
    assert clock.now() == START + timedelta(days=1)
    clock.move_to(START + timedelta(days=1))


def test_time_does_not_go_back():
    clock = localsqs.ManualClock()
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(seconds=-1)
    with pytest.raises(ValueError, match="does not go back"):
        clock.move_to(START - timedelta(microseconds=1))
    assert clock.now() == START


def test_instants_beyond_64_bits():
    clock = localsqs.ManualClock()
    for move in (lambda: clock.advance(days=10**9), lambda: clock.move_to(2.0**70)):
        with pytest.raises(ValueError, match="1677 to 2262"):
            move()
    for nonsense in (float("nan"), float("inf")):
        with pytest.raises((ValueError, OverflowError)):
            clock.advance(seconds=nonsense)
    with pytest.raises(TypeError):
        clock.move_to("tomorrow")
    assert clock.now() == START


def test_visibility_ends_when_the_clock_says_so(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert "Messages" in sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)
    engine.clock.advance(timedelta(seconds=30) - timedelta(microseconds=1))
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    engine.clock.advance(timedelta(microseconds=1))
    assert "Messages" in sqs.receive_message(QueueUrl=url)


def test_a_long_poll_moves_the_clock_to_its_deadline(engine, sqs, url):
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert engine.clock.now() == START + timedelta(seconds=20)


def test_a_long_poll_moves_the_clock_to_the_message(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=7)
    assert "Messages" in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert engine.clock.now() == START + timedelta(seconds=7)


def test_engines_may_share_a_clock():
    clock = localsqs.ManualClock()
    engines = [localsqs.Engine(clock=clock) for _ in range(2)]
    clock.advance(hours=1)
    timestamps = set()
    for engine in engines:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["CreatedTimestamp"])["Attributes"]
        timestamps.add(attributes["CreatedTimestamp"])
    assert timestamps == {str(int((START + timedelta(hours=1)).timestamp()))}


# --- Long polls in threads --------------------------------------------------------------------------------------------


class Polls:
    """Receives that wait in threads of their own."""

    def __init__(self, sqs: Any, url: str, count: int, wait: int = 20) -> None:
        self.bodies: list[str | None] = []
        self._threads = [threading.Thread(target=self._poll, args=(sqs, url, wait), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _poll(self, sqs: Any, url: str, wait: int) -> None:
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait).get("Messages", [])
        self.bodies.append(messages[0]["Body"] if messages else None)

    def join(self) -> list[str | None]:
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "a long poll hangs"
        return self.bodies

    @property
    def alive(self) -> int:
        return sum(thread.is_alive() for thread in self._threads)


def clocks() -> list[Any]:
    return [
        pytest.param(localsqs.SystemClock, id="system"),
        pytest.param(lambda: localsqs.ManualClock(auto_advance=False), id="manual-held"),
        pytest.param(localsqs.PythonClock, id="python"),
    ]


@pytest.mark.parametrize("make_clock", clocks())
def test_sends_wake_waiting_receives(make_clock: Callable[[], Any]):
    with localsqs.Engine(clock=make_clock()) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        polls = Polls(sqs, url, count=4)
        for i in range(4):
            sqs.send_message(QueueUrl=url, MessageBody=str(i))
        assert sorted(map(str, polls.join())) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("make_clock", clocks())
def test_close_ends_waiting_receives_empty(make_clock: Callable[[], Any]):
    engine = localsqs.Engine(clock=make_clock())
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    started = threading.Event()
    ended: list[str] = []

    def poll() -> None:
        started.set()
        try:
            ended.append("empty" if "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20) else "?")
        except errors.ClientError as error:  # The engine was closed before the receive began.
            ended.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=poll, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    started.wait(10)
    engine.close()
    for thread in threads:
        thread.join(timeout=30)
    assert len(ended) == 3
    assert set(ended) <= {"empty", "InternalFailure"}


def test_a_held_manual_clock_lets_polls_wait_until_somebody_moves_it():
    engine = localsqs.Engine(clock=localsqs.ManualClock(auto_advance=False))
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=5)
    polls = Polls(sqs, url, count=3)
    while len(polls.bodies) < 3:  # In small steps: whenever a poll begins, the message must not be too old.
        engine.clock.advance(milliseconds=5)
    assert sorted(map(str, polls.join())) == ["None", "None", "late"]


def test_long_poll_on_the_system_clock_ends_at_its_deadline():
    engine = localsqs.Engine()
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    before = engine.clock.now()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert timedelta(seconds=1) <= engine.clock.now() - before < timedelta(seconds=10)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    "clock", ["SystemClock()", "PythonClock()", "ManualClock(auto_advance=False)"], ids=["system", "python", "manual"]
)
def test_ctrl_c_ends_a_long_poll(clock):
    code = f"""
import signal, sys, threading, os, localsqs
signal.signal(signal.SIGINT, signal.default_int_handler)  # A job in the background starts with it ignored.
engine = localsqs.Engine(clock=localsqs.{clock})
sqs = engine.client("sqs")
url = sqs.create_queue(QueueName="q")["QueueUrl"]
try:
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
except KeyboardInterrupt:
    sqs.send_message(QueueUrl=url, MessageBody="taken by nobody")
    assert "Messages" in sqs.receive_message(QueueUrl=url)
    sys.exit(42)
sys.exit(1)
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=15).returncode == 42


def test_a_signal_handler_that_returns_does_not_end_a_long_poll():
    calls: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: calls.append(number))
    try:
        engine = localsqs.Engine()
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert calls == [signal.SIGUSR1]


# --- PythonClock ------------------------------------------------------------------------------------------------------


@pytest.fixture
def python_engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=localsqs.PythonClock()) as engine:
        yield engine


def test_freezegun_drives_the_engine(python_engine):
    freezegun = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2031-02-03T04:05:06Z") as frozen:
        sqs = python_engine.client("sqs")
        assert python_engine.clock.now() == datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert "Messages" in sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)
        frozen.tick(timedelta(seconds=29))
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        frozen.tick(timedelta(seconds=1))
        assert "Messages" in sqs.receive_message(QueueUrl=url)


def test_time_machine_drives_the_engine(python_engine):
    time_machine = pytest.importorskip("time_machine")
    with time_machine.travel(datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), tick=False) as traveller:
        sqs = python_engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert "Messages" in sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)
        traveller.shift(29)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        traveller.shift(1)
        assert "Messages" in sqs.receive_message(QueueUrl=url)


def test_a_long_poll_on_frozen_time_ends_empty(python_engine):
    freezegun = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2031-02-03T04:05:06Z"):
        sqs = python_engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)


def test_time_that_goes_back_does_not_go_back_for_the_engine(python_engine):
    freezegun = pytest.importorskip("freezegun")
    sqs = python_engine.client("sqs")
    with freezegun.freeze_time("2031-01-01T00:00:00Z"):
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
    with freezegun.freeze_time("2030-01-01T00:00:00Z"):
        sqs.send_message(QueueUrl=url, MessageBody="a")
    assert [event.at.year for event in python_engine.history()] == [2031, 2031]


def test_a_broken_time_function_is_no_crash(python_engine, monkeypatch):
    sqs = python_engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    monkeypatch.setattr("time.time_ns", lambda: 2**80)
    assert sqs.send_message(QueueUrl=url, MessageBody="a")["MessageId"]


# --- The limit of waits ----------------------------------------------------------------------------------------------


def polls_until_the_limit(clock: localsqs.ManualClock, most: int = 1000) -> int:
    with localsqs.Engine(clock=clock, seed=1) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        for polls in range(most):
            try:
                sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
            except localsqs.clock.WaitLimitReached:
                return polls
        return most


@pytest.mark.parametrize("limit", [3600, 3600.0, timedelta(hours=1)])
def test_waits_move_a_clock_as_far_as_its_limit(limit):
    assert polls_until_the_limit(localsqs.ManualClock(limit=limit)) == 90  # Each 20 seconds, and 20 more.


def test_what_the_limit_says():
    clock = localsqs.ManualClock(limit=60)
    with localsqs.Engine(clock=clock, seed=1) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        with pytest.raises(localsqs.clock.WaitLimitReached) as caught:
            sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        assert not isinstance(caught.value, Exception)
        assert clock.wait_limit_reached
        for part in (
            "0:00:40 of engine time have passed",
            "of the last 3 effects: 2 empty receives of orders",
            "seed 1, engine time 2026-01-01T00:00:40+00:00",
            "orders: 0 visible, 0 in flight, 0 delayed",
            "2026-01-01T00:00:20+00:00 ReceivedNothing orders",
            "ManualClock(limit=...)",
        ):
            assert part in str(caught.value)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)  # What does not wait goes on.


def test_no_limit_and_a_limit_of_nothing():
    assert polls_until_the_limit(localsqs.ManualClock(limit=None)) == 1000
    assert polls_until_the_limit(localsqs.ManualClock(limit=0)) == 0
    with pytest.raises(ValueError, match="limit must be non-negative"):
        localsqs.ManualClock(limit=-1)


def test_the_default_limit_is_generous_and_reached():
    assert polls_until_the_limit(localsqs.ManualClock(), most=300_000) == 100 * 86_400 // 40


def test_a_move_by_hand_starts_the_limit_anew():
    clock = localsqs.ManualClock(limit=60)
    for _ in range(10):
        clock.sleep(40)
        with pytest.raises(localsqs.clock.WaitLimitReached, match="Sleeps and long polls have moved"):
            clock.sleep(0)
        clock.advance(seconds=1)
    assert clock.now_ns() == localsqs.ManualClock().now_ns() + 410 * 10**9


def test_a_sleep_of_the_wrong_kind():
    with pytest.raises(ValueError, match="sleep length must be non-negative"):
        localsqs.ManualClock().sleep(-1)
    with pytest.raises(ValueError, match="1677 to 2262"):
        localsqs.ManualClock().sleep(10**12)
