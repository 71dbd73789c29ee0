"""Fixtures for pytest, loaded by themselves once localsqs is installed.

    sqs_engine    a fresh Engine a test, on a ManualClock, seeded
    sqs           its native client
    sqs_clock     its clock
    sqs_queue     a factory: sqs_queue("orders", dead_letter=True, VisibilityTimeout=300) -> localsqs.testing.Queue
    mock_sqs      boto3 patched onto sqs_engine for the test; gives the engine
    sqs_server    an endpoint of sqs_engine on a free port: sqs_server.endpoint_url

`@pytest.mark.localsqs(seed=7, start=datetime(...), clock="manual"|"system"|"python")` sets up the engine. When a test
fails, its report tells the seed and what is in the queues. Everything is made when a test asks for it: unused, the
plugin costs its import.
"""

from __future__ import annotations

import pytest

import localsqs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from localsqs.engine import Engine
    from localsqs.server import Server
    from localsqs.sqs_client import SQS
    from localsqs.testing import Queue

_MARKER = 'localsqs(seed=..., start=..., clock="manual"|"system"|"python"): the engine of the localsqs fixtures'
_engines = pytest.StashKey["Engine"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


def pytest_report_header() -> str:
    return f"localsqs: {localsqs.__version__}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    outcome = yield
    engine = item.stash.get(_engines, None)
    if engine is not None and call.when == "call" and call.excinfo is not None:
        outcome.get_result().sections.append(("localsqs", _report(engine)))


def _report(engine: Engine) -> str:
    from localsqs.testing import report

    try:
        return report(engine)
    except Exception as error:  # The test's own failure is what matters.
        return f"the engine cannot be shown: {error!r}"


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """`assert queue.messages == [...]` and comparisons of queues: what is in them."""
    from localsqs.testing import Queue

    queues = [side for side in (left, right) if isinstance(side, Queue)]
    if not queues:
        return None
    lines = [f"{left!r} {op} {right!r}"]
    for queue in queues:
        lines += [f"  {queue.name} holds {message}" for message in queue.messages]
    return lines


def _engine_for(mark: pytest.Mark | None) -> Engine:
    options = {"seed": 1, "start": None, "clock": "manual", **(mark.kwargs if mark is not None else {})}
    if mark is not None and mark.args:
        raise pytest.UsageError("the marker localsqs takes keyword arguments only")
    unknown = options.keys() - {"seed", "start", "clock"}
    if unknown:
        raise pytest.UsageError(f"the marker localsqs has no argument {', '.join(sorted(unknown))}")
    clocks: dict[str, Callable[[], Any]] = {
        "manual": lambda: localsqs.ManualClock(options["start"]),
        "system": localsqs.SystemClock,
        "python": localsqs.PythonClock,
    }
    if options["clock"] not in clocks:
        raise pytest.UsageError(f"clock must be one of {', '.join(clocks)}, not {options['clock']!r}")
    return localsqs.Engine(clock=clocks[options["clock"]](), seed=options["seed"])


@pytest.fixture
def sqs_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A fresh engine, on a ManualClock, seeded; `@pytest.mark.localsqs` changes that."""
    with _engine_for(request.node.get_closest_marker("localsqs")) as engine:
        request.node.stash[_engines] = engine
        yield engine


@pytest.fixture
def sqs(sqs_engine: Engine) -> SQS:
    """The native client of `sqs_engine`."""
    return sqs_engine.client("sqs")


@pytest.fixture
def sqs_clock(sqs_engine: Engine) -> Iterator[Any]:
    """The clock of `sqs_engine`. What its `patch_sleep` has done is undone after the test."""
    import asyncio
    import time

    sleeps = time.sleep, asyncio.sleep
    yield sqs_engine.clock
    time.sleep, asyncio.sleep = sleeps


@pytest.fixture
def sqs_queue(sqs_engine: Engine) -> Callable[..., Queue]:
    """Makes queues on `sqs_engine`; see `localsqs.testing.make_queue`."""
    from functools import partial

    from localsqs.testing import make_queue

    return partial(make_queue, sqs_engine)


@pytest.fixture
def mock_sqs(sqs_engine: Engine) -> Iterator[Engine]:
    """boto3, botocore and aiobotocore answer from `sqs_engine`."""
    with localsqs.mock(sqs_engine) as engine:
        yield engine


@pytest.fixture
def sqs_server(sqs_engine: Engine) -> Iterator[Server]:
    """An endpoint of `sqs_engine` on a free port."""
    with sqs_engine.serve() as server:
        yield server
