"""The runner in this process ends an invocation as AWS's own runtime client does, which runs beside it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functions import awkward

import localsqs
from localsqs.lambda_.outcome import Outcome
from localsqs.lambda_.process_runner import ProcessRunner

pytest.importorskip("awslambdaric")

FUNCTIONS = Path(__file__).parent / "functions"

# What needs a process of its own, or ends differently by its nature.
APART = {
    "closes_stdout",  # In this process it is not closed.
    "count",
    "describe",
    "changes_environment",
    "eats_memory",
    "exits_at_once",
    "hangs",
    "hangs_busily",
    "is_killed",
    "of_client",
    "raises_unprintable",  # AWS's client ends.
    "starts_a_child",
}
NAMES = sorted(
    name
    for name, value in vars(awkward).items()
    if inspect.isfunction(value) and value.__module__ == awkward.__name__ and name not in APART
)


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessRunner]:
    """One process for all handlers that leave it alive."""
    with ProcessRunner("dispatch.handler", code_dir=FUNCTIONS) as runner:
        yield runner


def described(outcome: Outcome) -> Any:
    """What can be compared: not the request id, and not the lines of the stack."""
    payload = outcome.payload
    if isinstance(payload, dict) and "errorType" in payload:
        message = payload["errorMessage"].rpartition(" Error: ")[2]
        # Where the stack ended, Python 3.13 and 3.14 tell by how much was on it.
        message = re.sub("(?<=maximum recursion depth exceeded) .*|(?<=Stack overflow) .*", "", message)
        return outcome.status, payload["errorType"], message, "stackTrace" in payload
    return outcome.status, repr(payload)


@pytest.mark.parametrize("name", NAMES)
def test_ends_alike(engine: localsqs.Engine, dispatcher: ProcessRunner, name: str) -> None:
    event = {"handler": name, "Records": [{"body": "ü"}]}
    theirs = engine.register_function("theirs", runner=dispatcher, timeout=60, memory_size=1024).invoke(event)
    ours = engine.register_function("ours", getattr(awkward, name), timeout=60).invoke(event)
    assert described(ours) == described(theirs)


def test_most_handlers_are_compared() -> None:
    assert len(NAMES) > 25
