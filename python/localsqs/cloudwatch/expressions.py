"""Metric math: `m1 / m2 * 100`, `SUM(METRICS())`, `IF(m1 > 10, m1, 0)`, `FILL(m1, 0)`, ...

    expression = parse("100 * errors / FILL(calls, 1)")
    expression.names                       # {"errors", "calls"}
    expression.evaluate(values, grid)      # values: name -> series

A value is a number, a series {instant in ns: number}, or a list of series (METRICS(), [m1, m2]). Between two series
only instants that both have count; in a list, AVG, MAX, MIN, STDDEV and SUM take what there is at each instant. Where a
result is not a number (a division by zero), there is no datapoint.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _Node = Callable[["_Scope"], "Value"]

__all__ = ["Expression", "ExpressionError", "Grid", "Series", "parse"]

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


@dataclass
class Expression:
    """A parsed expression.

    Attributes:
        text: As it was written.
        names: The metrics and expressions that it names.
        uses_all: It asks for METRICS(), whatever they are.
    """

    text: str
    _root: _Node
    names: set[str] = field(default_factory=set)
    uses_all: bool = False

    def evaluate(self, values: dict[str, Series], metrics: list[tuple[str, Series]], grid: Grid) -> Value:
        """Its value.

        Args:
            values: The series of each of `names`.
            metrics: What METRICS() means, each with its id: the metrics of the request, without expressions.
            grid: The periods of the request.

        Raises:
            ExpressionError: If the types do not fit.
        """
        try:
            return self._root(_Scope(values, metrics, grid))
        except RecursionError:
            raise ExpressionError("too many operators within operators") from None


class _Scope(NamedTuple):
    values: dict[str, Series]
    metrics: list[tuple[str, Series]]
    grid: Grid


_TEXT_MAX = 2048

# --- Parsing ---------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^()\[\],<>]))"
)
# By how strongly they bind.
_LEVELS: list[dict[str, Callable[[float, float], float]]] = [
    {"||": lambda a, b: float(bool(a) or bool(b)), "OR": lambda a, b: float(bool(a) or bool(b))},
    {"&&": lambda a, b: float(bool(a) and bool(b)), "AND": lambda a, b: float(bool(a) and bool(b))},
    {
        "==": lambda a, b: float(a == b),
        "!=": lambda a, b: float(a != b),
        "<=": lambda a, b: float(a <= b),
        ">=": lambda a, b: float(a >= b),
        "<": lambda a, b: float(a < b),
        ">": lambda a, b: float(a > b),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv},
]


def parse(text: str) -> Expression:
    """Reads an expression.

    Raises:
        ExpressionError: If it is none, or has functions that are not here.
    """
    if len(text) > _TEXT_MAX:
        raise ExpressionError(f"longer than {_TEXT_MAX} characters")
    parser = _Parser(text)
    try:
        root = parser.level(0)
    except RecursionError:
        raise ExpressionError("too many brackets within brackets") from None
    if parser.token:
        raise ExpressionError(f"unexpected {parser.token!r}")
    return Expression(text, root, parser.names, parser.uses_all)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._place = 0
        self.names: set[str] = set()
        self.uses_all = False

    @property
    def token(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        token = self.token
        if not token or (expected is not None and token != expected):
            raise ExpressionError(f"expected {expected or 'something'}, not {token or 'the end'}")
        self._place += 1
        return token

    def level(self, level: int) -> _Node:
        if level == len(_LEVELS):
            return self._signed()
        left = self.level(level + 1)
        while self.token in _LEVELS[level]:
            left = _binary(_LEVELS[level][self._take()], left, self.level(level + 1))
        return left

    def _signed(self) -> _Node:
        if self.token == "-":
            self._take()
            return _binary(operator.mul, lambda _: -1.0, self._signed())
        base = self._primary()
        if self.token != "^":
            return base
        self._take()
        return _binary(operator.pow, base, self._signed())

    def _primary(self) -> _Node:
        token = self._take()
        if token == "(":
            inner = self.level(0)
            self._take(")")
            return inner
        if token == "[":
            items = self._items("]")
            return lambda scope: [_series(item(scope), scope) for item in items]
        if token[0].isdigit() or token[0] == ".":
            number = float(token)
            return lambda _: number
        if token[0] in "\"'":
            return lambda _: token[1:-1]
        if not (token[0].isalpha() or token[0] == "_"):
            raise ExpressionError(f"unexpected {token!r}")
        return self._call(token) if self.token == "(" else self._name(token)

    def _name(self, name: str) -> _Node:
        if name in ("REPEAT", "LINEAR"):
            return lambda _: name
        if not name[0].islower():
            raise ExpressionError(f"{name} is no id of a metric: ids begin with a lower-case letter")
        self.names.add(name)
        return lambda scope: scope.values[name]

    def _call(self, name: str) -> _Node:
        function = _FUNCTIONS.get(name)
        if function is None:
            known = ", ".join(sorted(_FUNCTIONS))
            raise ExpressionError(f"localsqs has no function {name}; it has: {known}")
        self._take("(")
        arguments = self._items(")")
        self.uses_all = self.uses_all or name in ("METRICS", "METRIC_COUNT")
        return lambda scope: _called(name, function, scope, [argument(scope) for argument in arguments])

    def _items(self, end: str) -> list[_Node]:
        items: list[_Node] = []
        while self.token != end:
            if items:
                self._take(",")
            items.append(self.level(0))
        self._take(end)
        return items


def _called(name: str, function: Callable[..., Value], scope: _Scope, arguments: list[Value]) -> Value:
    try:
        return function(scope, *arguments)
    except TypeError:
        raise ExpressionError(f"{name} does not take these {len(arguments)} arguments") from None


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ExpressionError(f"unexpected {text[place:].strip()[:1]!r}")
        tokens.append(found[0].strip())
        place = found.end()
    return tokens


# --- Values ----------------------------------------------------------------------------------------------------------


def _binary(function: Callable[[float, float], float], left: _Node, right: _Node) -> _Node:
    return lambda scope: _combine(function, left(scope), right(scope))


def _combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
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
    result = _number(function, left, right)
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
    results = ((at, _number(function, a, b)) for at, a, b in pairs)
    return {at: value for at, value in results if value is not None}


def _number(function: Callable[..., float], *values: float) -> float | None:
    """None where there is none: a division by zero, the logarithm of a negative number."""
    try:
        result = function(*values)
    except (ArithmeticError, ValueError):
        return None
    return result if isinstance(result, (int, float)) and math.isfinite(result) else None


def _series(value: Value, scope: _Scope) -> Series:
    if isinstance(value, dict):
        return value
    if isinstance(value, float):
        return dict.fromkeys(scope.grid.instants(), value)
    raise ExpressionError("expected one metric")


def _one(value: Value) -> Series:
    if not isinstance(value, dict):
        raise ExpressionError("expected one metric")
    return value


def _each(function: Callable[[Series], Series]) -> Callable[[_Scope, Value], Value]:
    """A function of a series, for each series of a list."""

    def apply(_: _Scope, value: Value) -> Value:
        return [function(series) for series in value] if isinstance(value, list) else function(_one(value))

    return apply


def _pointwise(function: Callable[[float], float]) -> Callable[[_Scope, Value], Value]:
    def apply(_: _Scope, value: Value) -> Value:
        if isinstance(value, float):
            return function(value)
        if isinstance(value, list):
            return [over(series) for series in value]
        return over(_one(value))

    def over(series: Series) -> Series:
        results = ((at, _number(function, value)) for at, value in series.items())
        return {at: value for at, value in results if value is not None}

    return apply


def _aggregate(function: Callable[[list[float]], float]) -> Callable[..., Value]:
    """Of a list of series a series; of one series a number."""

    def apply(scope: _Scope, *values: Value) -> Value:
        if len(values) == 1 and isinstance(values[0], dict):
            return function(list(values[0].values())) if values[0] else 0.0
        if len(values) == 1 and isinstance(values[0], list):
            return over(values[0])
        if not values:
            raise ExpressionError("expected metrics")
        return over([_series(value, scope) for value in values])

    def over(members: Iterable[Series]) -> Series:
        gathered: dict[int, list[float]] = {}
        for series in members:
            for at, value in series.items():
                gathered.setdefault(at, []).append(value)
        return {at: float(function(gathered[at])) for at in sorted(gathered)}

    return apply


# --- Functions -------------------------------------------------------------------------------------------------------


def _average(values: list[float]) -> float:
    return sum(values) / len(values)


def _deviation(values: list[float]) -> float:
    mean = _average(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _metrics(scope: _Scope, part: Value = "") -> Value:
    if not isinstance(part, str):
        raise ExpressionError("METRICS() takes a text: the part of the ids that it is to match")
    return [series for name, series in scope.metrics if part in name]


def _fill(scope: _Scope, value: Value, by: Value) -> Value:
    if isinstance(value, list):
        return [_filled(series, by, scope) for series in value]
    return _filled(_one(value), by, scope)


def _filled(series: Series, by: Value, scope: _Scope) -> Series:
    if by == "REPEAT" or by == "LINEAR":
        return _interpolated(series, scope, linear=by == "LINEAR")
    filler = _series(by, scope)
    return {at: series.get(at, filler.get(at)) for at in scope.grid.instants() if at in series or at in filler}  # type: ignore[misc]


def _interpolated(series: Series, scope: _Scope, linear: bool) -> Series:
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


def _if(scope: _Scope, condition: Value, then: Value, otherwise: Value | None = None) -> Value:
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return {} if chosen is None else chosen
    result: Series = {}
    for at, truth in _one(condition).items():
        chosen = then if truth else otherwise
        number = chosen.get(at) if isinstance(chosen, dict) else chosen
        if isinstance(number, (int, float)):
            result[at] = float(number)
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


def _period(scope: _Scope, value: Value) -> Value:
    _one(value)
    return scope.grid.period_ns / 1e9


def _datapoint_count(scope: _Scope, value: Value) -> Value:
    return float(len(_one(value)))


_FUNCTIONS: dict[str, Callable[..., Value]] = {
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
