"""Every Python example of the README runs as it stands, and its test function passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples():
    text = README.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2  # Where the block's first line is, so that errors point there.
        yield pytest.param("\n" * (line - 1) + match[1], id=f"line-{line}")


@pytest.mark.parametrize("source", list(examples()))
def test_example_runs(source):
    names = {"__name__": "readme"}
    exec(compile(source, str(README), "exec"), names)
    for name, value in list(names.items()):
        if name.startswith("test_"):
            value()


def test_the_readme_has_examples():
    assert len(list(examples())) >= 3


def test_the_files_it_links_to_exist():
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
