"""The truth tables of the event source mapping: tests/lambda_tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localsqs.lambda_.filters import Filters
from localsqs.lambda_.partial_response import verdict
from localsqs.lambda_.patterns import PatternError, compile_pattern

TABLES = Path(__file__).parent.parent / "lambda_tables"


def _lines(name: str) -> list[tuple[int, str]]:
    text = (TABLES / name).read_text(encoding="utf-8")
    return [(n, line) for n, line in enumerate(text.splitlines(), 1) if line and not line.startswith("#")]


def _pattern_rows(name: str) -> list[Any]:
    """(pattern, "yes" | "no" | "invalid", event or body), each with file and line as its id."""
    rows = []
    pattern = ""
    for number, line in _lines(name):
        word, _, rest = line.partition(" ")
        if word == "pattern":
            pattern = rest
        elif word == "invalid":
            rows.append(pytest.param(rest, word, "", id=f"{name}:{number}"))
        else:
            assert word in ("yes", "no"), line
            rows.append(pytest.param(pattern, word, rest, id=f"{name}:{number}"))
    return rows


@pytest.mark.parametrize(("pattern", "word", "event"), _pattern_rows("patterns.txt"))
def test_pattern(pattern: str, word: str, event: str) -> None:
    if word == "invalid":
        with pytest.raises(PatternError):
            compile_pattern(pattern)
        return
    assert compile_pattern(pattern).matches(json.loads(event)) is (word == "yes")


@pytest.mark.parametrize(("pattern", "word", "body"), _pattern_rows("filters.txt"))
def test_filter(pattern: str, word: str, body: str) -> None:
    if word == "invalid":
        with pytest.raises(PatternError):
            Filters([pattern])
        return
    record = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
        "awsRegion": "us-east-1",
    }
    assert Filters([pattern]).matches(record) is (word == "yes")
    assert record["body"] == body


def test_filters_are_ored() -> None:
    filters = Filters(['{"body": ["a"]}', '{"body": ["b"]}'])
    assert [filters.matches({"body": body}) for body in "abc"] == [True, True, False]


def _partial_rows() -> list[Any]:
    rows = []
    batch: list[str] = []
    for number, line in _lines("partial_responses.txt"):
        if line.startswith("batch "):
            batch = line.split()[1:]
            continue
        response, _, fails = line.rpartition(" -> fails ")
        failed = {"all": batch, "none": []}.get(fails, fails.split())
        rows.append(pytest.param(batch, json.loads(response), failed, fails == "all", id=f"line {number}"))
    return rows


@pytest.mark.parametrize(("batch", "response", "failed", "whole"), _partial_rows())
def test_partial_response(batch: list[str], response: Any, failed: list[str], whole: bool) -> None:
    found = verdict(response, batch)
    assert sorted(found.failed) == sorted(failed)
    assert bool(found.invalid) is whole
