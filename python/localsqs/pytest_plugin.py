"""Fixtures for pytest, loaded by themselves once localsqs is installed.

    sqs_engine    a fresh Engine a test, on a ManualClock, seeded
    sqs           its native client
    sqs_clock     its clock
    sqs_queue     a factory: sqs_queue("orders", dead_letter=True, VisibilityTimeout=300) -> localsqs.testing.Queue
    mock_sqs      boto3 patched onto sqs_engine for the test; gives the engine
    sqs_server    an endpoint of sqs_engine on a free port: sqs_server.endpoint_url
    lambda_trigger  lambda_trigger(handler, queue, batch_size=10, ...) -> a mapping; sqs_engine.run_until_idle() runs it

`@pytest.mark.localsqs(seed=7, start=datetime(...), clock="manual"|"system"|"python", limit=timedelta(...))` sets up the
engine. `limit` and `poll_limit` end loops that wait or poll for ever on a manual clock (see ManualClock);
`localsqs_limit_days` in the ini file is the limit of all tests, "none" for no limit of either. When a test fails, its
report tells the seed and what is in the queues. Everything is made when a test asks for it: unused, the plugin costs
its import.
"""

from __future__ import annotations

import sys

import pytest

import localsqs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from localsqs.engine import Engine
    from localsqs.lambda_.mapping import Mapping
    from localsqs.server import Server
    from localsqs.sqs_client import SQS
    from localsqs.testing import Queue

_MARKER = (
    'localsqs(seed=..., start=..., clock="manual"|"system"|"python", limit=..., poll_limit=...): '
    "the engine of the localsqs fixtures"
)
_engines = pytest.StashKey["Engine"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "how many days of engine time waits may move a manual clock before it is a loop that never ends, or none"
    parser.addini("localsqs_limit_days", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


def pytest_report_header(config: pytest.Config) -> str:
    return f"localsqs: {_version(config)}"


def _version(config: pytest.Config) -> str:
    """Not localsqs.__version__, which loads the native module."""
    for plugin, distribution in config.pluginmanager.list_plugin_distinfo():
        if plugin is sys.modules[__name__]:
            return str(distribution.version)  # pytest has found it already.
    import importlib.metadata

    return importlib.metadata.version("localsqs")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    outcome = yield
    if call.excinfo is None:
        return
    engine = item.stash.get(_engines, None) or getattr(getattr(item, "instance", None), "_localsqs_engine", None)
    if engine is not None and call.when != "teardown" and outcome.get_result().failed:
        outcome.get_result().sections.append(("localsqs", _report(engine)))


def _report(engine: Engine) -> str:
    from localsqs.testing import report

    try:
        return report(engine)
    except Exception as error:  # The test's own failure is what matters.
        return f"the engine cannot be shown: {error!r}"


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """`assert queue == ["a", "b"]`: what is in the queues, and what differs."""
    if "localsqs.testing" not in sys.modules:
        return None
    from localsqs._compare import explain

    return explain(op, left, right)


def _limit_of_all_tests(config: pytest.Config) -> dict[str, Any]:
    text = config.getini("localsqs_limit_days").strip().lower()
    if text in ("", "none"):
        return {"limit": None} if text else {}
    try:
        return {"limit": float(text) * 86_400}
    except ValueError:
        raise pytest.UsageError(f"localsqs_limit_days must be a number of days or none, not {text!r}") from None


def _engine_for(mark: pytest.Mark | None, config: pytest.Config) -> Engine:
    options = {"seed": 1, "start": None, "clock": "manual", **_limit_of_all_tests(config)}
    if mark is not None and mark.args:
        raise pytest.UsageError("the marker localsqs takes keyword arguments only")
    options.update({} if mark is None else mark.kwargs)
    unknown = options.keys() - {"seed", "start", "clock", "limit", "poll_limit"}
    if unknown:
        raise pytest.UsageError(f"the marker localsqs has no argument {', '.join(sorted(unknown))}")
    limits = {name: options[name] for name in ("limit", "poll_limit") if name in options}
    clocks: dict[str, Callable[[], Any]] = {
        "manual": lambda: localsqs.ManualClock(options["start"], **limits),
        "system": localsqs.SystemClock,
        "python": localsqs.PythonClock,
    }
    if options["clock"] not in clocks:
        raise pytest.UsageError(f"clock must be one of {', '.join(clocks)}, not {options['clock']!r}")
    return localsqs.Engine(clock=clocks[options["clock"]](), seed=options["seed"])


@pytest.fixture
def sqs_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A fresh engine, on a ManualClock, seeded; `@pytest.mark.localsqs` changes that."""
    with _engine_for(request.node.get_closest_marker("localsqs"), request.config) as engine:
        request.node.stash[_engines] = engine
        yield engine


@pytest.fixture
def sqs(sqs_engine: Engine) -> SQS:
    """The native client of `sqs_engine`."""
    return sqs_engine.client("sqs")


@pytest.fixture
def sqs_clock(sqs_engine: Engine) -> Iterator[Any]:
    """The clock of `sqs_engine`. What its `patch_sleep` has done is undone after the test."""
    clock = sqs_engine.clock
    yield clock
    if hasattr(clock, "_unpatch_sleep"):
        clock._unpatch_sleep()


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


@pytest.fixture
def lambda_trigger(sqs_engine: Engine) -> Callable[..., Mapping]:
    """Makes event source mappings on `sqs_engine`; see `localsqs.lambda_.create.lambda_trigger`."""
    from functools import partial

    from localsqs.lambda_.create import lambda_trigger

    return partial(lambda_trigger, sqs_engine)
