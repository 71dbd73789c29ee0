"""PutMetricAlarm, DescribeAlarms, DescribeAlarmHistory, SetAlarmState, and the other operations about alarms."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs._timestamps import parse
from localsqs.clock import to_datetime
from localsqs.cloudwatch.alarms import Alarm
from localsqs.cloudwatch.metrics import Metrics, check_statistic
from localsqs.cloudwatch.model import COMPARISONS, STATES, STATISTICS
from localsqs.cloudwatch.queries import run
from localsqs.cloudwatch.store import MetricId, dimension_key

if TYPE_CHECKING:
    from localsqs.cloudwatch.evaluator import AlarmBook, HistoryItem
    from localsqs.engine import Engine

__all__ = ["AlarmOperations"]

_DAY_S = 86_400
_RECORDS_MAX = 100
_MISSING = ["breaching", "notBreaching", "ignore", "missing"]
_KINDS = ["Action", "StateUpdate", "ConfigurationUpdate"]
_ACTION_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")


class AlarmOperations:
    """The part of the service that is about alarms."""

    engine: Engine
    metrics: Metrics
    book: AlarmBook

    def put_metric_alarm(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        _check_alarm(params)
        self._check_metrics(region, account, params)
        config = copy.deepcopy(params)
        tags = {tag["Key"]: tag["Value"] for tag in config.pop("Tags", [])}
        self.book.put(Alarm(region, account, config, self.engine.clock.now_ns(), tags=tags))
        return {}

    def _check_metrics(self, region: str, account: str, params: dict[str, Any]) -> None:
        """Warns of a wrong name now rather than at the first evaluation, and tries the expressions."""
        if "Metrics" in params:
            if sum(query.get("ReturnData", True) for query in params["Metrics"]) != 1:
                raise _invalid("Exactly one element of the metrics list should return data.")
            now_ns = self.engine.clock.now_ns()
            run(self.metrics, region, account, params["Metrics"], now_ns - 60 * 10**9, now_ns)
        else:
            dimensions = dimension_key(params.get("Dimensions", []))
            self.metrics.checked(MetricId(region, account, params["Namespace"], params["MetricName"], dimensions))

    def describe_alarms(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        if "AlarmNames" in params and "AlarmNamePrefix" in params:
            raise ServiceError(
                "InvalidParameterCombination", "AlarmNames and AlarmNamePrefix are mutually exclusive parameters."
            )
        _check_enum("stateValue", params.get("StateValue"), STATES)
        found = [alarm.describe() for alarm in self._alarms(region, account) if _is_asked(alarm, params)]
        return {**_page("MetricAlarms", found, params), "CompositeAlarms": [], "LogAlarms": []}

    def describe_alarms_for_metric(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        names = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")
        wanted = {name: params[name] for name in names if name in params}
        dimensions = dimension_key(params.get("Dimensions", []))
        return {
            "MetricAlarms": [
                alarm.describe()
                for alarm in self._alarms(region, account)
                if all(alarm.config.get(name) == value for name, value in wanted.items())
                and dimension_key(alarm.config.get("Dimensions", [])) == dimensions
            ]
        }

    def describe_alarm_history(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        _check_enum("historyItemType", params.get("HistoryItemType"), _KINDS)
        found = [
            _history_item(item)
            for item in sorted(self.book.history, key=lambda item: item.at_ns)
            if (item.alarm.region, item.alarm.account) == (region, account) and _is_wanted(item, params)
        ]
        if params.get("ScanBy") != "TimestampAscending":
            found.reverse()
        return _page("AlarmHistoryItems", found, params)

    def set_alarm_state(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        _check_enum("stateValue", params["StateValue"], STATES)
        alarm = self._alarm(region, account, params["AlarmName"])
        if alarm is None:
            raise ServiceError("ResourceNotFound", "")
        self.book.set_state(alarm, params["StateValue"], params["StateReason"], params.get("StateReasonData"))
        return {}

    def delete_alarms(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        for name in dict.fromkeys(params["AlarmNames"]):
            alarm = self._alarm(region, account, name)
            if alarm is not None:
                self.book.delete(alarm)
        return {}

    def enable_alarm_actions(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self._switch_actions(region, account, params, True)
        return {}

    def disable_alarm_actions(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self._switch_actions(region, account, params, False)
        return {}

    def _switch_actions(self, region: str, account: str, params: dict[str, Any], enabled: bool) -> None:
        for name in params["AlarmNames"]:
            alarm = self._alarm(region, account, name)
            if alarm is not None:
                alarm.config["ActionsEnabled"] = enabled
                alarm.configured_ns = self.engine.clock.now_ns()

    # --- Tags --------------------------------------------------------------------------------------------------------

    def tag_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self._tagged(params).update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
        return {}

    def untag_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tagged(params)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tagged(params).items()]}

    def _tagged(self, params: dict[str, Any]) -> dict[str, str]:
        arn = params["ResourceARN"]
        for alarm in self.book.alarms.values():
            if alarm.arn == arn:
                return alarm.tags
        raise ServiceError("ResourceNotFoundException", "Resource not found.", ResourceType="Alarm", ResourceId=arn)

    # --- Finding -----------------------------------------------------------------------------------------------------

    def _alarm(self, region: str, account: str, name: str) -> Alarm | None:
        return self.book.alarms.get((region, account, name))

    def _alarms(self, region: str, account: str) -> list[Alarm]:
        """Those of a region and account in order of name."""
        return [alarm for (r, a, _), alarm in sorted(self.book.alarms.items()) if (r, a) == (region, account)]


# --- Checks ----------------------------------------------------------------------------------------------------------


def _check_alarm(params: dict[str, Any]) -> None:
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if name not in params:
            raise ServiceError("MissingParameter", f"The request must contain the parameter {name}")
    _check_enum("comparisonOperator", params["ComparisonOperator"], COMPARISONS)
    _check_enum("treatMissingData", params.get("TreatMissingData"), _MISSING)
    if params.get("DatapointsToAlarm", 1) > params["EvaluationPeriods"]:
        raise _invalid("DatapointsToAlarm cannot be greater than EvaluationPeriods")
    for name in _ACTION_LISTS:
        for action in params.get(name, []):
            if not action.startswith("arn:"):
                raise _invalid(f"Invalid arn syntax: {action}")
    if "Metrics" in params:
        _check_metrics_alone(params)
    else:
        _check_one_metric(params)


def _check_metrics_alone(params: dict[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit", "Dimensions"):
        if name in params:
            raise _invalid(f"The parameters Metrics and {name} are mutually exclusive and you have specified both.")
    if "ThresholdMetricId" in params:
        raise _invalid("localsqs has no anomaly detection: ThresholdMetricId")


def _check_one_metric(params: dict[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if name not in params:
            raise ServiceError("MissingParameter", f"The request must contain the parameter {name}")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        raise _invalid("Must specify either Statistic or ExtendedStatistic")
    _check_enum("statistic", params.get("Statistic"), STATISTICS)
    if "ExtendedStatistic" in params:
        check_statistic(params["ExtendedStatistic"])
    period, span_s = params["Period"], params["Period"] * params["EvaluationPeriods"]
    if period not in (10, 20, 30) and period % 60:
        raise _invalid("Period must be 10, 20, 30 or a multiple of 60")
    if span_s > 7 * _DAY_S or (period < 3600 and span_s > _DAY_S):
        limit = "seven days" if span_s > 7 * _DAY_S else "one day for periods of less than one hour"
        raise _invalid(f"Metrics cannot be checked across more than {limit} (EvaluationPeriods * Period).")


def _check_enum(member: str, value: str | None, values: list[str]) -> None:
    if value is not None and value not in values:
        raise ServiceError(
            "ValidationError",
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{', '.join(values)}]",
        )


def _invalid(text: str) -> ServiceError:
    return ServiceError("ValidationError", text)


# --- Answers ---------------------------------------------------------------------------------------------------------


def _is_asked(alarm: Alarm, params: dict[str, Any]) -> bool:
    if "MetricAlarm" not in params.get("AlarmTypes", ["MetricAlarm"]):
        return False
    if alarm.name not in params.get("AlarmNames", [alarm.name]):
        return False
    if not alarm.name.startswith(params.get("AlarmNamePrefix", "")):
        return False
    if params.get("StateValue", alarm.state) != alarm.state:
        return False
    prefix = params.get("ActionPrefix")
    actions = (action for state in STATES for action in alarm.actions(state))
    return prefix is None or any(action.startswith(prefix) for action in actions)


def _is_wanted(item: HistoryItem, params: dict[str, Any]) -> bool:
    if params.get("AlarmName", item.alarm.name) != item.alarm.name:
        return False
    if params.get("HistoryItemType", item.kind) != item.kind:
        return False
    if "StartDate" in params and item.at_ns < parse(params["StartDate"]):
        return False
    return "EndDate" not in params or item.at_ns < parse(params["EndDate"])


def _history_item(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm.name,
        "AlarmType": "MetricAlarm",
        "Timestamp": to_datetime(item.at_ns),
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


def _page(key: str, items: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    token = params.get("NextToken", "0")
    if not token.isdigit():
        raise ServiceError("InvalidNextToken", "The NextToken is invalid.")
    start = int(token)
    end = start + min(params.get("MaxRecords", _RECORDS_MAX), _RECORDS_MAX)
    answer: dict[str, Any] = {key: items[start:end]}
    if end < len(items):
        answer["NextToken"] = str(end)
    return answer
