"""What an alarm does when its state changes: tells a topic, or calls a function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.clock import to_datetime
from localsqs.cloudwatch.alarms import iso

if TYPE_CHECKING:
    from localsqs.cloudwatch.alarms import Alarm
    from localsqs.engine import Engine

__all__ = ["StateChange", "message", "perform"]

_REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "sa-east-1": "South America (Sao Paulo)",
}
_SUBJECT_MAX = 100


class StateChange:
    """A change of state that was made, with what is needed to tell of it later."""

    def __init__(self, alarm: Alarm, old_state: str, at_ns: int) -> None:
        self.alarm = alarm
        self.old_state = old_state
        self.new_state = alarm.state
        self.reason = alarm.state_reason
        self.at_ns = at_ns
        # As they are now: the alarm may change before anybody is told.
        self.actions = alarm.actions(alarm.state) if alarm.actions_enabled else []
        self.text = message(alarm, old_state, at_ns)


def message(alarm: Alarm, old_state: str, at_ns: int) -> str:
    """The JSON that a topic gets."""
    config = alarm.config
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": config.get("AlarmDescription"),
            "AWSAccountId": alarm.account,
            "AlarmConfigurationUpdatedTimestamp": iso(to_datetime(alarm.configured_ns)),
            "NewStateValue": alarm.state,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": iso(to_datetime(at_ns)),
            "Region": _REGION_NAMES.get(alarm.region, alarm.region),
            "AlarmArn": alarm.arn,
            "OldStateValue": old_state,
            "OKActions": alarm.actions("OK"),
            "AlarmActions": alarm.actions("ALARM"),
            "InsufficientDataActions": alarm.actions("INSUFFICIENT_DATA"),
            "Trigger": _trigger(alarm),
        },
        separators=(",", ":"),
    )


def _trigger(alarm: Alarm) -> dict[str, Any]:
    config = alarm.config
    if "Metrics" in config:
        about: dict[str, Any] = {"Metrics": config["Metrics"]}
    else:
        about = {"MetricName": config["MetricName"], "Namespace": config["Namespace"]}
        if "ExtendedStatistic" in config:
            about |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": config["ExtendedStatistic"]}
        else:
            about |= {"StatisticType": "Statistic", "Statistic": alarm.statistic.upper()}
        about |= {
            "Unit": config.get("Unit"),
            "Dimensions": [{"value": d["Value"], "name": d["Name"]} for d in config.get("Dimensions", [])],
        }
    return about | {
        "Period": alarm.period_s,
        "EvaluationPeriods": alarm.evaluation_periods,
        **({"DatapointsToAlarm": alarm.datapoints_to_alarm} if "DatapointsToAlarm" in config else {}),
        "ComparisonOperator": config["ComparisonOperator"],
        "Threshold": float(config["Threshold"]),
        "TreatMissingData": config.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": config.get("EvaluateLowSampleCountPercentile", ""),
    }


def perform(engine: Engine, change: StateChange, action: str) -> str | None:
    """Performs one action. Returns why it failed, or None."""
    try:
        if ":sns:" in action:
            _publish(engine, change, action)
        elif ":lambda:" in action:
            _invoke(engine, change, action)
        else:
            return "localsqs performs actions of topics (SNS) and functions (Lambda) only"
    except ServiceError as error:
        return error.message
    return None


def _publish(engine: Engine, change: StateChange, topic_arn: str) -> None:
    alarm = change.alarm
    where = _REGION_NAMES.get(alarm.region, alarm.region)
    subject = f'{change.new_state}: "{alarm.name}" in {where}'[:_SUBJECT_MAX]
    params = {"TopicArn": topic_arn, "Subject": subject, "Message": change.text}
    engine._service("sns").call("Publish", params, topic_arn.split(":")[3], alarm.account)


def _invoke(engine: Engine, change: StateChange, function_arn: str) -> None:
    alarm = change.alarm
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": alarm.account,
        "time": iso(to_datetime(change.at_ns)),
        "region": alarm.region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": {"value": change.new_state, "reason": change.reason, "timestamp": iso(to_datetime(change.at_ns))},
            "previousState": {"value": change.old_state},
            "configuration": {"description": alarm.config.get("AlarmDescription", "")},
        },
    }
    params = {"FunctionName": function_arn, "InvocationType": "Event", "Payload": json.dumps(event).encode()}
    engine._service("lambda").call("Invoke", params, function_arn.split(":")[3], alarm.account)
