"""Handlers that go wrong in every way, behind a mapping, in both runners: they end as on Lambda, no message is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import localsqs
from localsqs.testing import Queue, make_queue

FUNCTIONS = Path(__file__).parent / "functions"
RECEIVES = 2  # Before a message goes to the dead-letter queue; fewer than is wise.

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")


@pytest.fixture
def queue(engine: localsqs.Engine) -> Queue:
    queue = make_queue(engine, "jobs", dead_letter=True, max_receive_count=RECEIVES)
    for body in ("a", "b", "c"):
        queue.send(body)
    return queue


@pytest.fixture(params=["in-process", "own-process"])
def mapping_to(request: pytest.FixtureRequest, engine: localsqs.Engine) -> Iterator[Callable[..., Any]]:
    """A mapping from "jobs" to a handler of functions/awkward.py."""
    runners = []

    def make(name: str, timeout: float = 15, **options: Any) -> Any:
        if request.param == "own-process":
            pytest.importorskip("awslambdaric")
            from localsqs.lambda_.process_runner import ProcessRunner

            runners.append(ProcessRunner(f"awkward.{name}", code_dir=FUNCTIONS))
            engine.register_function("fn", runner=runners[-1], timeout=timeout, memory_size=512)
        else:
            path = f"functions.awkward.{name}"
            hang_after = 0.2 if name == "hangs_busily" else 60  # Real time.
            engine.register_function("fn", path, timeout=timeout, memory_size=512, hang_after=hang_after)
        return engine.event_source_mapping("jobs", "fn", **options)

    yield make
    for runner in runners:
        runner.close()


FAILING = [
    ("raises", "error", "ValueError"),
    ("raises_without_words", "error", "KeyError"),
    ("hangs", "timeout", "Sandbox.Timedout"),
    ("hangs_busily", "timeout", "Sandbox.Timedout"),
    ("exits", "exit", "Runtime.ExitError"),
    ("returns_a_set", "unserialisable", "Runtime.MarshalError"),
    ("returns_itself", "unserialisable", "Runtime.MarshalError"),
    ("returns_too_much", "error", "Function.ResponseSizeTooLarge"),
]


@pytest.mark.parametrize(("name", "status", "error_type"), FAILING)
def test_failure_keeps_all_messages(
    engine: Any, queue: Queue, mapping_to: Any, name: str, status: str, error_type: str
) -> None:
    mapping = mapping_to(name, timeout=0.3 if "hangs" in name else 15)
    started = engine.clock.now()
    engine.run_until_idle()
    outcomes = [invocation.outcome for invocation in mapping.invocations]
    assert len(outcomes) == RECEIVES
    assert {(outcome.status, outcome.payload["errorType"]) for outcome in outcomes} == {(status, error_type)}
    assert sorted(message.body for message in queue.dead_letter.messages) == ["a", "b", "c"]
    assert queue.messages == []
    # They waited out their visibility timeout each time; nobody made them visible before.
    assert (engine.clock.now() - started).total_seconds() == pytest.approx(30 * RECEIVES, abs=1)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("prints_binary", "done"),
        ("prints", "done"),
        ("returns_bytes", "\x00\ufffd"),
        ("changes_environment", None),
        ("count", 1),
    ],
)
def test_odd_success_deletes_all(engine: Any, queue: Queue, mapping_to: Any, name: str, payload: Any) -> None:
    from functions import awkward

    awkward.calls = 0
    before = dict(os.environ)
    mapping = mapping_to(name)
    engine.run_until_idle()
    assert [invocation.outcome.payload for invocation in mapping.invocations] == [payload]
    assert queue.messages == queue.dead_letter.messages == []
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", ["returns_bytes", "prints_binary", "count"])
def test_garbage_as_a_partial_batch_response_keeps_all(engine: Any, queue: Queue, mapping_to: Any, name: str) -> None:
    """A number, or text, where {"batchItemFailures": [...]} is due: a complete failure."""
    mapping = mapping_to(name, function_response_types=["ReportBatchItemFailures"])
    engine.run_until_idle()
    assert [invocation.status for invocation in mapping.invocations] == ["invalid response"] * RECEIVES
    assert sorted(message.body for message in queue.dead_letter.messages) == ["a", "b", "c"]


def test_what_one_invocation_leaves_in_the_environment(engine: Any, queue: Queue, mapping_to: Any) -> None:
    """In a process of its own it stays there, as on Lambda; in this process every invocation begins anew."""
    mapping = mapping_to("changes_environment", batch_size=1)
    engine.run_until_idle()
    seen = [invocation.outcome.payload for invocation in mapping.invocations]
    assert seen in ([None, "yes", "yes"], [None, None, None], [None] * 3)
    assert "LOCALSQS_TEST_LEFT_BEHIND" not in os.environ


def test_a_good_function_after_a_bad_one(engine: Any, queue: Queue, mapping_to: Any) -> None:
    """Nothing that a bad handler did stays: the next version of the function serves what is left."""
    mapping_to("hangs_busily", timeout=0.3)
    engine.run_for(seconds=1)
    done: list[str] = []
    engine.register_function("fn", lambda event, context: done.extend(r["body"] for r in event["Records"]), timeout=1)
    engine.run_until_idle()
    assert sorted(done) == ["a", "b", "c"]
    assert queue.dead_letter.messages == []
