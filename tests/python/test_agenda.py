"""The agenda: what happens when, in which order, and how handlers that sleep overlap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

import localsqs
from localsqs._agenda import Agenda

S = 1_000_000_000


@pytest.fixture
def engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        yield engine


@pytest.fixture
def agenda(engine: localsqs.Engine) -> Agenda:
    return engine._agenda


class Log(list[tuple[str, float]]):
    """What happened, and after how many seconds."""

    def __init__(self, agenda: Agenda) -> None:
        super().__init__()
        self.agenda = agenda
        self.start = agenda.now_ns()

    def note(self, name: str) -> None:
        self.append((name, (self.agenda.now_ns() - self.start) / S))


def test_entries_by_instant_then_by_arrival(agenda: Agenda) -> None:
    log = Log(agenda)
    for name, after in (("c", 5), ("a", 1), ("b", 1), ("d", 5)):
        agenda.at(log.start + after * S, lambda name=name: log.note(name))
    assert agenda.run_until_idle().reason == "idle"
    assert log == [("a", 1), ("b", 1), ("c", 5), ("d", 5)]


def test_an_entry_of_the_past_is_due_at_once(engine: localsqs.Engine, agenda: Agenda) -> None:
    log = Log(agenda)
    agenda.at(log.start + S, lambda: log.note("late"))
    engine.clock.advance(seconds=10)
    assert log == []
    agenda.run_until_idle()
    assert log == [("late", 10)]


def test_a_cancelled_entry_does_nothing_and_keeps_nothing_going(agenda: Agenda) -> None:
    entry = agenda.at(agenda.now_ns() + S, lambda: pytest.fail("cancelled"))
    entry.cancel()
    entry.cancel()
    assert agenda.idle
    start = agenda.now_ns()
    agenda.run_until_idle()
    assert agenda.now_ns() == start


def test_background_entries_happen_on_the_way_only(agenda: Agenda) -> None:
    log = Log(agenda)
    agenda.at(log.start + 1 * S, lambda: log.note("background"), background=True)
    agenda.at(log.start + 2 * S, lambda: log.note("foreground"))
    agenda.at(log.start + 3 * S, lambda: log.note("too late"), background=True)
    agenda.run_until_idle()
    assert log == [("background", 1), ("foreground", 2)]
    agenda.run_for(timedelta(seconds=5))
    assert log[-1] == ("too late", 3)
    assert agenda.now_ns() == log.start + 7 * S


def test_actors_step_until_none_does_anything(engine: localsqs.Engine, agenda: Agenda) -> None:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    log = Log(agenda)

    class Actor:
        def __init__(self, name: str, times: int) -> None:
            self.name, self.left = name, times

        def step(self) -> bool:
            if self.left:
                self.left -= 1
                log.note(self.name)
                return True
            return False

        @property
        def idle(self) -> bool:
            return not self.left

    agenda.add_actor(Actor("a", 2))
    agenda.add_actor(Actor("b", 1))
    agenda.run_until_idle()
    assert [name for name, _ in log] == ["a", "b", "a"]
    sqs.delete_queue(QueueUrl=url)


def test_a_move_task_keeps_the_run_going(engine: localsqs.Engine, agenda: Agenda) -> None:
    from localsqs.testing import make_queue

    queue = make_queue(engine, "q", dead_letter=True, max_receive_count=1)
    queue.send("a")
    queue.send("b")
    queue.receive()
    engine.clock.advance(seconds=31)
    queue.receive()
    assert queue.dead_letter is not None
    engine.client("sqs").start_message_move_task(SourceArn=queue.dead_letter.arn, MaxNumberOfMessagesPerSecond=1)
    assert engine.run_until_idle().idle
    assert len(queue) == 2


def test_handlers_that_sleep_overlap_and_one_runs_at_a_time(agenda: Agenda) -> None:
    log = Log(agenda)
    running: list[str] = []

    def handler(name: str, naps: list[int]) -> None:
        log.note(name)
        for nap in naps:
            running.append(name)
            assert running == [name]
            running.remove(name)
            agenda.sleep_until(agenda.now_ns() + nap * S)
            log.note(name)

    agenda.at(log.start + 1 * S, lambda: handler("a", [10, 5]))
    agenda.at(log.start + 2 * S, lambda: handler("b", [1, 1]))
    agenda.at(log.start + 3 * S, lambda: handler("c", [30]))
    agenda.at(log.start + 20 * S, lambda: handler("d", []))
    agenda.run_until_idle()
    assert log == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("b", 3),
        ("b", 4),
        ("a", 11),
        ("a", 16),
        ("d", 20),
        ("c", 33),
    ]


def test_the_seed_decides_who_wakes_first() -> None:
    def order(seed: int) -> list[str]:
        with localsqs.Engine(clock=localsqs.ManualClock(), seed=seed) as engine:
            agenda = engine._agenda
            woken: list[str] = []

            def sleeper(name: str) -> None:
                agenda.sleep_until(agenda.now_ns() + S)
                woken.append(name)

            for name in "abcd":
                agenda.at(agenda.now_ns(), lambda name=name: sleeper(name))
            agenda.run_until_idle()
            return woken

    orders = [order(seed) for seed in range(6)]
    assert orders == [order(seed) for seed in range(6)]
    assert len({tuple(names) for names in orders}) > 1
    assert all(sorted(names) == list("abcd") for names in orders)


def test_what_never_sleeps_runs_in_the_callers_thread(agenda: Agenda) -> None:
    threads: list[threading.Thread] = []
    agenda.at(agenda.now_ns() + S, lambda: threads.append(threading.current_thread()))
    agenda.run_until_idle()
    assert threads == [threading.current_thread()]


def test_sleepers_outlive_a_run_for(agenda: Agenda) -> None:
    log = Log(agenda)

    def sleeper() -> None:
        agenda.sleep_until(log.start + 10 * S)
        log.note("awake")

    agenda.at(log.start, sleeper)
    agenda.run_for(timedelta(seconds=4))
    assert log == []
    agenda.run_for(timedelta(seconds=4))
    agenda.run_until_idle()
    assert log == [("awake", 10)]


def test_what_an_action_raises_ends_the_run(agenda: Agenda) -> None:
    log = Log(agenda)
    agenda.at(log.start + 1 * S, lambda: 1 / 0)
    agenda.at(log.start + 2 * S, lambda: log.note("later"))
    with pytest.raises(ZeroDivisionError):
        agenda.run_until_idle()
    agenda.run_until_idle()
    assert log == [("later", 2)]


def test_what_a_sleeper_raises_ends_the_run_too(agenda: Agenda) -> None:
    def sleeper() -> None:
        agenda.sleep_until(agenda.now_ns() + S)
        raise LookupError

    agenda.at(agenda.now_ns(), sleeper)
    agenda.at(agenda.now_ns(), sleeper)
    with pytest.raises(LookupError):
        agenda.run_until_idle()
    with pytest.raises(LookupError):
        agenda.run_until_idle()
    assert agenda.run_until_idle().reason == "idle"


def test_what_an_action_raises_reaches_the_caller_of_run_for(agenda: Agenda) -> None:
    agenda.at(agenda.now_ns() + S, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        agenda.run_for(timedelta(seconds=5))
    assert agenda.run_for(timedelta(seconds=5)).reason == "time"


def test_no_run_within_a_run(agenda: Agenda) -> None:
    errors: list[str] = []

    def action() -> None:
        try:
            agenda.run_until_idle()
        except RuntimeError as error:
            errors.append(str(error))

    agenda.at(agenda.now_ns(), action)
    agenda.run_until_idle()
    assert "run already" in errors[0]


def test_a_limit_ends_the_run(agenda: Agenda) -> None:
    log = Log(agenda)

    def again() -> None:
        log.note("again")
        agenda.at(agenda.now_ns() + 10 * S, again)

    again()
    end = agenda.run_until_idle(timedelta(seconds=25))
    assert end.reason == "limit"
    assert [after for _, after in log] == [0, 10, 20]
    assert end.ended_ns - end.started_ns == 25 * S


def test_the_limit_waits_for_the_callers_own_sleeper(agenda: Agenda) -> None:
    log = Log(agenda)

    def sleeper() -> None:
        agenda.sleep_until(log.start + 100 * S)
        log.note("awake")

    agenda.at(log.start, sleeper)
    assert agenda.run_until_idle(timedelta(seconds=10)).ended_ns == log.start + 100 * S
    assert log == [("awake", 100)]


def test_a_loop_at_one_instant_ends(agenda: Agenda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localsqs._agenda._TURNS_AT_ONE_INSTANT_MAX", 1000)

    def again() -> None:
        agenda.at(agenda.now_ns(), again)

    again()
    assert agenda.run_until_idle().reason == "stuck"


def test_time_does_not_go_back(agenda: Agenda) -> None:
    with pytest.raises(ValueError, match="go back"):
        agenda.run_for(timedelta(seconds=-1))


def test_threads_end_with_the_engine() -> None:
    engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=1)
    agenda = engine._agenda
    ends: list[bool] = []

    def sleeper() -> None:
        try:
            agenda.sleep_until(agenda.now_ns() + 3600 * S)
        finally:
            ends.append(True)

    for _ in range(3):
        agenda.at(agenda.now_ns(), sleeper)
    agenda.run_for(timedelta(seconds=1))
    threads = [t for t in threading.enumerate() if t.name == "localsqs-handlers"]
    engine.close()
    assert ends == [True] * 3
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
