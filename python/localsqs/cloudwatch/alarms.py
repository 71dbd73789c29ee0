"""An alarm: its configuration as PutMetricAlarm gave it, its state, and what it says about them."""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from localsqs._service import partition
from localsqs.clock import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

__all__ = ["Alarm", "Evaluated", "compares", "iso", "reason_data", "reason_text"]

COMPARE: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

# Members that an answer always has, or has only if they were given.
_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_IF_GIVEN = (
    *("AlarmDescription", "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"),
    *("EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "TreatMissingData"),
    *("EvaluateLowSampleCountPercentile", "Metrics"),
)
_REASON_POINTS_MAX = 3


class Evaluated(NamedTuple):
    """A datapoint that an evaluation looked at: its start, its value, and how many values that was made of."""

    at_ns: int
    value: float
    sample_count: float


@dataclass
class Alarm:
    """Attributes beginning with `state_` are those of the state; instants are nanoseconds."""

    region: str
    account: str
    config: dict[str, Any]
    configured_ns: int
    state: str = "INSUFFICIENT_DATA"
    state_reason: str = "Unchecked: Initial alarm creation"
    state_data: str | None = None
    state_updated_ns: int = 0
    state_transitioned_ns: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        name: str = self.config["AlarmName"]
        return name

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:cloudwatch:{self.region}:{self.account}:alarm:{self.name}"

    @property
    def actions_enabled(self) -> bool:
        return bool(self.config.get("ActionsEnabled", True))

    @property
    def evaluation_periods(self) -> int:
        return int(self.config["EvaluationPeriods"])

    @property
    def datapoints_to_alarm(self) -> int:
        return int(self.config.get("DatapointsToAlarm", self.evaluation_periods))

    @property
    def missing(self) -> str:
        return str(self.config.get("TreatMissingData", "missing"))

    @property
    def period_s(self) -> int:
        """Of the metric; of the longest one of a metric math alarm."""
        if "Metrics" not in self.config:
            return int(self.config["Period"])
        periods = [q.get("Period") or q.get("MetricStat", {}).get("Period", 0) for q in self.config["Metrics"]]
        return int(max(*periods, 60))

    @property
    def statistic(self) -> str:
        return str(self.config.get("Statistic") or self.config.get("ExtendedStatistic") or "")

    def breaches(self, value: float) -> bool:
        compare, _ = COMPARE[self.config["ComparisonOperator"]]
        return compare(value, float(self.config["Threshold"]))

    def actions(self, state: str) -> list[str]:
        """The ARNs that are told of a change to this state."""
        member = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}[state]
        return list(self.config.get(member, []))

    def describe(self) -> dict[str, Any]:
        """As DescribeAlarms has it."""
        config = self.config
        described: dict[str, Any] = {
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": to_datetime(self.configured_ns),
            "ActionsEnabled": self.actions_enabled,
            **{name: list(config.get(name, [])) for name in _LISTS},
            "StateValue": self.state,
            "StateReason": self.state_reason,
            "StateUpdatedTimestamp": to_datetime(self.state_updated_ns),
            "StateTransitionedTimestamp": to_datetime(self.state_transitioned_ns),
            "Dimensions": [dict(entry) for entry in config.get("Dimensions", [])],
            "Threshold": float(config["Threshold"]),
        }
        if self.state_data is not None:
            described["StateReasonData"] = self.state_data
        return described | {name: config[name] for name in _IF_GIVEN if name in config}


# --- What an evaluation says -----------------------------------------------------------------------------------------


def reason_text(alarm: Alarm, state: str, points: Sequence[Evaluated], missing_count: int) -> str:
    """StateReason of an evaluation.

    Args:
        alarm: Still in its state before.
        state: The new one.
        points: Those that decided, oldest first.
        missing_count: Points of the evaluation that were missing.
    """
    n, m = alarm.evaluation_periods, alarm.datapoints_to_alarm
    plural = "" if missing_count == 1 else "s"
    if state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {missing_count} datapoint{plural} {'was' if not plural else 'were'} unknown."
    if not points:
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(alarm.missing, "Ignored")
        return (
            f"Threshold Crossed: no datapoints were received for {n} period{'' if n == 1 else 's'} and {missing_count} "
            f"missing datapoint{plural} {'was' if not plural else 'were'} treated as [{treated}]."
        )
    deciding = [point for point in points if alarm.breaches(point.value) == (state == "ALARM")] or list(points)
    shown = ", ".join(f"{point.value} ({_reason_time(point.at_ns)})" for point in deciding[-_REASON_POINTS_MAX:])
    verdict = ("" if state == "ALARM" else "not ") + COMPARE[alarm.config["ComparisonOperator"]][1]
    threshold = float(alarm.config["Threshold"])
    if alarm.state == "INSUFFICIENT_DATA":
        were = "datapoint" if len(deciding) == 1 else "datapoints"
        was = "was" if len(deciding) == 1 else "were"
        return f"Threshold Crossed: {len(deciding)} {were} [{shown}] {was} {verdict} the threshold ({threshold})."
    was = "was" if len(deciding) == 1 else "were"
    change = "OK -> ALARM" if state == "ALARM" else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(deciding)} out of the last {n} datapoints [{shown}] {was} {verdict} the threshold "
        f"({threshold}) (minimum {m if state == 'ALARM' else n - m + 1} datapoint{'' if m == 1 else 's'} for {change} "
        "transition)."
    )


def reason_data(alarm: Alarm, points: Sequence[Evaluated], now_ns: int) -> str:
    """StateReasonData: the same for programs."""
    said: dict[str, Any] = {"version": "1.0", "queryDate": iso(to_datetime(now_ns))}
    if points:
        said["startDate"] = iso(to_datetime(points[0].at_ns))
    if "Unit" in alarm.config:
        said["unit"] = alarm.config["Unit"]
    if alarm.statistic:
        said["statistic"] = alarm.statistic
    said |= {
        "period": alarm.period_s,
        "recentDatapoints": [point.value for point in points],
        "threshold": float(alarm.config["Threshold"]),
        "evaluatedDatapoints": [
            {"timestamp": iso(to_datetime(p.at_ns)), "sampleCount": p.sample_count, "value": p.value}
            for p in reversed(points)
        ],
    }
    return json.dumps(said, separators=(",", ":"))


def iso(at: datetime) -> str:
    """ "2026-01-01T00:00:00.000+0000", as CloudWatch writes instants into JSON."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def _reason_time(at_ns: int) -> str:
    return to_datetime(at_ns).strftime("%d/%m/%y %H:%M:%S")


def compares(comparison: str) -> bool:
    """Whether a ComparisonOperator is one of those that are here."""
    return comparison in COMPARE
