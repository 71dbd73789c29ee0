"""How many messages have waited in a queue lately, as CloudWatch knows it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any


def depth(cloudwatch: Any, queue_name: str, minutes: int = 15, now: datetime | None = None) -> list[float]:
    """The largest number of visible messages in each five minutes, oldest first.

    Args:
        now: The end of the time looked at; the present if None.
    """
    end = now or datetime.now(timezone.utc)
    response = cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": queue_name}],
        StartTime=end - timedelta(minutes=minutes),
        EndTime=end,
        Period=300,
        Statistics=["Maximum"],  # A sum would add up the samples of a gauge.
    )
    datapoints = sorted(response["Datapoints"], key=lambda datapoint: datapoint["Timestamp"])
    return [datapoint["Maximum"] for datapoint in datapoints]
