"""Scenarios at random: nothing is lost from the books, and no poller waits while a message is to be had."""

from __future__ import annotations

import random

import pytest

np = pytest.importorskip("numpy")

from localsqs.simulation import (  # noqa: E402
    Bursts,
    Constant,
    Exponential,
    Fixed,
    Flaky,
    Fleet,
    Groups,
    Lambda,
    LogNormal,
    Outage,
    Poison,
    Poisson,
    Scenario,
    SlowDependency,
    _run,
    run,
)
from localsqs.simulation._records import Series  # noqa: E402


def consumers(chance: random.Random, fifo: bool) -> Fleet | Lambda:
    pick = chance.choice
    if chance.random() < 0.5:
        return Fleet(
            pick([1, 3, 9]),
            batch=pick([1, 3, 10]),
            wait_time=pick([1, 20]),
            retry_after=pick([None, None, 0, 3]),
            heartbeat=pick([None, None, 2.0]),
        )
    return Lambda(
        batch_size=pick([1, 10] if fifo else [1, 10, 40]),
        window=0 if fifo else pick([1, 5, 20]),
        timeout=pick([2, 10, 30]),
        maximum_concurrency=pick([None, 2, 9]),
        report_batch_item_failures=pick([False, True]),
    )


def scenario(seed: int) -> Scenario:
    chance = random.Random(seed)
    pick, fifo = chance.choice, chance.random() < 0.3
    troubles = [Flaky(0.2), Poison(0.05), Outage(60, 120), SlowDependency(30, 90, 5)]
    return Scenario(
        workload=pick([Poisson(5), Constant(3), Bursts(1, burst_rate=50, every=60, length=5), Poisson(0.05)]),
        consumers=consumers(chance, fifo),
        service=pick([Exponential(0.3), Fixed(0.1), LogNormal(0.2, 6)]),
        failures=chance.sample(troubles, chance.randint(0, 3)),
        seconds=150,
        visibility_timeout=pick([2, 10, 60]),
        max_receive_count=pick([None, 1, 3]),
        retention=pick([60, 345_600]),
        delay=pick([0, 0, 7]),
        fifo=fifo,
        groups=pick([None, Groups(3), Groups(30, 1.0)]),
        send_batch=pick([1, 10]),
        seed=seed,
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_poller_waits_while_a_message_is_to_be_had(seed, monkeypatch):
    made, sample = [], Series._sample
    make = _run._consumers
    monkeypatch.setattr(_run, "_consumers", lambda *arguments: made.append(make(*arguments)) or made[-1])

    def checked(self, at, argument):
        visible = self._world.counts()[0]
        parked = len(made[0]._parked) if made else 0
        # In a FIFO queue what waits behind a locked group is visible too.
        assert not (visible and parked and not self._world.fifo), f"{visible} visible, {parked} waiting at {at} ns"
        sample(self, at, argument)

    monkeypatch.setattr(Series, "_sample", checked)
    # Samples fall between the whole seconds at which timeouts tend to end.
    result = run(scenario(seed), interval=7 / 3)
    handled_and_dead = max(result.done + result.expired + result.dead + result.left - result.sent, 0)
    assert result.sent == result.done + result.expired + result.dead + result.left - handled_and_dead
    assert handled_and_dead <= result.dead  # What was handled, but not deleted in time.
    assert all(row.calls >= 0 for row in result.bill().usage)
