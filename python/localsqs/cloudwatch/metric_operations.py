"""PutMetricData, GetMetricStatistics, GetMetricData, ListMetrics."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs._timestamps import parse
from localsqs.clock import to_datetime
from localsqs.cloudwatch.metrics import MINUTE_NS, SECOND_NS, Metrics, check_period, check_statistic, round_start
from localsqs.cloudwatch.model import STATISTICS, UNITS
from localsqs.cloudwatch.queries import Result, run
from localsqs.cloudwatch.store import MetricId, dimension_key
from localsqs.cloudwatch.summary import Summary, is_extended_statistic

if TYPE_CHECKING:
    from random import Random

    from localsqs.engine import Engine

__all__ = ["MetricOperations"]

_DAY_NS = 1440 * MINUTE_NS
_DATAPOINTS_MAX = 1440
_QUERIES_MAX = 500
_DATA_DATAPOINTS_MAX = 100_800
_LISTED_MAX = 500
_RECENT_NS = 180 * MINUTE_NS


class MetricOperations:
    """The part of the service that is about metrics."""

    engine: Engine
    metrics: Metrics
    random: Random

    def put_metric_data(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        namespace = params["Namespace"]
        if namespace.startswith("AWS/"):
            raise ServiceError("InvalidParameterValue", f"The value {namespace} for parameter Namespace is invalid.")
        now_ns = self.engine.clock.now_ns()
        ready = [
            (
                MetricId(region, account, namespace, datum["MetricName"], dimension_key(datum.get("Dimensions", []))),
                _instant(datum, number, now_ns),
                _summary(datum, number),
                1 if datum.get("StorageResolution") == 1 else 60,
            )
            for number, datum in enumerate(params.get("MetricData", []), 1)
        ]
        for metric, at_ns, summary, resolution_s in ready:
            self.metrics.store.put(metric, at_ns, summary, resolution_s)
        return {}

    def get_metric_statistics(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        statistics, extended = params.get("Statistics"), params.get("ExtendedStatistics")
        _check_statistics(statistics, extended)
        now_ns = self.engine.clock.now_ns()
        start_ns, end_ns = _span(params)
        period_s = params["Period"]
        check_period(period_s)
        wanted = -(-(end_ns - start_ns) // (period_s * SECOND_NS))
        if wanted > _DATAPOINTS_MAX:
            raise ServiceError(
                "InvalidParameterCombination",
                f"You have requested up to {wanted} datapoints, which exceeds the limit of {_DATAPOINTS_MAX}. You may "
                "reduce the datapoints requested by increasing Period, or decreasing the time range.",
            )
        metric = MetricId(
            region, account, params["Namespace"], params["MetricName"], dimension_key(params.get("Dimensions", []))
        )
        start_ns = round_start(start_ns, now_ns)
        periods = self.metrics.periods(self.metrics.checked(metric), start_ns, end_ns, period_s, params.get("Unit"))
        points = [_datapoint(at_ns, summary, statistics, extended) for at_ns, summary in periods.items()]
        known = [point for point in points if point]
        if self.engine._strict:
            self.random.shuffle(known)  # No order is promised, and programs that rely on one are to be found.
        return {"Label": params["MetricName"], "Datapoints": known}

    def get_metric_data(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        queries = params["MetricDataQueries"]
        if len(queries) > _QUERIES_MAX:
            raise ServiceError(
                "ValidationError",
                f"The collection MetricDataQueries must not have a size greater than {_QUERIES_MAX}.",
            )
        start_ns, end_ns = _span(params)
        start_ns = round_start(start_ns, self.engine.clock.now_ns())
        results = run(self.metrics, region, account, queries, start_ns, end_ns)
        return _data_page(results, params)

    def list_metrics(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        recent = params.get("RecentlyActive")
        if recent not in (None, "PT3H"):
            raise ServiceError(
                "ValidationError",
                f"1 validation error detected: Value '{recent}' at 'recentlyActive' failed to satisfy constraint: "
                "Member must satisfy enum value set: [PT3H]",
            )
        since_ns = self.engine.clock.now_ns() - (_RECENT_NS if recent else 14 * _DAY_NS)
        found = [metric for metric in self.metrics.list(region, account, since_ns) if _is_asked(metric, params)]
        start = _offset(params.get("NextToken"))
        answer: dict[str, Any] = {"Metrics": [_described(metric) for metric in found[start : start + _LISTED_MAX]]}
        if len(found) > start + _LISTED_MAX:
            answer["NextToken"] = str(start + _LISTED_MAX)
        return answer


# --- PutMetricData ---------------------------------------------------------------------------------------------------


def _instant(datum: dict[str, Any], number: int, now_ns: int) -> int:
    if "Timestamp" not in datum:
        return now_ns
    at_ns = parse(datum["Timestamp"])
    if at_ns < now_ns - 14 * _DAY_NS or at_ns > now_ns + 120 * MINUTE_NS:
        raise ServiceError(
            "InvalidParameterValue",
            f"The parameter MetricData.member.{number}.Timestamp must specify a time within the past two weeks and no "
            "more than two hours in the future.",
        )
    return at_ns


def _summary(datum: dict[str, Any], number: int) -> Summary:
    unit = datum.get("Unit", "None")
    if unit not in UNITS:
        raise ServiceError(
            "InvalidParameterValue",
            f"The parameter MetricData.member.{number}.Unit must be a value in the set {UNITS}.",
        )
    for one, other in (("Value", "Values"), ("Value", "StatisticValues"), ("Values", "StatisticValues")):
        if one in datum and other in datum:
            name = f"MetricData.member.{number}"
            raise ServiceError(
                "InvalidParameterCombination",
                f"The parameters {name}.{one} and {name}.{other} are mutually exclusive and you have specified both.",
            )
    _check_finite(datum, number)
    if "StatisticValues" in datum:
        values = datum["StatisticValues"]
        count, total, low, high = (float(values[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum"))
        return Summary.of_set(count, total, low, high, unit)
    if "Values" in datum:
        return Summary.of_values(_pairs(datum, number), unit)
    if "Value" not in datum:
        raise ServiceError(
            "MissingParameter",
            f"At least one of the parameters MetricData.member.{number}.Value, Values or StatisticValues must be "
            "specified.",
        )
    return Summary.of_values([(float(datum["Value"]), 1.0)], unit)


def _check_finite(datum: dict[str, Any], number: int) -> None:
    given = [datum.get("Value", 0.0), *datum.get("Values", []), *datum.get("Counts", [])]
    for value in [*given, *datum.get("StatisticValues", {}).values()]:
        if not isfinite(value):
            raise ServiceError(
                "InvalidParameterValue", f"The value {value} for parameter MetricData.member.{number}.Value is invalid."
            )


def _pairs(datum: dict[str, Any], number: int) -> list[tuple[float, float]]:
    values, counts = datum["Values"], datum.get("Counts", [1.0] * len(datum["Values"]))
    if len(values) != len(counts):
        name = f"MetricData.member.{number}"
        raise ServiceError(
            "InvalidParameterValue",
            f"The parameters {name}.Values and {name}.Counts must be of the same size.",
        )
    return [(float(value), float(count)) for value, count in zip(values, counts, strict=True)]


# --- Get -------------------------------------------------------------------------------------------------------------


def _check_statistics(statistics: list[str] | None, extended: list[str] | None) -> None:
    if statistics and extended:
        raise ServiceError(
            "InvalidParameterCombination",
            "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.",
        )
    if not statistics and not extended:
        raise ServiceError(
            "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        )
    for name in statistics or ():
        if name not in STATISTICS:
            raise ServiceError(
                "ValidationError",
                f"1 validation error detected: Value '[{name}]' at 'statistics' failed to satisfy constraint: Member "
                f"must satisfy constraint: [Member must satisfy enum value set: [{', '.join(STATISTICS)}]]",
            )
    for name in extended or ():
        check_statistic(name)
        if not is_extended_statistic(name):
            raise ServiceError(
                "InvalidParameterValue", f"The value {name} for parameter ExtendedStatistics is invalid."
            )


def _span(params: dict[str, Any]) -> tuple[int, int]:
    start_ns, end_ns = parse(params["StartTime"]), parse(params["EndTime"])
    if start_ns >= end_ns:
        raise ServiceError("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    return start_ns, end_ns


def _datapoint(
    at_ns: int, summary: Summary, statistics: list[str] | None, extended: list[str] | None
) -> dict[str, Any] | None:
    """None if nothing that was asked for is known."""
    point: dict[str, Any] = {name: summary.statistic(name) for name in statistics or ()}
    if extended:
        known = {name: summary.statistic(name) for name in extended}
        if None in known.values():
            return None
        point["ExtendedStatistics"] = known
    return {"Timestamp": to_datetime(at_ns), **point, "Unit": summary.unit}


def _data_page(results: list[Result], params: dict[str, Any]) -> dict[str, Any]:
    """As many datapoints as are allowed, from where the token says."""
    newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    skip, left = _offset(params.get("NextToken")), params.get("MaxDatapoints") or _DATA_DATAPOINTS_MAX
    end = skip + left
    answer: dict[str, Any] = {"MetricDataResults": [], "Messages": []}
    first = 0
    for result in results:
        points = sorted(result.series.items(), reverse=newest_first)
        shown = points[max(skip - first, 0) : max(end - first, 0)]
        last = first + len(points)
        if shown or (not points and skip <= first < end):
            answer["MetricDataResults"].append(_data_result(result, shown, complete=last <= end))
        first = last
    if first > end:
        answer["NextToken"] = str(end)
    return answer


def _data_result(result: Result, points: list[tuple[int, float]], complete: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Id": result.id,
        "Label": result.label,
        "Timestamps": [to_datetime(at_ns) for at_ns, _ in points],
        "Values": [float(value) for _, value in points],
        "StatusCode": "Complete" if complete else "PartialData",
    }
    if result.mixed_units:
        value = "Multiple units returned: a metric was put with more than one unit; ask for one with Unit."
        made["Messages"] = [{"Code": "MultipleUnits", "Value": value}]
    return made


# --- List ------------------------------------------------------------------------------------------------------------


def _is_asked(metric: MetricId, params: dict[str, Any]) -> bool:
    if params.get("Namespace", metric.namespace) != metric.namespace:
        return False
    if params.get("MetricName", metric.name) != metric.name:
        return False
    dimensions = dict(metric.dimensions)
    return all(
        entry["Name"] in dimensions and entry.get("Value", dimensions[entry["Name"]]) == dimensions[entry["Name"]]
        for entry in params.get("Dimensions", [])
    )


def _described(metric: MetricId) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdigit():
        raise ServiceError("InvalidNextToken", "The NextToken is invalid.")
    return int(token)
