"""The functions of metric math: AVG, FILL, IF, METRICS, ...

In a list of series, AVG, MAX, MIN, STDDEV and SUM take what there is at each instant.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from localsqs.cloudwatch.expression_values import ExpressionError, as_series, number, one_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localsqs.cloudwatch.expression_values import Scope, Series, Value

__all__ = ["FUNCTIONS"]

# --- Of one series, of each of a list, of all of a list together ------------------------------------------------------


def _each(function: Callable[[Series], Series]) -> Callable[[Scope, Value], Value]:
    """A function of a series, for each series of a list."""

    def apply(_: Scope, value: Value) -> Value:
        return [function(series) for series in value] if isinstance(value, list) else function(one_series(value))

    return apply


def _pointwise(function: Callable[[float], float]) -> Callable[[Scope, Value], Value]:
    def apply(_: Scope, value: Value) -> Value:
        if isinstance(value, float):
            return function(value)
        if isinstance(value, list):
            return [over(series) for series in value]
        return over(one_series(value))

    def over(series: Series) -> Series:
        results = ((at, number(function, value)) for at, value in series.items())
        return {at: value for at, value in results if value is not None}

    return apply


def _aggregate(function: Callable[[list[float]], float]) -> Callable[..., Value]:
    """Of a list of series a series; of one series a number."""

    def apply(scope: Scope, *values: Value) -> Value:
        if len(values) == 1 and isinstance(values[0], dict):
            return function(list(values[0].values())) if values[0] else 0.0
        if len(values) == 1 and isinstance(values[0], list):
            return over(values[0])
        if not values:
            raise ExpressionError("expected metrics")
        return over([as_series(value, scope) for value in values])

    def over(members: Iterable[Series]) -> Series:
        gathered: dict[int, list[float]] = {}
        for series in members:
            for at, value in series.items():
                gathered.setdefault(at, []).append(value)
        return {at: float(function(gathered[at])) for at in sorted(gathered)}

    return apply


# --- The functions ---------------------------------------------------------------------------------------------------


def _average(values: list[float]) -> float:
    return sum(values) / len(values)


def _deviation(values: list[float]) -> float:
    mean = _average(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _metrics(scope: Scope, part: Value = "") -> Value:
    if not isinstance(part, str):
        raise ExpressionError("METRICS() takes a text: the part of the ids that it is to match")
    return [series for name, series in scope.metrics if part in name]


def _fill(scope: Scope, value: Value, by: Value) -> Value:
    if isinstance(value, list):
        return [_filled(series, by, scope) for series in value]
    return _filled(one_series(value), by, scope)


def _filled(series: Series, by: Value, scope: Scope) -> Series:
    if by == "REPEAT" or by == "LINEAR":
        return _interpolated(series, scope, linear=by == "LINEAR")
    filler = as_series(by, scope)
    return {at: series.get(at, filler.get(at)) for at in scope.grid.instants() if at in series or at in filler}  # type: ignore[misc]


def _interpolated(series: Series, scope: Scope, linear: bool) -> Series:
    known = sorted(series)
    filled: Series = {}
    for at in scope.grid.instants():
        before = max((t for t in known if t <= at), default=None)
        after = min((t for t in known if t >= at), default=None)
        if before is None:
            continue  # Nothing to repeat yet.
        if not linear or after is None or after == before:
            filled[at] = series[before]
        else:
            share = (at - before) / (after - before)
            filled[at] = series[before] + (series[after] - series[before]) * share
    return filled


def _if(scope: Scope, condition: Value, then: Value, otherwise: Value | None = None) -> Value:
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return {} if chosen is None else chosen
    result: Series = {}
    for at, truth in one_series(condition).items():
        chosen = then if truth else otherwise
        found = chosen.get(at) if isinstance(chosen, dict) else chosen
        if isinstance(found, (int, float)):
            result[at] = float(found)
    return result


def _neighbours(function: Callable[[float, float], float]) -> Callable[[Series], Series]:
    """A function of (change of the value, seconds since the datapoint before)."""

    def apply(series: Series) -> Series:
        known = sorted(series)
        return {at: function(series[at] - series[before], (at - before) / 1e9) for before, at in pairwise(known)}

    return apply


def _running_sum(series: Series) -> Series:
    total, sums = 0.0, {}
    for at in sorted(series):
        total += series[at]
        sums[at] = total
    return sums


def _period(scope: Scope, value: Value) -> Value:
    one_series(value)
    return scope.grid.period_ns / 1e9


def _datapoint_count(scope: Scope, value: Value) -> Value:
    return float(len(one_series(value)))


# Each is called with the scope and the values of its arguments.
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "ABS": _pointwise(abs),
    "AVG": _aggregate(_average),
    "CEIL": _pointwise(lambda value: float(math.ceil(value))),
    "DATAPOINT_COUNT": _datapoint_count,
    "DIFF": _each(_neighbours(lambda change, _: change)),
    "DIFF_TIME": _each(_neighbours(lambda _, seconds: seconds)),
    "FILL": _fill,
    "FLOOR": _pointwise(lambda value: float(math.floor(value))),
    "IF": _if,
    "LOG": _pointwise(math.log),
    "LOG10": _pointwise(math.log10),
    "MAX": _aggregate(max),
    "METRICS": _metrics,
    "METRIC_COUNT": lambda scope, *lists: float(len(lists[0] if lists else scope.metrics)),
    "MIN": _aggregate(min),
    "PERIOD": _period,
    "RATE": _each(_neighbours(lambda change, seconds: change / seconds)),
    "RUNNING_SUM": _each(_running_sum),
    "STDDEV": _aggregate(_deviation),
    "SUM": _aggregate(math.fsum),
}
