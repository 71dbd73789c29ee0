"""What pytest sessions cost: a test with each kind of client, and the plugin if nobody uses it. For mock_bench.py."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import distribution, entry_points
from pathlib import Path

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
