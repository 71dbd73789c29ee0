"""Amazon CloudWatch on an engine: the metrics of AWS/SQS, metrics of one's own, and alarms.

    cloudwatch = engine.client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="dead", Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "orders-dlq"}], Statistic="Maximum", Period=60, EvaluationPeriods=1,
        Threshold=0, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic_arn])
    engine.run_for(minutes=5)            # evaluates the alarm at each full minute, in virtual time

Metrics of AWS/SQS come from what happened in the engine, minute by minute on its clock, whoever moved the clock and
whenever somebody asks. A gauge (ApproximateNumberOfMessagesVisible, ...) is sampled at the end of each minute and
stamped with its beginning; the minute in progress has no sample yet.

Alarms are evaluated, and their actions performed, at each full minute: by `run_for` and `run_until_idle`, by
`clock.advance`, and on the system clock as time passes. What moves a clock in another way (a long poll that
auto-advances, freezegun) misses some; they are made up for, each with the data of its own instant, by the next call of
CloudWatch, or by `of(engine).evaluate()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localsqs.cloudwatch.service import CloudWatchService
    from localsqs.engine import Engine

__all__ = ["LostEventsWarning", "MetricNameWarning", "of"]


class MetricNameWarning(UserWarning):
    """A metric that AWS/SQS does not have: AWS says nothing, and the alarm on it stays INSUFFICIENT_DATA."""


class LostEventsWarning(UserWarning):
    """The history no longer reaches back to the engine's beginning, so metrics begin later than the engine did."""


def of(engine: Engine) -> CloudWatchService:
    """The service behind `engine.client("cloudwatch")`.

    Its switch `lenient` lets a near miss of a metric's name stand for the metric; `evaluate()` brings the alarms up to
    the engine's time.
    """
    service: CloudWatchService = engine._service("cloudwatch")
    return service
