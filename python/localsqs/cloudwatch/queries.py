"""MetricDataQueries: metrics and expressions over them, for GetMetricData and for alarms on metric math."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.cloudwatch.expressions import Expression, ExpressionError, Grid, Series, parse
from localsqs.cloudwatch.metrics import SECOND_NS, Metrics, check_period, check_statistic
from localsqs.cloudwatch.store import MetricId, dimension_key

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Result", "run"]

_DEFAULT_PERIOD_S = 60


@dataclass
class Result:
    """One series of an answer."""

    id: str
    label: str
    series: Series
    mixed_units: bool = False


@dataclass
class _Query:
    id: str
    given: dict[str, Any]
    period_s: int = _DEFAULT_PERIOD_S
    expression: Expression | None = None
    series: list[Series] = field(default_factory=list)
    mixed_units: bool = False
    done: bool = False
    open: bool = False  # Being worked out: met again, it depends on itself.


def run(
    metrics: Metrics, region: str, account: str, queries: list[dict[str, Any]], start_ns: int, end_ns: int
) -> list[Result]:
    """The results of the queries that return data, in their order.

    Args:
        metrics: Where data comes from.
        region, account: Whose.
        queries: As GetMetricData takes them.
        start_ns, end_ns: Periods begin at the one, and data lies before the other.

    Raises:
        ServiceError: ValidationError, if a query is wrong.
    """
    request = _Request(metrics, region, account, start_ns, end_ns)
    request.add(queries)
    labels = _labels([query.given for query in request.queries.values()])
    return [
        Result(query.id, labels[query.id], series, query.mixed_units)
        for query in request.queries.values()
        if query.given.get("ReturnData", True)
        for series in request.value(query.id)
    ]


class _Request:
    def __init__(self, metrics: Metrics, region: str, account: str, start_ns: int, end_ns: int) -> None:
        self._metrics = metrics
        self._region = region
        self._account = account
        self._start_ns = start_ns
        self._end_ns = end_ns
        self.queries: dict[str, _Query] = {}

    def add(self, queries: list[dict[str, Any]]) -> None:
        for given in queries:
            name = given["Id"]
            if not (name[0].islower() and name.replace("_", "a").isalnum() and name.isascii()):
                raise _wrong(
                    f'The value {name} for parameter Id is not a valid id: it must match "^[a-z][a-zA-Z0-9_]*$".'
                )
            if name in self.queries:
                raise _wrong(f"The values for parameter id in MetricDataQueries are not unique: {name}")
            if ("Expression" in given) == ("MetricStat" in given):
                raise _wrong(f"The query {name} must have either an Expression or a MetricStat.")
            self.queries[name] = _Query(name, given)
        for query in self.queries.values():
            self._prepare(query)

    def _prepare(self, query: _Query) -> None:
        if "MetricStat" in query.given:
            query.period_s = query.given["MetricStat"]["Period"]
            check_period(query.period_s)
            check_statistic(query.given["MetricStat"]["Stat"])
            return
        try:
            query.expression = parse(query.given["Expression"])
        except ExpressionError as error:
            raise _wrong(f"Error in expression '{query.id}': {error}") from None
        for name in sorted(query.expression.names):
            if name not in self.queries:
                raise _wrong(f"Error in expression '{query.id}': there is no metric or expression {name!r}")

    def value(self, name: str) -> list[Series]:
        """The series of a query: one, or several if it is an expression of several."""
        query = self.queries[name]
        if query.open:
            raise _wrong(f"Error in expression '{name}': it depends on itself")
        if not query.done:
            query.open = True
            query.series = self._read(query) if query.expression is None else self._evaluate(query, query.expression)
            query.open, query.done = False, True
        return query.series

    def _read(self, query: _Query) -> list[Series]:
        stat = query.given["MetricStat"]
        about = stat["Metric"]
        metric = MetricId(
            self._region,
            query.given.get("AccountId", self._account),
            about.get("Namespace", ""),
            about.get("MetricName", ""),
            dimension_key(about.get("Dimensions", [])),
        )
        periods = self._metrics.periods(
            self._metrics.checked(metric), self._start_ns, self._end_ns, query.period_s, stat.get("Unit")
        )
        query.mixed_units = any(summary.mixed_units for summary in periods.values())
        values = ((at_ns, summary.statistic(stat["Stat"])) for at_ns, summary in periods.items())
        return [{at_ns: value for at_ns, value in values if value is not None}]

    def _evaluate(self, query: _Query, expression: Expression) -> list[Series]:
        everything = [(q.id, self.value(q.id)[0]) for q in self._plain()] if expression.uses_all else []
        values = {name: self._single(query, name) for name in expression.names}
        used = [self.queries[name] for name in expression.names] or list(self._plain())
        query.period_s = query.given.get("Period") or max((q.period_s for q in used), default=_DEFAULT_PERIOD_S)
        grid = Grid(self._start_ns, self._end_ns, query.period_s * SECOND_NS)
        try:
            value = expression.evaluate(values, everything, grid)
        except ExpressionError as error:
            raise _wrong(f"Error in expression '{query.id}': {error}") from None
        if isinstance(value, (dict, list)):
            return value if isinstance(value, list) else [value]
        if query.given.get("ReturnData", True) or isinstance(value, str):
            raise _wrong(
                f"Error in expression '{query.id}': The expression must evaluate to at least one time series, not to a "
                "single value"
            )
        return [dict.fromkeys(grid.instants(), value)]

    def _single(self, query: _Query, name: str) -> Series:
        series = self.value(name)
        if len(series) != 1:
            raise _wrong(f"Error in expression '{query.id}': {name} is not one time series but {len(series)}")
        return series[0]

    def _plain(self) -> Iterator[_Query]:
        """The metrics of the request, without its expressions."""
        return (query for query in self.queries.values() if query.expression is None)


def _labels(queries: list[dict[str, Any]]) -> dict[str, str]:
    """By id: the label that was given, else the metric's name, with statistic and period as far as they tell apart."""
    metrics = [query for query in queries if "MetricStat" in query and "Label" not in query]
    stats = {query["MetricStat"]["Stat"] for query in metrics}
    periods = {query["MetricStat"]["Period"] for query in metrics}
    labels = {}
    for query in queries:
        if "Label" in query or "MetricStat" not in query:
            labels[query["Id"]] = query.get("Label", query["Id"])
            continue
        stat = query["MetricStat"]
        parts = [stat["Metric"].get("MetricName", "")]
        parts += [stat["Stat"]] if len(stats) > 1 else []
        parts += [str(stat["Period"])] if len(periods) > 1 else []
        labels[query["Id"]] = " ".join(parts)
    return labels


def _wrong(text: str) -> ServiceError:
    return ServiceError("ValidationError", text)
