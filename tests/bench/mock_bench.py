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
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import distribution, entry_points
from pathlib import Path
from typing import Any

from aims import Aim, table_of
from client_bench import BODY, boto_client, stubbed_boto_client

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


# --- Tests -----------------------------------------------------------------------------------------------------------

TESTS = {
    "empty": "nothing: pytest itself",
    "moto": "moto, a client a test",
    "mock_sqs": "`mock_sqs`, a boto3 client a test",
    "sqs": "`sqs`, the native client",
    "mock_sqs_minutes": "`mock_sqs`, minutes of visibility timeout",
    "sqs_minutes": "`sqs`, minutes of visibility timeout",
}
ROUND_TRIP = """
    url = client.create_queue(QueueName=f"q{number}")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="42")
    assert client.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "42"
"""
MINUTES = """
    url = client.create_queue(QueueName=f"q{number}", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="42")
    for _ in range(2):
        assert client.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "42"
        sqs_clock.advance(minutes=5)
"""
# Writes the processor time of making the tests of a file, and that at the end of each.
STOPWATCH = """
import pytest, time

spent, ends = [0.0], []

@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(name):
    start = time.process_time()
    made = yield
    if name == "test_it":
        spent[0] = time.process_time() - start
    return made

def pytest_runtest_logfinish():
    ends.append(time.process_time())

def pytest_sessionfinish():
    with open("times.txt", "w") as file:
        file.write(" ".join(map(str, spent + ends)))
"""
HEAD = {
    "empty": """
import pytest

@pytest.fixture
def client():
    return None
""",
    "moto": """
import boto3, os, pytest
from moto import mock_aws
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")

@pytest.fixture
def client():
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1")
""",
    "mock_sqs": """
import boto3, os, pytest
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")

@pytest.fixture
def client(mock_sqs):
    return boto3.client("sqs", region_name="us-east-1")
""",
    "sqs": """
import pytest

@pytest.fixture
def client(sqs):
    return sqs
""",
}


def test_file(kind: str, tests: int) -> str:
    name, minutes, _ = kind.partition("_minutes")
    fixtures = "client, sqs_clock, number" if minutes else "client, number"
    body = MINUTES if minutes else "\n    pass\n" if kind == "empty" else ROUND_TRIP
    return f'{HEAD[name]}\n@pytest.mark.parametrize("number", range({tests}))\ndef test_it({fixtures}):{body}'


def pytest_seconds(folder: Path, source: str, *options: str) -> float:
    """Processor time of a session, from the start of the interpreter to its end.

    Plugins load by entry point, as they do for users; those that are neither pytest's nor ours are blocked.
    """
    path = folder / "test_it.py"
    path.write_text(source, encoding="utf-8")
    (folder / "none.ini").write_text("[pytest]\n", encoding="utf-8")
    for plugin in entry_points(group="pytest11"):
        if plugin.name != "localsqs":
            options += ("-p", f"no:{plugin.name}")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "none.ini", *options, path.name]
    # Compiled modules are kept, as those of an installed package are, whatever the environment says.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"the tests of the benchmark fail:\n{(done.stdout + done.stderr)[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_ms(folder: Path, kind: str, tests: int) -> float:
    """Milliseconds a test of a file of so many, its collection included, without the first one, which imports."""
    (folder / "conftest.py").write_text(STOPWATCH, encoding="utf-8")
    pytest_seconds(folder, test_file(kind, tests + 1))
    made, *ends = map(float, (folder / "times.txt").read_text(encoding="utf-8").split())
    return (made / (tests + 1) + (ends[-1] - ends[0]) / tests) * 1e3


def measure_tests(quick: bool) -> dict[str, float]:
    """Milliseconds a test of a file of 100, and how often moto's goes into ours; medians of rounds."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 if quick else 9):
            for kind in TESTS:
                times.setdefault(kind, []).append(test_ms(Path(folder), kind, 20 if quick and kind == "moto" else 100))
    results = {kind: statistics.median(values) for kind, values in times.items()}
    for kind in ("mock_sqs", "sqs", "mock_sqs_minutes", "sqs_minutes"):
        pairs = zip(times["moto"], times[kind], strict=True)
        results[f"moto / {kind}"] = statistics.median(moto / ours for moto, ours in pairs)
    return results


# --- The plugin ------------------------------------------------------------------------------------------------------


WITHOUT = ("-p", "no:localsqs")


def file_names_ms() -> float:
    """pytest reads the names of the files of each package that has a plugin, also if that is blocked."""
    start = time.process_time()
    for file in distribution("localsqs").files or ():
        str(file)
    return (time.process_time() - start) * 1e3


def measure_plugin(quick: bool) -> dict[str, float]:
    """Milliseconds of a session with one empty test, with the plugin and without; "more" is what it costs.

    Of the pairs of sessions the quicker half counts, in which the machine was least disturbed: medians of it.
    """
    source = "def test_it():\n    pass\n"
    pairs = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pytest_seconds(folder, source)  # Compiles.
        for number in range(6 if quick else 60):
            if number % 2:
                with_it, without = pytest_seconds(folder, source), pytest_seconds(folder, source, *WITHOUT)
            else:
                without, with_it = pytest_seconds(folder, source, *WITHOUT), pytest_seconds(folder, source)
            pairs.append((with_it * 1e3, without * 1e3))
    quiet = sorted(pairs, key=sum)[: len(pairs) // 2]
    files = statistics.median(file_names_ms() for _ in range(15))
    return {
        "files": files,
        "with": statistics.median(with_it for with_it, _ in quiet),
        "without": statistics.median(without for _, without in quiet),
        "more": files + statistics.median(with_it - without for with_it, without in quiet),
    }


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
