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

from aims import Aim

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


def aims(results: dict[str, Any]) -> list[Aim]:
    """Rows of tools/bench_table.py."""
    day = f"simulation: a day at 100 messages a second on one core ({results['day_mib']:.0f} MiB): s"
    sweep_of_64 = "simulation: a sweep of 64 configurations of an hour at 20 a second: s"
    return [
        (day, "at most", 60, ".1f", results["day_s"]),
        (sweep_of_64, "at most", 60, ".1f", results["sweep_s"]),
    ]


def table(results: dict[str, Any]) -> str:
    """Markdown."""
    costs: dict[str, float] = results["us_a_message"]
    lines = ["| simulation | µs a message |", "|---|---:|"]
    lines += [f"| {name} | {us:.2f} |" for name, us in costs.items()]
    ratios = [costs[f"simulated, {kind}"] / costs[f"bare, {kind}"] for kind in ("batches of 10", "one by one")]
    note = ", the last two extrapolated" if results["extrapolated"] else ""
    return "\n".join(lines) + (
        f"\n\nSimulated / bare: {ratios[0]:.2f} in batches of 10, {ratios[1]:.2f} one by one. A day at 100 messages a "
        f"second: {results['day_s']:.1f} s, {results['day_mib']:.0f} MiB; 64 hours at 20 a second: "
        f"{results['sweep_s']:.1f} s{note}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    costs = per_message(arguments.quick)
    day_s, grown = a_day(arguments.quick)
    results = {
        "us_a_message": costs,
        "day_s": day_s,
        "day_mib": grown,
        "sweep_s": a_sweep(arguments.quick),
        "extrapolated": arguments.quick,
    }
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
