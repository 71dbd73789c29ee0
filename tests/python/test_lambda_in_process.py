"""What a handler in this process finds, and how its invocation ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import wraps
from time import sleep as named_sleep
from typing import Any

import pytest

import localsqs
from localsqs.lambda_.handler_loader import HandlerError
from localsqs.lambda_.outcome import Outcome
from localsqs.lambda_.warn import LambdaWarning
from localsqs.testing import make_queue

START_NS = 1_767_225_600_000_000_000


@pytest.fixture
def engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7) as engine:
        yield engine


@pytest.fixture
def invoke(engine: localsqs.Engine) -> Callable[..., Outcome]:
    def invoke(handler: Callable[[Any, Any], Any], event: Any = None, **options: Any) -> Outcome:
        return engine.register_function("fn", handler, **options).invoke(event)

    return invoke


# --- What it finds ---------------------------------------------------------------------------------------------------


def test_the_context(engine: localsqs.Engine) -> None:
    contexts: list[Any] = []
    function = engine.register_function(
        "fn", lambda event, context: contexts.append(context), timeout=5, memory_size=256, region="eu-west-1"
    )
    function.invoke({})
    function.invoke({}, qualifier="live")
    first, second = contexts
    assert first.function_name == "fn"
    assert first.function_version == "$LATEST"
    assert first.memory_limit_in_mb == "256"
    assert first.invoked_function_arn == "arn:aws:lambda:eu-west-1:000000000000:function:fn"
    assert second.invoked_function_arn == "arn:aws:lambda:eu-west-1:000000000000:function:fn:live"
    assert first.log_group_name == "/aws/lambda/fn"
    assert first.log_stream_name.startswith("2026/01/01/[$LATEST]")
    assert len(first.log_stream_name) == len("2026/01/01/[$LATEST]") + 32
    assert first.identity.cognito_identity_id is None
    assert first.client_context is None
    assert first.tenant_id is None
    assert first.get_remaining_time_in_millis() == 5000
    assert first.aws_request_id != second.aws_request_id
    import uuid

    assert uuid.UUID(first.aws_request_id).version == 4


def test_the_environment_during_an_invocation_only(invoke: Any) -> None:
    names = ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_REGION", "TABLE")
    before = dict(os.environ)
    found = invoke(lambda event, context: [os.environ.get(n) for n in names], environment={"TABLE": "orders"})
    assert found.payload == ["fn", "128", "us-east-1", "orders"]
    assert dict(os.environ) == before


def test_changes_of_the_environment_are_undone(engine: localsqs.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    seen: list[Any] = []

    def handler(event: Any, context: Any) -> None:
        seen.append((os.environ.get("KEPT"), os.environ.get("NEW"), os.environ["TABLE"]))
        del os.environ["KEPT"]
        os.environ["NEW"] = "x"
        os.environ["TABLE"] = "y"

    queue = make_queue(engine, "orders")
    queue.send()
    queue.send()
    engine.event_source_mapping(queue, handler, batch_size=1, environment={"TABLE": "orders"})
    engine.run_until_idle()
    assert seen == [("1", None, "orders")] * 2
    assert os.environ["KEPT"] == "1"
    assert not {"NEW", "TABLE"} & os.environ.keys()


def test_the_environments_of_handlers_that_overlap_are_apart(engine: localsqs.Engine) -> None:
    seen: list[tuple[str, str, str | None]] = []

    def handler(event: Any, context: Any) -> None:
        os.environ["MINE"] = context.function_name
        time.sleep(1)
        seen.append((context.function_name, os.environ["TABLE"], os.environ.get("MINE")))

    for name in ("one", "two"):
        queue = make_queue(engine, name)
        queue.send()
        engine.event_source_mapping(queue, handler, function_name=name, environment={"TABLE": name})
    engine.run_until_idle()
    assert sorted(seen) == [("one", "one", "one"), ("two", "two", "two")]
    assert not {"MINE", "TABLE"} & os.environ.keys()


def test_output_goes_to_the_log_and_through(invoke: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def handler(event: Any, context: Any) -> None:
        print("text")
        context.log("no newline")
        sys.stdout.buffer.write(b"\xff\x00")
        print("error", file=sys.stderr)

    outcome = invoke(handler)
    assert outcome.ok
    assert "text\nno newline" in outcome.log
    assert "�" in outcome.log
    assert "error\n" in outcome.log
    assert "text" in capfd.readouterr().out


def test_the_handler_runs_in_this_thread(invoke: Any) -> None:
    threads: list[threading.Thread] = []
    invoke(lambda event, context: threads.append(threading.current_thread()))
    assert threads == [threading.current_thread()]


# --- Time ------------------------------------------------------------------------------------------------------------


def test_time_sleep_passes_engine_time(engine: localsqs.Engine, invoke: Any) -> None:
    outcome = invoke(lambda event, context: time.sleep(2.5))
    assert outcome.duration_ms == 2500
    assert engine.clock.now_ns() - START_NS == 2_500_000_000
    with pytest.raises(ValueError, match="non-negative"):
        raise invoke(lambda event, context: time.sleep(-1)).error


def test_sleep_is_the_plain_one_outside_of_runs(invoke: Any) -> None:
    sleeps = time.sleep, asyncio.sleep
    invoke(lambda event, context: time.sleep(1))
    assert (time.sleep, asyncio.sleep) == sleeps


class _Callable:
    def __call__(self, event: Any, context: Any) -> None:
        named_sleep(3)


def _with_named_sleep(event: Any, context: Any) -> None:
    named_sleep(3)


@pytest.mark.parametrize("handler", [_with_named_sleep, _Callable(), _Callable().__call__, wraps(print)(_Callable())])
def test_sleep_imported_by_name_in_the_handlers_module(invoke: Any, handler: Any) -> None:
    before = named_sleep
    assert invoke(handler, timeout=5).duration_ms == 3000
    assert named_sleep is before


def test_coroutines_that_sleep_side_by_side(invoke: Any) -> None:
    order: list[str] = []

    async def nap(name: str, seconds: float) -> str:
        await asyncio.sleep(seconds)
        order.append(name)
        return name

    async def main() -> list[str]:
        return list(await asyncio.gather(nap("long", 2), nap("short", 1), nap("none", 0)))

    outcome = invoke(lambda event, context: asyncio.run(main()))
    assert outcome.payload == ["long", "short", "none"]
    assert order == ["none", "short", "long"]
    assert outcome.duration_ms == 2000


def test_a_timeout(invoke: Any) -> None:
    cleaned: list[bool] = []

    def handler(event: Any, context: Any) -> None:
        try:
            time.sleep(10)
        finally:
            cleaned.append(True)

    outcome = invoke(handler, timeout=1)
    assert outcome.status == "timeout"
    assert outcome.duration_ms == 1000
    assert outcome.payload.keys() == {"errorType", "errorMessage"}
    assert outcome.payload["errorType"] == "Sandbox.Timedout"
    assert outcome.payload["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert cleaned == [True]


def test_sleeping_just_until_the_timeout_is_in_time(invoke: Any) -> None:
    assert invoke(lambda event, context: time.sleep(1), timeout=1).ok


def test_a_timeout_cannot_be_swallowed(invoke: Any) -> None:
    def handler(event: Any, context: Any) -> str:
        for _ in range(3):
            with contextlib.suppress(BaseException):
                time.sleep(10)
        return "done"

    outcome = invoke(handler, timeout=1)
    assert (outcome.status, outcome.duration_ms) == ("timeout", 1000)


def test_a_timeout_within_a_coroutine(invoke: Any) -> None:
    outcome = invoke(lambda event, context: asyncio.run(asyncio.sleep(10)), timeout=1)
    assert (outcome.status, outcome.duration_ms) == ("timeout", 1000)


def test_a_handler_that_hangs_in_virtual_time_is_ended(invoke: Any) -> None:
    def handler(event: Any, context: Any) -> None:
        while True:
            pass

    with pytest.warns(LambdaWarning, match=r"ended after 0\.05 seconds of real time"):
        outcome = invoke(handler, hang_after=0.05)
    assert outcome.status == "timeout"
    assert invoke(lambda event, context: sum(range(1000))).ok


def test_a_handler_may_move_the_clock_itself(engine: localsqs.Engine, invoke: Any) -> None:
    assert invoke(lambda event, context: engine.clock.advance(seconds=1)).duration_ms == 1000
    assert invoke(lambda event, context: engine.clock.advance(seconds=10)).status == "timeout"


# --- Ends ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "payload"),
    [
        (None, None),
        ("text", "text"),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"n": Decimal("1.5"), "i": Decimal(7)}, {"n": 1.5, "i": 7}),
        ({1: True}, {"1": True}),
    ],
)
def test_what_is_returned_becomes_json(invoke: Any, returned: Any, payload: Any) -> None:
    assert invoke(lambda event, context: returned).payload == payload


def test_nan_is_accepted_as_the_runtime_client_does(invoke: Any) -> None:
    assert invoke(lambda event, context: float("nan")).payload != 0


@pytest.mark.parametrize("returned", [{1, 2}, object(), [lambda: None]], ids=["set", "object", "function"])
def test_what_is_no_json(invoke: Any, returned: Any) -> None:
    outcome = invoke(lambda event, context: returned)
    assert outcome.status == "unserialisable"
    assert outcome.payload["errorType"] == "Runtime.MarshalError"
    assert outcome.payload["errorMessage"].startswith("Unable to marshal response: ")
    assert outcome.payload["errorMessage"].endswith(" is not JSON serializable")


def test_what_contains_itself_is_no_json(invoke: Any) -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert invoke(lambda event, context: loop).status == "unserialisable"


def test_a_coroutine_function_is_no_handler(invoke: Any) -> None:
    async def handler(event: Any, context: Any) -> None: ...

    outcome = invoke(handler)
    assert outcome.status == "unserialisable"
    assert "coroutine is not JSON serializable" in outcome.payload["errorMessage"]


def test_a_response_above_6_mb(invoke: Any) -> None:
    assert invoke(lambda event, context: "x" * (6 * 1024 * 1024)).ok
    outcome = invoke(lambda event, context: "x" * (6 * 1024 * 1024 + 100))
    assert outcome.payload["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "Runtime exited without providing a reason"),
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        ("message", "Runtime exited with error: exit status 1"),
    ],
)
def test_sys_exit(invoke: Any, code: Any, reason: str) -> None:
    outcome = invoke(lambda event, context: sys.exit(code))
    assert outcome.status == "exit"
    assert outcome.payload["errorType"] == "Runtime.ExitError"
    assert outcome.payload["errorMessage"].endswith(f" Error: {reason}")


def test_an_exception(invoke: Any) -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    outcome = invoke(lambda event, context: (_ for _ in ()).throw(Odd()))
    assert (outcome.status, outcome.payload["errorType"], outcome.payload["errorMessage"]) == ("error", "Odd", "")
    assert isinstance(outcome.error, Odd)


def test_the_stack_trace_begins_in_the_handler(invoke: Any) -> None:
    def inner() -> None:
        raise LookupError("deep")

    def handler(event: Any, context: Any) -> None:
        inner()

    for _ in range(2):  # The second time from memory.
        stack = invoke(handler).payload["stackTrace"]
        assert len(stack) == 2
        assert "in handler" in stack[0]
        assert 'raise LookupError("deep")' in stack[1]


def test_a_failing_test_within_a_handler_fails_the_test(engine: localsqs.Engine) -> None:
    """pytest.fail() is no Exception: it ends the run. An assert is one, and is the function's own failure."""
    queue = make_queue(engine, "orders")
    queue.send()
    mapping = engine.event_source_mapping(queue, lambda event, context: pytest.fail("not so"))
    with pytest.raises(pytest.fail.Exception, match="not so"):
        engine.run_until_idle()
    assert mapping.in_progress == 0


def test_ctrl_c_within_a_handler_ends_the_run(engine: localsqs.Engine) -> None:
    def handler(event: Any, context: Any) -> None:
        raise KeyboardInterrupt

    queue = make_queue(engine, "orders")
    queue.send()
    engine.event_source_mapping(queue, handler)
    with pytest.raises(KeyboardInterrupt):
        engine.run_until_idle()
    assert queue.in_flight == 1


def test_a_handler_by_its_path(engine: localsqs.Engine) -> None:
    assert engine.register_function("fn", "operator.add").invoke(1).status == "error"
    with pytest.raises(HandlerError):
        engine.register_function("fn", "operator.missing")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("fn", 7), TypeError),
        (("fn",), TypeError),
        (("no name", print), ValueError),
        (("fn", "plain"), HandlerError),
    ],
)
def test_no_function(engine: localsqs.Engine, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        engine.register_function(*arguments)


@pytest.mark.parametrize("options", [{"timeout": 901}, {"timeout": 0}, {"memory_size": 64}, {"timeout": "3"}])
def test_settings_out_of_range(engine: localsqs.Engine, options: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        engine.register_function("fn", print, **options)


def test_a_function_registered_anew_takes_over(engine: localsqs.Engine) -> None:
    queue = make_queue(engine, "orders")
    engine.register_function("fn", lambda event, context: "old")
    mapping = engine.event_source_mapping(queue, "fn")
    queue.send()
    engine.run_until_idle()
    engine.register_function("fn", lambda event, context: "new")
    queue.send()
    engine.run_until_idle()
    assert [i.response for i in mapping.invocations] == ["old", "new"]


def test_functions_of_handlers_with_one_name(engine: localsqs.Engine) -> None:
    one = engine.event_source_mapping(make_queue(engine, "a"), lambda event, context: 1)
    two = engine.event_source_mapping(make_queue(engine, "b"), lambda event, context: 2)
    assert one.function_arn.endswith(":lambda")
    assert two.function_arn.endswith(":lambda-2")
