"""The simulation against queueing theory, Lambda's documented ramp, and bills worked by hand.

A mean waiting time is compared with the formula's within a confidence interval that the run itself gives (batch means).
Seeds are fixed, so a test gives the same answer each time.
"""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

np = pytest.importorskip("numpy")

from localsqs.costs import LambdaUsage  # noqa: E402
from localsqs.simulation import (  # noqa: E402
    Constant,
    Exponential,
    Fixed,
    Fleet,
    Lambda,
    Poisson,
    Trace,
    run,
    theory,
)

# Student's t for 99 % and 29 degrees of freedom.
T_29 = 2.756
BATCHES = 30


def mean_and_half_width(values) -> tuple[float, float]:
    """The mean of a correlated series and half of its 99 % confidence interval, from the means of 30 batches."""
    means = np.array([batch.mean() for batch in np.array_split(values, BATCHES)])
    return float(means.mean()), float(T_29 * means.std(ddof=1) / math.sqrt(BATCHES))


def waits(*, rate: float, service, servers: int, messages: int, seed: int):
    """Waiting times of a fleet that takes one message at a time, without the first twentieth."""
    seconds = messages / rate
    result = run(
        workload=Poisson(rate),
        consumers=Fleet(servers, batch=1, wait_time=20),
        service=service,
        visibility_timeout=43_200,
        retention=1_209_600,
        seconds=seconds,
        interval=seconds / 10,
        seed=seed,
    )
    values = result.messages.after(seconds / 20).wait
    return values[~np.isnan(values)]


@pytest.mark.parametrize(
    ("rate", "service", "servers", "theory_says", "seed"),
    [
        pytest.param(0.5, Exponential(1.0), 1, theory.mm1_mean_wait(0.5, 1.0), 1, id="M/M/1-at-50-percent"),
        pytest.param(7.0, Exponential(0.1), 1, theory.mm1_mean_wait(7.0, 0.1), 2, id="M/M/1-at-70-percent"),
        pytest.param(0.7, Fixed(1.0), 1, theory.md1_mean_wait(0.7, 1.0), 3, id="M/D/1-at-70-percent"),
        pytest.param(1.5, Exponential(1.0), 2, theory.mmc_mean_wait(1.5, 1.0, 2), 4, id="M/M/2-at-75-percent"),
        pytest.param(28.0, Exponential(0.25), 10, theory.mmc_mean_wait(28.0, 0.25, 10), 5, id="M/M/10-at-70-percent"),
    ],
)
def test_mean_wait_is_what_theory_says(rate, service, servers, theory_says, seed):
    values = waits(rate=rate, service=service, servers=servers, messages=80_000, seed=seed)
    mean, half_width = mean_and_half_width(values)
    assert abs(mean - theory_says) <= half_width
    assert half_width < 0.15 * theory_says  # Else the comparison would say little.


def test_share_that_waits_and_its_tail_are_erlangs():
    rate, service, servers = 6.0, 0.5, 4
    values = waits(rate=rate, service=Exponential(service), servers=servers, messages=80_000, seed=6)
    waited, half_width = mean_and_half_width((values > 0).astype(float))
    assert abs(waited - theory.erlang_c(rate, service, servers)) <= half_width < 0.03
    p95 = theory.mmc_wait_percentile(rate, service, servers, 95)
    longer, half_width = mean_and_half_width((values > p95).astype(float))
    assert abs(longer - 0.05) <= half_width < 0.02


def test_little_s_law_holds_for_the_engines_own_counts():
    """Messages in the queue = rate x time in it: the former from the engine's counts, the latter from messages."""
    result = run(
        workload=Poisson(20), consumers=Fleet(4), service=Exponential(0.15), seconds=4_000, interval=1.0, seed=9
    )
    in_queue = (result.timeline.visible + result.timeline.in_flight)[200:].mean()
    latency = np.nanmean(result.messages.after(200).latency)
    assert in_queue == pytest.approx(20 * latency, rel=0.05)


@pytest.mark.parametrize(
    ("rate", "service", "servers", "probability"),
    [
        (0.5, 1.0, 1, 0.5),  # With one server a message waits when it is busy.
        (1.0, 1.0, 2, 1 / 3),
        (2.0, 1.0, 3, 4 / 9),
        (1.0, 0.5, 2, 0.1),
    ],
)
def test_erlang_c_by_hand(rate, service, servers, probability):
    assert theory.erlang_c(rate, service, servers) == pytest.approx(probability)


def test_erlang_c_of_a_large_fleet_neither_overflows_nor_leaves_0_to_1():
    assert 0 < theory.erlang_c(1_900, 1.0, 2_000) < 1


def test_a_fleet_too_small_has_no_waiting_time():
    with pytest.raises(ValueError, match="grow for ever"):
        theory.mmc_mean_wait(2.0, 1.0, 2)


def test_servers_needed_is_the_border():
    needed = theory.servers_needed(rate=20, service=0.15, wait=0.2, percentile=99)
    assert theory.mmc_wait_percentile(20, 0.15, needed, 99) <= 0.2
    assert theory.mmc_wait_percentile(20, 0.15, needed - 1, 99) > 0.2


# --- Lambda's ramp (shared/spec/around.md, section 1.9) --------------------------------------------------------------


def concurrency_by_minute(mapping: Lambda, minutes: int) -> list[int]:
    """Concurrent invocations half a minute into each minute, of a function that takes long, on a queue that is full."""
    result = run(
        workload=Constant(30.0),
        consumers=mapping,
        service=Fixed(200.0),
        visibility_timeout=43_200,
        seconds=minutes * 60,
        interval=30.0,
        seed=1,
    )
    return [int(value) for value in result.timeline.concurrency[1::2]]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        pytest.param({}, [5, 305, 605, 905, 1205, 1250, 1250], id="newer-text"),
        pytest.param(
            {"scale_per_minute": 60, "concurrency_max": 1_000}, [5, 65, 125, 185, 245, 305, 365], id="older-text"
        ),
        pytest.param({"maximum_concurrency": 100}, [5, 100, 100, 100, 100, 100, 100], id="maximum-concurrency"),
        pytest.param({"maximum_concurrency": 2}, [2] * 7, id="fewer-than-five"),
    ],
)
def test_lambda_scales_by_the_minute_as_documented(mapping, expected):
    assert concurrency_by_minute(Lambda(batch_size=1, timeout=900, **mapping), 7) == expected


# --- Bills -----------------------------------------------------------------------------------------------------------


def test_a_million_messages_one_by_one_cost_three_million_requests():
    """1 send, 1 receive, 1 delete each: 3 requests at 0.40 USD a million."""
    result = run(workload=Constant(10), consumers=Fleet(4), service=Fixed(0.1), seconds=1_000, seed=1)
    assert result.done == pytest.approx(10_000, abs=4)
    assert result.cost_per_million() == pytest.approx(1.20, rel=0.002)


def test_batches_of_ten_cost_a_tenth():
    result = run(
        workload=Constant(100), consumers=Fleet(4, batch=10), send_batch=10, service=Fixed(0.001), seconds=1_000, seed=1
    )
    assert result.cost_per_million() == pytest.approx(0.12, rel=0.002)


def test_an_idle_fleet_pays_for_its_long_polls():
    """Each poller asks every 20 s: 3 pollers, an hour: 540 empty receives."""
    result = run(workload=Constant(0.0), consumers=Fleet(3, wait_time=20), seconds=3_600)
    receives = [row.calls for row in result.bill().usage if row.operation == "ReceiveMessage"]
    assert receives == [3 * 3_600 // 20]


def test_an_idle_fleet_that_polls_every_second_pays_twenty_times_as_much():
    result = run(workload=Constant(0.0), consumers=Fleet(3, wait_time=0, pause=1.0), seconds=3_600)
    receives = [row.calls for row in result.bill().usage if row.operation == "ReceiveMessage"]
    assert receives == [pytest.approx(3 * 3_600, abs=3)]


def test_bodies_of_65_kib_count_twice_in_send_and_receive():
    sizes = {"message_bytes": 65 * 1024, "workload": Constant(1), "service": Fixed(0.01), "seconds": 100}
    rows = {row.operation: row for row in run(consumers=Fleet(1), **sizes).bill().usage}
    assert rows["SendMessage"].requests == 2 * rows["SendMessage"].calls == 200
    assert rows["DeleteMessage"].requests == rows["DeleteMessage"].calls


def test_lambda_is_billed_by_invocation_and_gb_second():
    """100 invocations of 1.5 s at 512 MB are 75 GB-seconds."""
    mapping = Lambda(batch_size=1, memory_mb=512)
    result = run(workload=Trace(tuple(range(100))), consumers=mapping, service=Fixed(1.5), visibility_timeout=60)
    assert result.bill().functions == (LambdaUsage(100, Decimal("75.000")),)
    # 100 x 0.20 / 1,000,000 and 75 x 16.6667 / 1,000,000 USD, beside the requests of the queue.
    of_lambda = [charge.usd for charge in result.bill()._charges(free_tier=False) if "Lambda" in charge.what]
    assert of_lambda == [Decimal("0.00002"), Decimal("0.0012500025")]
