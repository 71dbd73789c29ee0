"""One run of a scenario."""

from __future__ import annotations

from typing import Any

import numpy as np

from localsqs._progress import Progress
from localsqs.simulation._consumers import Attempts, Consumers, Work
from localsqs.simulation._fleet import FleetRun
from localsqs.simulation._producer import Producer
from localsqs.simulation._records import Records, Series
from localsqs.simulation._world import SECOND_NS, World
from localsqs.simulation.result import Result
from localsqs.simulation.scenario import Fleet, Scenario

__all__ = ["run"]


def run(
    scenario: Scenario | None = None,
    *,
    interval: float | None = None,
    message_limit: int = 1_000_000,
    attempt_limit: int = 0,
    history_limit: int = 0,
    progress: bool | None = None,
    **changes: Any,
) -> Result:
    """Runs a scenario on a real engine, in virtual time.

    Args:
        scenario: What is simulated; `Scenario()` if None.
        interval: Seconds between samples of the queue; a 1,440th of the run if None, but at least 1 second.
        message_limit: How many messages have a row of their own in the result. If more are expected, every k-th has.
        attempt_limit: How many attempts are written down one by one, for `plot.consumers`.
        history_limit: What the engine keeps of its history; `result.history()` is there if it is above 0.
        progress: Whether to show a progress bar; None shows one in a terminal or a notebook, for a run that lasts.
        **changes: Parameters that differ from the scenario, as in `Scenario.replace`.

    Returns:
        A Result: arrays, summary, bill. Two runs of equal scenarios give equal results.

    Cost: 3 to 4 µs a message in batches of ten, 10 µs one by one (tests/bench/simulation_bench.py).
    """
    scenario = (Scenario() if scenario is None else scenario).replace(**changes)
    interval = max(1.0, scenario.seconds / 1_440) if interval is None else interval
    world = World(scenario, history_limit)
    expected = scenario.workload.expected(scenario.seconds)
    records = Records(expected, message_limit, scenario.retention * SECOND_NS)
    streams = _streams(scenario)
    attempts = Attempts(attempt_limit)
    consumers = _consumers(scenario, world, records, Work(scenario, streams), attempts)
    with Progress(scenario.seconds, "simulated", "s", progress) as bar:
        series = Series(world, records, lambda: consumers.busy, round(interval * SECOND_NS), bar.to)
        consumers.start()
        Producer(scenario, world, records, streams, consumers.woken)
        world.run(round(scenario.seconds * SECOND_NS))
    return Result.of(scenario, world, records, series, consumers)


def _streams(scenario: Scenario) -> dict[str, Any]:
    """Independent streams of chance for each thing that is drawn."""
    names = ("arrivals", "sizes", "groups", "service")
    seeds = np.random.SeedSequence(scenario.seed).spawn(len(names) + len(scenario.failures))
    generators = [np.random.default_rng(seed) for seed in seeds]
    streams: dict[str, Any] = dict(zip(names, generators, strict=False))
    streams["failures"] = generators[len(names) :]
    return streams


def _consumers(scenario: Scenario, world: World, records: Records, work: Work, attempts: Attempts) -> Consumers:
    if isinstance(scenario.consumers, Fleet):
        return FleetRun(scenario, scenario.consumers, world, records, work, attempts)
    from localsqs.simulation._lambda import LambdaRun

    return LambdaRun(scenario, scenario.consumers, world, records, work, attempts)
