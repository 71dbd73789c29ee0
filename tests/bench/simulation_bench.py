"""What a simulated message costs, and whether a day and a sweep fit into a minute.

    python tests/bench/simulation_bench.py [--quick] [--json FILE]

Rows: the bare calls of the native client (send, receive, delete in batches of 10, and one by one), and the simulation
that makes the same calls, with its arrivals, service times, records and samples. Times are of the processor, per
message; the ratio says what the simulation adds. Then, in wall-clock time, a day at 100 messages a second on one core,
and a sweep of 64 configurations of an hour at 20 messages a second. --quick: an hour instead of the day, 8
configurations instead of 64; the full figures are then extrapolated.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import localsqs
from localsqs.simulation import Exponential, Fleet, Poisson, Scenario, run, sweep

DAY_S, HOUR_S = 86_400.0, 3_600.0
IDS = [str(i) for i in range(10)]


def cpu_us(messages: int, work: Any) -> float:
    """Microseconds of processor time a message, the better of two."""
    times = []
    for _ in range(2):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) / messages * 1e6)
    return min(times)


def bare_batches(messages: int) -> None:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1, history_limit=0) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        for first in range(0, messages, 10):
            sqs.send_message_batch(
                QueueUrl=url, Entries=[{"Id": i, "MessageBody": str(first + k)} for k, i in enumerate(IDS)]
            )
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
            entries = [{"Id": i, "ReceiptHandle": m["ReceiptHandle"]} for i, m in zip(IDS, got, strict=True)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def bare_singles(messages: int) -> None:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1, history_limit=0) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        for number in range(messages):
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
            (got,) = sqs.receive_message(QueueUrl=url)["Messages"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])


def day(seconds: float) -> Scenario:
    return Scenario(
        workload=Poisson(100),
        consumers=Fleet(4, batch=10),
        service=Exponential(0.02),
        send_batch=10,
        seconds=seconds,
        seed=1,
    )


def one_by_one(seconds: float) -> Scenario:
    return Scenario(workload=Poisson(100), consumers=Fleet(4), service=Exponential(0.02), seconds=seconds, seed=1)


def per_message(quick: bool) -> dict[str, float]:
    messages = 50_000 if quick else 300_000
    seconds = messages / 100
    return {
        "bare, batches of 10": cpu_us(messages, lambda: bare_batches(messages)),
        "simulated, batches of 10": cpu_us(messages, lambda: run(day(seconds))),
        "bare, one by one": cpu_us(messages, lambda: bare_singles(messages)),
        "simulated, one by one": cpu_us(messages, lambda: run(one_by_one(seconds))),
    }


def a_day(quick: bool) -> tuple[float, float]:
    """Seconds of a simulated day, and the MiB that the process grew by."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    run(day(HOUR_S if quick else DAY_S), progress=False)
    seconds = (time.perf_counter() - start) * (24 if quick else 1)
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def a_sweep(quick: bool) -> float:
    """Seconds of a sweep of 64 configurations."""
    base = Scenario(workload=Poisson(20), service=Exponential(0.15), max_receive_count=5, seconds=HOUR_S)
    pollers = [4, 6] if quick else [4, 5, 6, 8]
    start = time.perf_counter()
    sweep(
        base, pollers=pollers, visibility_timeout=[1, 30] if quick else [1, 5, 30, 120],
        batch=[1, 10] if quick else [1, 2, 5, 10], progress=False,
    )  # fmt: skip
    return (time.perf_counter() - start) * (8 if quick else 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    costs = per_message(arguments.quick)
    for name, us in costs.items():
        print(f"{name:<28}{us:8.2f} µs a message")
    for kind in ("batches of 10", "one by one"):
        print(f"ratio, {kind:<21}{costs[f'simulated, {kind}'] / costs[f'bare, {kind}']:8.2f}")
    day_s, grown = a_day(arguments.quick)
    note = " (extrapolated from an hour)" if arguments.quick else ""
    print(f"a day at 100 messages/s     {day_s:8.1f} s{note}; the process grew by {grown:.0f} MiB")
    sweep_s = a_sweep(arguments.quick)
    note = " (extrapolated from 8)" if arguments.quick else ""
    print(f"a sweep of 64 hours at 20/s {sweep_s:8.1f} s{note}")
    if arguments.json is not None:
        figures = {"us_a_message": costs, "day_s": day_s, "day_mib": grown, "sweep_s": sweep_s}
        arguments.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
