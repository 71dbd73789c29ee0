"""The examples of the package's docstrings run: those with >>> as doctests, the others line by line as they stand.

What an example takes for granted (an engine, a queue with a message) is made for it below.
"""

from __future__ import annotations

import ast
import dataclasses
import doctest
import importlib
import inspect
import json
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

import localsqs
from localsqs.testing import make_queue

# Lines that begin with four blanks, and empty lines between them.
BLOCK = re.compile(r"(?:^ {4}.*\n(?:\n(?= {4}))?)+", re.MULTILINE)

# Examples about things of the reader's own, which are no programs by themselves; and one that takes half a minute.
SKETCHES = {
    "localsqs.cloudformation": "a template",
    "localsqs.cloudwatch.expressions": "series of values",
    "localsqs.lambda_.emf": "what a handler wrote",
    "localsqs.lambda_.handler_loader": "a folder with a handler",
    "localsqs.simulation": "an hour of messages, seven times",
    "localsqs.task_tokens": "a consumer",
}


def modules() -> Iterator[str]:
    for info in pkgutil.walk_packages(localsqs.__path__, "localsqs."):
        private = any(part.startswith("_") for part in info.name.split("."))
        if not private and not info.name.startswith("localsqs.examples"):
            yield info.name


def load(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:  # Of what is only for some.
        pytest.skip(str(error))


# --- What examples take for granted ----------------------------------------------------------------------------------


class Names(dict[str, Any]):
    """The names of an example. What is in neither its module nor the example itself is made when it is used."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(vars(module))
        self.update(localsqs=localsqs, json=json, dataclasses=dataclasses)
        self.engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=7)
        self.queue = make_queue(self.engine, "orders")
        make_queue(self.engine, "orders", fifo=True).send("first", MessageGroupId="a")
        self.message_id = self.queue.send(json.dumps({"id": 42, "name": "a", "total": 120}))

    def __missing__(self, name: str) -> Any:
        if name not in MADE:
            raise KeyError(name)
        self[name] = MADE[name](self)
        return self[name]


def handler(event: dict[str, Any], context: Any) -> None:
    """Handles everything."""


def sweep_table() -> Any:
    from localsqs.simulation import Exponential, Fleet, Poisson, Scenario, sweep

    scenario = Scenario(workload=Poisson(1), consumers=Fleet(1), service=Exponential(0.1), seconds=10)
    return sweep(scenario, pollers=[1, 2])


MADE: dict[str, Callable[[Names], Any]] = {
    "engine": lambda names: names.engine,
    "sqs": lambda names: names.engine.client("sqs"),
    "url": lambda names: localsqs.client("sqs").create_queue(QueueName="orders")["QueueUrl"],  # The same in both.
    "table": lambda names: sweep_table(),
    "run": lambda names: importlib.import_module("localsqs.simulation").run,
    "message_id": lambda names: names.message_id,
    "queue_arn": lambda names: names.queue.arn,
    "billing_queue": lambda names: make_queue(names.engine, "billing").arn,
    "topic_arn": lambda names: names.engine.client("sns").create_topic(Name="topic")["TopicArn"],
    "boto3": lambda names: pytest.importorskip("boto3"),
    "handler": lambda names: handler,
    "archive": lambda names: list,
    "event": lambda names: {"Records": []},
    "context": lambda names: None,
    "mapping": lambda names: names.engine.event_source_mapping("orders", handler),
    "record": lambda names: {"body": '{"id": 42, "name": "a"}'},
}


@pytest.fixture(autouse=True)
def _no_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


# --- Examples with >>> -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(modules()))
def test_doctests(name):
    module = load(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    for test in finder.find(module):
        used = {node.id for example in test.examples for node in ast.walk(ast.parse(example.source)) if is_name(node)}
        names = Names(module)
        test.globs = {**names, **{name: names[name] for name in sorted(used & MADE.keys())}}
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


# --- Examples without ------------------------------------------------------------------------------------------------


def blocks(doc: str) -> Iterator[str]:
    """The indented parts of a module's docstring that are Python; tables and drawings are not."""
    for match in BLOCK.finditer(doc + "\n"):
        source = textwrap.dedent(match[0])
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        if tree.body and not source.startswith(">>>"):
            yield source


@pytest.mark.filterwarnings("ignore:.*on AWS the message would not arrive")
@pytest.mark.parametrize("name", list(modules()))
def test_examples(name):
    module = load(name)
    if name in SKETCHES:
        pytest.skip(f"a sketch: {SKETCHES[name]}")
    for source in blocks(inspect.getdoc(module) or ""):
        names = Names(module)
        exec(compile(source, f"<docstring of {name}>", "exec"), {}, names)


def test_there_are_examples():
    found = [source for name in ("localsqs.history", "localsqs.costs") for source in blocks(inspect.getdoc(load(name)))]
    assert len(found) >= 4
