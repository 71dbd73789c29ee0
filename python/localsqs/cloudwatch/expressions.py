"""Metric math: `m1 / m2 * 100`, `SUM(METRICS())`, `IF(m1 > 10, m1, 0)`, `FILL(m1, 0)`, ...

    expression = parse("100 * errors / FILL(calls, 1)")
    expression.names                       # {"errors", "calls"}
    expression.evaluate(values, grid)      # values: name -> series

Here an expression is read; `expression_values` says what its values are, `expression_functions` has the functions.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localsqs.cloudwatch.expression_functions import FUNCTIONS
from localsqs.cloudwatch.expression_values import ExpressionError, Grid, Scope, Series, as_series, combine

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.cloudwatch.expression_values import Value

    _Node = Callable[[Scope], Value]

__all__ = ["Expression", "ExpressionError", "Grid", "Series", "parse"]


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
            return self._root(Scope(values, metrics, grid))
        except RecursionError:
            raise ExpressionError("too many operators within operators") from None


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
            return lambda scope: [as_series(item(scope), scope) for item in items]
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
        function = FUNCTIONS.get(name)
        if function is None:
            known = ", ".join(sorted(FUNCTIONS))
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


def _called(name: str, function: Callable[..., Value], scope: Scope, arguments: list[Value]) -> Value:
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


def _binary(function: Callable[[float, float], float], left: _Node, right: _Node) -> _Node:
    return lambda scope: combine(function, left(scope), right(scope))
