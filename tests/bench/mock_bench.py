"""What `localsqs.mock()` and the pytest fixtures cost, beside what one would use instead.

    python tests/bench/mock_bench.py [--quick] [--json FILE] [PART ...]

Parts:
``calls``   microseconds of a boto3 ``send_message``: patched, patched with ``fast=True``, with a bare ``before-call``
            hook that answers a constant (what botocore itself takes), with the HTTP layer stubbed, and under moto.
``tests``   milliseconds a test of a file with 100 tests, each with queue, send and receive: moto with a client a
            test, ``mock_sqs`` with a boto3 client a test, the native ``sqs``; the last two also with visibility
            timeouts of minutes that pass.
``plugin``  milliseconds that the plugin, unused, adds to a session.

Times are processor time, which is what it costs where nothing else runs. All take turns in each of several rounds, and
the smallest time of the rounds counts: other work on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from client_bench import BODY, boto_client, stubbed_boto_client

# --- Calls -----------------------------------------------------------------------------------------------------------

CALLS = {
    "patched": "`localsqs.mock()`",
    "fast": "`localsqs.mock(fast=True)`",
    "hook": "bare `before-call` hook",
    "stub": "HTTP layer stubbed",
    "moto": "moto",
}


@contextlib.contextmanager
def patched(fast: bool) -> Iterator[Any]:
    import localsqs

    # The system's clock keeps few effects: what is measured is the call, not memory that grows.
    with localsqs.mock(fast=fast):
        yield boto_client()


@contextlib.contextmanager
def hooked() -> Iterator[Any]:
    from botocore.awsrequest import AWSResponse

    url = "http://127.0.0.1:1/000000000000/bench"
    http = AWSResponse("", 200, {}, None)
    answers: dict[str, Any] = {
        "CreateQueue": {"QueueUrl": url},
        "SendMessage": {"MD5OfMessageBody": "0" * 32, "MessageId": "0" * 36},
    }
    client = boto_client()
    client.meta.events.register("before-call.sqs", lambda model, **_: (http, answers[model.name]))
    yield client


@contextlib.contextmanager
def mocked_by_moto() -> Iterator[Any]:
    from moto import mock_aws

    with mock_aws():
        yield boto_client()


PEERS: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
    "patched": lambda: patched(fast=False),
    "fast": lambda: patched(fast=True),
    "hook": hooked,
    "stub": lambda: contextlib.nullcontext(stubbed_boto_client()),
    "moto": mocked_by_moto,
}


def send_microseconds(peer: str, calls: int) -> float:
    with PEERS[peer]() as client:
        url = client.create_queue(QueueName="bench")["QueueUrl"]
        for _ in range(20):
            client.send_message(QueueUrl=url, MessageBody=BODY)
        start = time.process_time()
        for _ in range(calls):
            client.send_message(QueueUrl=url, MessageBody=BODY)
        return (time.process_time() - start) / calls * 1e6


def measure_calls(quick: bool) -> dict[str, float]:
    """The smallest microseconds of a call, by peer. All but moto, which changes botocore, in one process."""
    best = dict.fromkeys(CALLS, float("inf"))
    for _ in range(3 if quick else 15):
        for peer in ("patched", "fast", "hook", "stub"):
            best[peer] = min(best[peer], send_microseconds(peer, 300))
    rounds = str(1 if quick else 5)
    command = [sys.executable, __file__, "--only-moto", rounds]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    best["moto"] = float(done.stdout)
    return best


# --- Tests -----------------------------------------------------------------------------------------------------------

TESTS = {
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
# Other plugins that are installed are not loaded.
PLUGIN = ("-p", "localsqs.pytest_plugin")
HEAD = {
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
    return (
        f'{HEAD[name]}\n@pytest.mark.parametrize("number", range({tests}))\n'
        f"def test_it({fixtures}):{MINUTES if minutes else ROUND_TRIP}"
    )


def pytest_seconds(folder: Path, source: str, *options: str) -> float:
    """Processor time of a session, from the start of the interpreter to its end."""
    path = folder / "test_it.py"
    path.write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "none.ini", *options, path.name]
    (folder / "none.ini").write_text("[pytest]\n", encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Compiled modules are kept, as those of an installed package are, whatever the environment says.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 0:
        sys.exit(f"the tests of the benchmark fail:\n{done.stdout}{done.stderr}")
    return seconds


def measure_tests(quick: bool) -> dict[str, float]:
    """Milliseconds a test: a file of 100 tests beside one of a single test, so that imports do not count."""
    best = {(kind, tests): float("inf") for kind in TESTS for tests in (1, 101)}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 if quick else 5):
            for kind, tests in best:
                seconds = pytest_seconds(Path(folder), test_file(kind, tests), *PLUGIN)
                best[kind, tests] = min(best[kind, tests], seconds)
    return {kind: (best[kind, 101] - best[kind, 1]) * 10 for kind in TESTS}


# --- The plugin ------------------------------------------------------------------------------------------------------


def measure_plugin(quick: bool) -> dict[str, float]:
    """Milliseconds of a session with one empty test, with the plugin and without."""
    source = "def test_it():\n    pass\n"
    with_it, without = float("inf"), float("inf")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(5 if quick else 40):
            with_it = min(with_it, pytest_seconds(Path(folder), source, *PLUGIN))
            without = min(without, pytest_seconds(Path(folder), source))
    return {"with": with_it * 1e3, "without": without * 1e3}


# --- Results ---------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[bool], dict[str, float]]] = {
    "calls": measure_calls,
    "tests": measure_tests,
    "plugin": measure_plugin,
}


def aims(results: dict[str, dict[str, float]]) -> list[tuple[str, str, float, str, float]]:
    """Rows of tools/bench_table.py: what, at most or at least, the aim, how to print, what was measured."""
    calls, tests, plugin = results["calls"], results["tests"], results["plugin"]
    patched, fast = calls["patched"], calls["fast"]
    return [
        ("boto3 `send_message`, patched / HTTP stubbed", "at most", 0.25, ".2f", patched / calls["stub"]),
        ("patched / a bare `before-call` hook", "at most", 1.3, ".2f", patched / calls["hook"]),
        ("moto / patched", "at least", 15, ".1f", calls["moto"] / patched),
        ("`mock(fast=True)`: µs a call", "at most", 10, ".1f", fast),
        ("a test, moto with a client each / `mock_sqs`", "at least", 20, ".0f", tests["moto"] / tests["mock_sqs"]),
        ("a test, moto with a client each / native `sqs`", "at least", 100, ".0f", tests["moto"] / tests["sqs"]),
        (
            "the same with visibility timeouts of minutes",
            "at least",
            100,
            ".0f",
            tests["moto"] / tests["sqs_minutes"],
        ),
        ("the unused plugin: ms a session", "at most", 10, ".1f", plugin["with"] - plugin["without"]),
    ]


def table(results: dict[str, dict[str, float]]) -> str:
    """Markdown: the times themselves."""
    lines = ["| boto3 `send_message` | µs a call |", "|---|---:|"]
    lines += [f"| {CALLS[peer]} | {value:,.1f} |" for peer, value in results.get("calls", {}).items()]
    lines += ["", "| 100 tests: queue, send, receive | ms a test |", "|---|---:|"]
    lines += [f"| {TESTS[kind]} | {value:,.2f} |" for kind, value in results.get("tests", {}).items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    parser.add_argument("--only-moto", type=int, metavar="ROUNDS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_moto:
        print(min(send_microseconds("moto", 100) for _ in range(options.only_moto)))
        return
    results = {part: PARTS[part](options.quick) for part in options.parts or PARTS}
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(table(results))
    if len(results) == len(PARTS):
        print()
        for what, side, aim, form, measured in aims(results):
            reached = measured <= aim if side == "at most" else measured >= aim
            print(f"{what}: {measured:{form}}, {side} {aim:g}: {'yes' if reached else 'NO'}")
    elif "plugin" in results:
        print(textwrap.dedent(f"\nplugin: {results['plugin']}"))


if __name__ == "__main__":
    main()
