"""The values of metric math, and how two of them are combined.

A value is a number, a series {instant in ns: number}, or a list of series (METRICS(), [m1, m2]). Between two series
only instants that both have count. Where a result is not a number (a division by zero), there is no datapoint.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ExpressionError", "Grid", "Scope", "Series", "Value", "as_series", "combine", "number", "one_series"]

Series = dict[int, float]
Value = Union[float, Series, "list[Series]", str]


class ExpressionError(ValueError):
    """The expression cannot be understood, or not evaluated."""


class Grid(NamedTuple):
    """The periods that are asked for."""

    start_ns: int
    end_ns: int
    period_ns: int

    def instants(self) -> range:
        return range(self.start_ns, self.end_ns, self.period_ns)


class Scope(NamedTuple):
    """What an expression is evaluated in: the series of each name, what METRICS() means, and the periods."""

    values: dict[str, Series]
    metrics: list[tuple[str, Series]]
    grid: Grid


def combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        raise ExpressionError("a text is no number")
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise ExpressionError("two lists of metrics must be equally long")
        return [_combine_series(function, a, b) for a, b in zip(left, right, strict=True)]
    if isinstance(left, list):
        return [_combine_series(function, series, right) for series in left]  # type: ignore[arg-type]
    if isinstance(right, list):
        return [_combine_series(function, left, series) for series in right]
    if isinstance(left, dict) or isinstance(right, dict):
        return _combine_series(function, left, right)
    result = number(function, left, right)
    if result is None:
        raise ExpressionError("division by zero")
    return result


def _combine_series(function: Callable[[float, float], float], left: float | Series, right: float | Series) -> Series:
    if isinstance(left, dict) and isinstance(right, dict):
        pairs = ((at, left[at], right[at]) for at in left if at in right)
    elif isinstance(left, dict):
        assert not isinstance(right, dict)
        pairs = ((at, value, right) for at, value in left.items())
    else:
        assert isinstance(right, dict)
        pairs = ((at, left, value) for at, value in right.items())
    results = ((at, number(function, a, b)) for at, a, b in pairs)
    return {at: value for at, value in results if value is not None}


def number(function: Callable[..., float], *values: float) -> float | None:
    """None where there is none: a division by zero, the logarithm of a negative number."""
    try:
        result = function(*values)
    except (ArithmeticError, ValueError):
        return None
    return result if isinstance(result, (int, float)) and math.isfinite(result) else None


def as_series(value: Value, scope: Scope) -> Series:
    if isinstance(value, dict):
        return value
    if isinstance(value, float):
        return dict.fromkeys(scope.grid.instants(), value)
    raise ExpressionError("expected one metric")


def one_series(value: Value) -> Series:
    if not isinstance(value, dict):
        raise ExpressionError("expected one metric")
    return value
