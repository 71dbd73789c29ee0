"""Every block of the pages beside the examples runs as it stands, and its test passes."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

import localsqs
from localsqs.testing import make_queue

PAGES = ("lambda.md", "step_functions.md", "templates.md")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a block needs beside this package, by a word in it.
NEEDS = {
    "cloudformation": ["yaml"],
    "orders.TEMPLATE": ["yaml", "aws_lambda_powertools", "aws_xray_sdk"],
    "from moto": ["moto", "antlr4", "jsonpath_ng"],
    "ProcessRunner": ["awslambdaric"],
    "five.function": ["aws_lambda_powertools", "aws_xray_sdk"],
}


def blocks() -> Iterator[Any]:
    for page in PAGES:
        text = files("localsqs.examples").joinpath(page).read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2  # Where the block begins, so that errors point there.
            yield pytest.param(page, "\n" * (line - 1) + match[1], id=f"{page}-line-{line}")


# moto and the X-Ray SDK import what warns; moto leaves sockets to the garbage collector. The orders' queue has a
# maxReceiveCount of 3, below AWS's advice.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore:.*maxReceiveCount 3")
@pytest.mark.parametrize(("page", "source"), list(blocks()))
def test_block(page: str, source: str, engine: localsqs.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for word, modules in NEEDS.items():
        if word in source:
            for module in modules:
                pytest.importorskip(module)
    sys.modules.pop("localsqs.examples.five.function", None)  # Its environment is read when it is imported.
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(source, page, "exec"), names)
    given = {"engine": engine, "make_queue": functools.partial(make_queue, engine), "monkeypatch": monkeypatch}
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    test(**{parameter: given[parameter] for parameter in inspect.signature(test).parameters})


def test_the_pages_have_blocks() -> None:
    assert len(list(blocks())) == 10
