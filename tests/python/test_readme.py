"""Every Python example of the READMEs runs as it stands, and its test functions pass."""

from __future__ import annotations

import functools
import inspect
import re
from pathlib import Path

import pytest

import localsqs
from localsqs.lambda_.create import lambda_trigger
from localsqs.testing import make_queue

ROOT = Path(__file__).resolve().parents[2]
READMES = [ROOT / "README.md", ROOT / "python" / "README.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples():
    for readme in READMES:
        text = readme.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2  # Where the block begins, so that errors point there.
            name = f"{readme.relative_to(ROOT)}-line-{line}"
            yield pytest.param(readme, "\n" * (line - 1) + match[1], id=name)


@pytest.mark.parametrize(("readme", "source"), list(examples()))
def test_example_runs(readme, source):
    if "import boto3" in source:
        pytest.importorskip("boto3")
    names = {"__name__": "readme"}
    exec(compile(source, str(readme), "exec"), names)
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        # What the fixtures of the plugin give.
        fixtures = {
            "sqs_engine": engine,
            "sqs": engine.client("sqs"),
            "sqs_clock": engine.clock,
            "sqs_queue": functools.partial(make_queue, engine),
            "lambda_trigger": functools.partial(lambda_trigger, engine),
        }
        for name, value in list(names.items()):
            if name.startswith("test_"):
                value(**{parameter: fixtures[parameter] for parameter in inspect.signature(value).parameters})


def test_the_readmes_have_examples():
    assert len(list(examples())) >= 5


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: str(readme.relative_to(ROOT)))
def test_the_files_it_links_to_exist(readme):
    links = re.findall(r"\]\(([^)#:]+)\)", readme.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (readme.parent / link).exists()] == []
