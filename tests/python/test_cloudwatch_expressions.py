"""Metric math: a table of expressions over three small series."""

from __future__ import annotations

from typing import Any

import pytest

from localsqs.cloudwatch.expressions import ExpressionError, Grid, parse

MINUTE = 60 * 10**9
GRID = Grid(0, 4 * MINUTE, MINUTE)


def at(*values: float | None) -> dict[int, float]:
    """A series by minute; None: no datapoint."""
    return {minute * MINUTE: float(value) for minute, value in enumerate(values) if value is not None}


SERIES = {"a": at(1, 2, None, 4), "b": at(10, 0, 30, None), "c": at(None, -3, None, 5)}


def evaluate(text: str) -> Any:
    return parse(text).evaluate(SERIES, list(SERIES.items()), GRID)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", at(1, 2, None, 4)),
        ("a + b", at(11, 2)),
        ("a - 1", at(0, 1, None, 3)),
        ("2 * a + 1", at(3, 5, None, 9)),
        ("1 + a * 2", at(3, 5, None, 9)),
        ("(1 + a) * 2", at(4, 6, None, 10)),
        ("a / b", at(0.1)),  # A division by zero gives no datapoint.
        ("-a", at(-1, -2, None, -4)),
        ("-a ^ 2", at(-1, -4, None, -16)),
        ("2 ^ 3 ^ 2 * a", at(512, 1024, None, 2048)),
        ("10 - 4 - 3 + a * 0", at(3, 3, None, 3)),
        ("a > 1", at(0, 1, None, 1)),
        ("a >= 2 && a < 4", at(0, 1, None, 0)),
        ("a == 1 OR a == 4", at(1, 0, None, 1)),
        ("a != 2 AND b > 5", at(1, 0)),
        ("[a, b] * 2", [at(2, 4, None, 8), at(20, 0, 60)]),
        ("[a, b] - [b, a]", [at(-9, 2), at(9, -2)]),
        ("SUM([a, b])", at(11, 2, 30, 4)),
        ("SUM(METRICS())", at(11, -1, 30, 9)),
        ("AVG(METRICS())", at(5.5, -1 / 3, 30, 4.5)),
        ("MIN([a, b])", at(1, 0, 30, 4)),
        ("MAX([a, 3])", at(3, 3, 3, 4)),
        ("SUM(a)", 7.0),
        ("AVG(b)", 40 / 3),
        ("MAX(a)", 4.0),
        ("MIN(c)", -3.0),
        ("STDDEV([a, b])", at(4.5, 1, 0, 0)),
        ("a / MAX(a)", at(0.25, 0.5, None, 1)),
        ("METRIC_COUNT()", 3.0),
        ("METRIC_COUNT(METRICS('a'))", 1.0),
        ("DATAPOINT_COUNT(a)", 3.0),
        ("PERIOD(a)", 60.0),
        ("a / PERIOD(a)", at(1 / 60, 2 / 60, None, 4 / 60)),
        ("FILL(a, 0)", at(1, 2, 0, 4)),
        ("FILL(a, REPEAT)", at(1, 2, 2, 4)),
        ("FILL(a, LINEAR)", at(1, 2, 3, 4)),
        ("FILL(a, b)", at(1, 2, 30, 4)),
        ("FILL(METRICS(), 0)", [at(1, 2, 0, 4), at(10, 0, 30, 0), at(0, -3, 0, 5)]),
        ("IF(a > 1, a, 0)", at(0, 2, None, 4)),
        ("IF(a > 1, b)", at(None, 0)),
        ("IF(1, a, b)", at(1, 2, None, 4)),
        ("IF(0, a, b)", at(10, 0, 30)),
        ("RATE(a)", at(None, 1 / 60, None, 1 / 60)),
        ("DIFF(a)", at(None, 1, None, 2)),
        ("DIFF_TIME(a)", at(None, 60, None, 120)),
        ("RUNNING_SUM(a)", at(1, 3, None, 7)),
        ("ABS(c)", at(None, 3, None, 5)),
        ("CEIL(a / 3)", at(1, 1, None, 2)),
        ("FLOOR(a / 3)", at(0, 0, None, 1)),
        ("LOG10(b)", at(1, None, 1.4771212547196624)),
        ("LOG(c)", at(None, None, None, 1.6094379124341003)),
        ("1.5e1 * a", at(15, 30, None, 60)),
    ],
)
def test_value(text, value):
    got = evaluate(text)
    assert got == (pytest.approx(value) if not isinstance(value, list) else value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "(a",
        "a b",
        "a ? b",
        "[a",
        "A + 1",
        "SEARCH('x', 'Sum')",
        "sum(a)",
        "1 / 0",
        "FILL(1, 2)",
        "RATE(3)",
        "SUM()",
        "'text' + a",
        "[a, b] + [a]",
        "FILL(a)",
        "IF(a, b, c, a)",
        "METRICS(a)",
        "a" + " + a" * 600,
        "(" * 1000 + "a" + ")" * 1000,
    ],
)
def test_no_expression(text):
    with pytest.raises(ExpressionError):
        evaluate(text)


def test_names():
    expression = parse("FILL(m1, REPEAT) / m2 + MAX([m1, e1])")
    assert expression.names == {"m1", "m2", "e1"}
    assert not expression.uses_all
    assert parse("SUM(METRICS())").uses_all
