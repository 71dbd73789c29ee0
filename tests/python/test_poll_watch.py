"""Loops of receives that do not wait, on a manual clock: stopped if they never end, and only then."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import localsqs
from localsqs import _poll_watch
from localsqs.clock import WaitLimitReached

POLLS = 10_000


class Loop:
    """An empty queue, and how long one polls it."""

    def __init__(self, clock: Any, **options: Any) -> None:
        self.engine = localsqs.Engine(clock=clock, seed=1, **options)
        self.sqs = self.engine.client("sqs")
        self.url = self.sqs.create_queue(QueueName="orders")["QueueUrl"]

    def polls(self, most: int = 30 * POLLS, between: Callable[[int], Any] = lambda poll: None) -> int:
        """How many polls there were before the loop was stopped, or `most`."""
        for poll in range(most):
            try:
                self.sqs.receive_message(QueueUrl=self.url)
                between(poll)
            except WaitLimitReached:
                return poll
        return most


def poll_for_ever(sqs: Any, url: str) -> None:
    """What a consumer does that catches every Exception and goes on."""
    for _ in range(2 * POLLS):
        with contextlib.suppress(Exception):
            sqs.receive_message(QueueUrl=url)


@pytest.fixture
def real_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """What a poll does that takes a millisecond."""
    now_ms = [0]
    monkeypatch.setattr(_poll_watch, "monotonic", lambda: now_ms[0] / 1000)

    def passes(poll: int) -> None:
        now_ms[0] += 1

    return passes


def alone(monkeypatch: pytest.MonkeyPatch, is_so: bool) -> None:
    monkeypatch.setattr(_poll_watch.PollWatch, "_alone", lambda self: is_so)


def test_a_loop_that_finds_nothing_is_stopped(monkeypatch, real_time):
    alone(monkeypatch, True)
    assert 20_000 <= Loop(localsqs.ManualClock()).polls(between=real_time) < 22_000
    assert 50_000 <= Loop(localsqs.ManualClock(poll_limit=timedelta(seconds=50))).polls(between=real_time) < 52_000


def test_with_others_about_it_has_longer(monkeypatch, real_time):
    alone(monkeypatch, False)
    assert 30_000 <= Loop(localsqs.ManualClock(poll_limit=2)).polls(between=real_time) < 32_000


def test_few_polls_are_not_stopped_however_long_they_take():
    assert POLLS < Loop(localsqs.ManualClock(poll_limit=0)).polls() < POLLS + 2_000


def test_what_the_report_says():
    loop = Loop(localsqs.ManualClock(poll_limit=0))
    loop.sqs.send_message(QueueUrl=loop.url, MessageBody="a")
    loop.sqs.receive_message(QueueUrl=loop.url)
    with pytest.raises(WaitLimitReached) as caught:
        poll_for_ever(loop.sqs, loop.url)
    assert not isinstance(caught.value, Exception)
    for part in (
        "10,000 receives in a row found nothing",
        "of the last 1000 effects: 1000 empty receives of orders",
        "orders: 0 visible, 1 in flight, 0 delayed",
        "ManualClock(poll_limit=...)",
    ):
        assert part in str(caught.value)
    assert "Messages" not in loop.sqs.receive_message(QueueUrl=loop.url)  # One poll more does no harm.
    assert loop.polls() < POLLS + 2_000


@pytest.mark.parametrize(
    "clock",
    [
        pytest.param(lambda: localsqs.ManualClock(poll_limit=None), id="no-limit"),
        pytest.param(lambda: localsqs.ManualClock(limit=None, poll_limit=0), id="no-limit-of-waits"),
        pytest.param(lambda: localsqs.ManualClock(auto_advance=False, poll_limit=0), id="somebody-else-moves-it"),
        pytest.param(localsqs.SystemClock, id="system-clock"),
        pytest.param(localsqs.PythonClock, id="python-clock"),
    ],
)
def test_loops_that_may_go_on(clock):
    assert Loop(clock(), history_limit=0).polls(3 * POLLS) == 3 * POLLS


def test_a_negative_limit():
    with pytest.raises(ValueError, match="poll_limit must be non-negative"):
        localsqs.ManualClock(poll_limit=-1)


def test_a_loop_in_which_something_happens_goes_on():
    def sometimes(do: Callable[[], Any]) -> Callable[[int], None]:
        return lambda poll: do() if poll % 5_000 == 4_999 else None

    loop = Loop(localsqs.ManualClock(poll_limit=0))
    assert loop.polls(3 * POLLS, sometimes(lambda: loop.engine.clock.advance(milliseconds=1))) == 3 * POLLS
    other = loop.sqs.create_queue(QueueName="other")["QueueUrl"]
    assert loop.polls(3 * POLLS, sometimes(lambda: loop.sqs.purge_queue(QueueUrl=other))) == 3 * POLLS
    long_poll = {"QueueUrl": other, "WaitTimeSeconds": 1}
    assert loop.polls(3 * POLLS, sometimes(lambda: loop.sqs.receive_message(**long_poll))) == 3 * POLLS
    looks = {"QueueUrl": other, "AttributeNames": ["All"]}
    assert loop.polls(3 * POLLS, lambda poll: loop.sqs.get_queue_attributes(**looks)) < 3 * POLLS  # Only looks.


def test_the_clients_of_an_engine_count_together():
    loop = Loop(localsqs.ManualClock(poll_limit=0), history_limit=0)
    other = loop.engine.client("sqs")
    assert loop.polls(POLLS, lambda poll: other.receive_message(QueueUrl=loop.url)) < POLLS


def test_who_is_alone():
    script = """
import threading, localsqs
from localsqs._poll_watch import PollWatch
engine = localsqs.Engine(clock=localsqs.ManualClock())
assert engine._poll_watch._alone()
over = threading.Event()
thread = threading.Thread(target=over.wait)
thread.start()
assert not engine._poll_watch._alone()
over.set()
thread.join()
assert engine._poll_watch._alone()
with engine.serve():
    assert not engine._poll_watch._alone()
print("yes")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "yes\n", done.stderr


def test_nobody_is_alone_in_an_event_loop():
    async def look() -> bool:
        return _poll_watch._in_event_loop()

    assert asyncio.run(look())
    assert not _poll_watch._in_event_loop()


def test_a_loop_of_boto3_is_stopped():
    boto3 = pytest.importorskip("boto3")
    with localsqs.mock(clock=localsqs.ManualClock(poll_limit=0)):
        sqs = boto3.session.Session().client(
            "sqs", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
        )
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        with pytest.raises(WaitLimitReached, match="receives in a row found nothing"):
            poll_for_ever(sqs, url)


def test_the_client_looks_as_on_any_other_clock():
    manual = localsqs.Engine(clock=localsqs.ManualClock()).client("sqs")
    system = localsqs.Engine().client("sqs")
    assert isinstance(manual, localsqs.SQS)
    assert repr(manual) == repr(system)
    assert inspect.signature(manual.receive_message) == inspect.signature(system.receive_message)
    assert manual.receive_message.__doc__ == system.receive_message.__doc__
    with pytest.raises(TypeError, match="only accepts keyword arguments"):
        manual.receive_message("url")
