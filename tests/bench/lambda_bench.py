"""What an event source mapping costs in virtual time, and a simulated day.

    python tests/bench/lambda_bench.py [--quick] [--messages 100000] [--runs 5] [--json FILE]

mapping     messages through a mapping with a handler that returns at once, batch size 10
floor       the same messages received and deleted in batches of ten by the native client, in the same run
own cost    mapping minus floor, a message: what poller, event, context, invocation and report cost
day         86,400 messages, one a second, 1 % of them failing three times; seconds of real time

Processor time of this process, best of the runs; rounds of floor and mapping alternate. --quick: a tenth of everything,
the day extrapolated.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
import warnings
from typing import Any

from aims import Aim

import localsqs
from localsqs.testing import make_queue

SECOND_NS = 1_000_000_000
DAY_S = 86_400


def filled(messages: int) -> tuple[localsqs.Engine, str]:
    engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=1)
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for start in range(0, messages, 10):
        entries = [{"Id": str(n), "MessageBody": f'{{"order": {start + n}}}'} for n in range(min(10, messages - start))]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return engine, url


def floor_seconds(messages: int) -> float:
    """Receives and deletes by ten, nothing else."""
    engine, url = filled(messages)
    sqs = engine.client("sqs")
    request: dict[str, Any] = {
        "QueueUrl": url,
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 0,
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }
    start = time.process_time()
    while received := sqs.receive_message(**request).get("Messages"):
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(received)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    spent = time.process_time() - start
    engine.close()
    return spent


def mapping_seconds(messages: int) -> float:
    """The same through a mapping."""
    engine, _ = filled(messages)
    engine.event_source_mapping("orders", lambda event, context: None)
    start = time.process_time()
    report = engine.run_until_idle()
    spent = time.process_time() - start
    assert report.messages == report.counters.deleted == messages
    engine.close()
    return spent


def day_seconds(messages: int) -> float:
    """A day at one message a second."""
    tries: dict[str, int] = {}

    def handler(event: dict[str, Any], context: Any) -> None:
        for record in event["Records"]:
            body = record["body"]
            if int(body) % 100 == 0:
                tries[body] = tries.get(body, 0) + 1
                if tries[body] <= 3:
                    raise ValueError("out of stock")

    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        queue = make_queue(engine, "day", dead_letter=True, max_receive_count=5)
        engine.event_source_mapping(queue, handler)
        agenda, sqs = engine._agenda, engine.client("sqs")
        first_ns = agenda.now_ns()

        def send(number: int) -> None:
            sqs.send_message(QueueUrl=queue.url, MessageBody=str(number))
            if number + 1 < messages:
                agenda.at(first_ns + (number + 1) * SECOND_NS, lambda: send(number + 1))

        agenda.at(first_ns, lambda: send(0))
        start = time.perf_counter()
        report = engine.run_until_idle()
        spent = time.perf_counter() - start
        assert report.retries >= messages // 100 * 3
        assert report.counters.deleted == messages
    return spent


def measure(messages: int, runs: int, day_s: int) -> dict[str, float]:
    floors, mappings = [], []
    for _ in range(runs):
        gc.collect()
        floors.append(floor_seconds(messages) / messages * 1e6)
        gc.collect()
        mappings.append(mapping_seconds(messages) / messages * 1e6)
    floor, mapping = min(floors), min(mappings)
    return {
        "messages": messages,
        "floor_us": floor,
        "mapping_us": mapping,
        "own_cost_us": mapping - floor,
        "messages_a_second": 1e6 / mapping,
        "day_seconds": min(day_seconds(day_s) for _ in range(2)) * DAY_S / day_s,
    }


def aims(results: dict[str, float]) -> list[Aim]:
    """Rows of tools/bench_table.py."""
    return [
        (
            "mapping, trivial handler, batches of 10: messages/s",
            "at least",
            50_000,
            ",.0f",
            results["messages_a_second"],
        ),
        ("the same: its own cost, µs a message", "at most", 10, ".1f", results["own_cost_us"]),
        (
            "a simulated day of a mapping, 1 message a second, 1 % failing thrice: s",
            "at most",
            5,
            ".1f",
            results["day_seconds"],
        ),
    ]


def table(results: dict[str, float]) -> str:
    lines = ["| mapping, batch size 10 | |", "|---|---:|"]
    for name, value in results.items():
        lines.append(f"| {name.replace('_', ' ')} | {value:,.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--messages", type=int)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    quick = options.quick
    messages, runs = options.messages or (10_000 if quick else 100_000), options.runs or (2 if quick else 5)
    results = measure(messages, runs, DAY_S // 10 if quick else DAY_S)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    print(table(results))


if __name__ == "__main__":
    main()
