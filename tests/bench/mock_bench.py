"""What `localsqs.mock()` and the pytest fixtures cost, beside what one would use instead.

    python tests/bench/mock_bench.py [--quick] [--json FILE] [PART ...]

Parts:
``calls``   microseconds of a boto3 ``send_message``: patched, patched with ``fast=True``, with a bare ``before-call``
            hook that answers a constant (what botocore itself takes), with the HTTP layer stubbed, and under moto.
``tests``   milliseconds a test of a file with 100 tests, each with queue, send and receive: moto with a client a
            test, ``mock_sqs`` with a boto3 client a test, the native ``sqs``; the last two also with visibility
            timeouts of minutes that pass.
``plugin``  milliseconds that the plugin, unused, adds to a session.

Times are processor time, which is what it costs where nothing else runs. But a processor has more than one speed, and
other work makes it slower for seconds: so all take turns, in short slices, many times; a ratio is taken between slices
that lie next to each other, and its median counts. Python's garbage collector rests during a slice.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aims import Aim, table_of
from client_bench import BODY, boto_client, stubbed_boto_client
from session_bench import TESTS, measure_plugin, measure_tests

# --- Calls -----------------------------------------------------------------------------------------------------------

CALLS = {
    "patched": "`localsqs.mock()`",
    "fast": "`localsqs.mock(fast=True)`",
    "hook": "bare `before-call` hook",
    "stub": "HTTP layer stubbed",
    "moto": "moto",
}


def hooked_client() -> Any:
    from botocore.awsrequest import AWSResponse

    http = AWSResponse("", 200, {}, None)
    answer = {"MD5OfMessageBody": "0" * 32, "MessageId": "0" * 36}
    client = boto_client()
    client.meta.events.register("before-call.sqs", lambda model, **_: (http, answer))
    return client


class Peer:
    """A client, what is open while it is called, and how many calls make a slice of one to three milliseconds."""

    def __init__(self, client: Any, calls: int, opened: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self.client = client
        self.calls = calls
        self.opened = opened
        self.url = "http://127.0.0.1:1/000000000000/bench"

    def slice_us(self) -> float:
        """Microseconds of a send, of a slice of them."""
        send, url = self.client.send_message, self.url
        with self.opened():
            for _ in range(5):  # The first call gets the client its handlers.
                send(QueueUrl=url, MessageBody=BODY)
            gc.disable()
            start = time.process_time()
            for _ in range(self.calls):
                send(QueueUrl=url, MessageBody=BODY)
            spent = time.process_time() - start
            gc.enable()
        return spent / self.calls * 1e6


@contextlib.contextmanager
def peers() -> Iterator[dict[str, Peer]]:
    """All but moto, which changes botocore."""
    import localsqs

    # The system's clock keeps few effects: what is measured is the call, not memory that grows.
    with localsqs.Engine() as engine:
        engine.client("sqs").create_queue(QueueName="bench")
        yield {
            "patched": Peer(boto_client(), 30, lambda: localsqs.mock(engine)),
            "fast": Peer(boto_client(), 300, lambda: localsqs.mock(engine, fast=True)),
            "hook": Peer(hooked_client(), 30, contextlib.nullcontext),
            "stub": Peer(stubbed_boto_client(), 8, contextlib.nullcontext),
        }


def measure_calls(quick: bool) -> dict[str, float]:
    """Medians: microseconds of a call by peer, and the ratios of neighbours in time."""
    times: dict[str, list[float]] = {}
    with peers() as all_peers:
        names = list(all_peers)
        for number in range(40 if quick else 500):
            if number % 10 == 0:
                gc.collect()
            for name in names if number % 2 else reversed(names):
                times.setdefault(name, []).append(all_peers[name].slice_us())
    results = {name: statistics.median(values) for name, values in times.items()}
    for other in ("hook", "stub"):
        pairs = zip(times["patched"], times[other], strict=True)
        results[f"patched / {other}"] = statistics.median(ours / theirs for ours, theirs in pairs)
    command = [sys.executable, __file__, "--only-moto", str(3 if quick else 15)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    results["moto"] = float(done.stdout)
    return results


def moto_us(slices: int) -> float:
    """Microseconds of a call under moto, in an interpreter of its own; median of the slices."""
    from moto import mock_aws

    with mock_aws():
        moto = Peer(boto_client(), 10, contextlib.nullcontext)
        moto.url = moto.client.create_queue(QueueName="bench")["QueueUrl"]
        return statistics.median(moto.slice_us() for _ in range(slices + 1))


# --- Results ---------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[bool], dict[str, float]]] = {
    "calls": measure_calls,
    "tests": measure_tests,
    "plugin": measure_plugin,
}


def aims(results: dict[str, dict[str, float]]) -> list[Aim]:
    """Rows of tools/bench_table.py."""
    calls, tests, plugin = results["calls"], results["tests"], results["plugin"]
    return [
        (
            f"boto3 `send_message`, patched ({calls['patched']:.0f} µs) / HTTP stubbed",
            "at most",
            0.25,
            ".2f",
            calls["patched / stub"],
        ),
        ("patched / a bare `before-call` hook", "at most", 1.3, ".2f", calls["patched / hook"]),
        ("moto / patched", "at least", 15, ".1f", calls["moto"] / calls["patched"]),
        ("`mock(fast=True)`: µs a call", "at most", 10, ".1f", calls["fast"]),
        ("a test, moto with a client each / `mock_sqs`", "at least", 20, ".0f", tests["moto / mock_sqs"]),
        ("a test, moto with a client each / native `sqs`", "at least", 100, ".0f", tests["moto / sqs"]),
        ("the same with visibility timeouts of minutes", "at least", 100, ".0f", tests["moto / sqs_minutes"]),
        ("the unused plugin: ms a session", "at most", 10, ".1f", plugin["more"]),
    ]


def table(results: dict[str, dict[str, float]]) -> str:
    """Markdown: the times themselves."""

    def chosen(part: str, names: dict[str, str]) -> list[tuple[str, float]]:
        return [(name, results[part][name]) for name in names] if part in results else []

    lines = ["| boto3 `send_message` | µs a call |", "|---|---:|"]
    lines += [f"| {CALLS[peer]} | {us:,.1f} |" for peer, us in chosen("calls", CALLS)]
    lines += ["", "| 100 tests: queue, send, receive | ms a test |", "|---|---:|"]
    lines += [f"| {TESTS[kind]} | {ms:,.2f} |" for kind, ms in chosen("tests", TESTS)]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    parser.add_argument("--only-moto", type=int, metavar="SLICES", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_moto:
        print(moto_us(options.only_moto))
        return
    results = {part: PARTS[part](options.quick) for part in options.parts or PARTS}
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(table(results))
    if len(results) == len(PARTS):
        print(f"\n{table_of(aims(results))}")
    elif "plugin" in results:
        print(f"\nplugin: {results['plugin']}")


if __name__ == "__main__":
    main()
