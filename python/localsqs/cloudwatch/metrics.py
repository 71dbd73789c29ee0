"""Reading metrics: from AWS/SQS or from what was put, in periods, as one statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localsqs._service import ServiceError
from localsqs.cloudwatch import queue_metrics
from localsqs.cloudwatch.model import STATISTICS
from localsqs.cloudwatch.summary import Summary, is_extended_statistic

if TYPE_CHECKING:
    from localsqs.cloudwatch.store import MetricId, MetricStore

__all__ = ["MINUTE_NS", "SECOND_NS", "Metrics", "check_period", "check_statistic", "round_start"]

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
_DAY_NS = 1440 * MINUTE_NS


class Metrics:
    """All metrics of an engine.

    Attributes:
        lenient: A near miss of a name in AWS/SQS stands for the metric.
    """

    def __init__(self, queues: queue_metrics.QueueMetrics, store: MetricStore) -> None:
        self._queues = queues
        self.store = store
        self.lenient = False

    def checked(self, metric: MetricId) -> MetricId:
        """The metric to look for; warns of a name that AWS/SQS does not have."""
        if metric.namespace != queue_metrics.NAMESPACE:
            return metric
        return metric._replace(name=self._queues.check_name(metric.name, self.lenient))

    def read(self, metric: MetricId, start_ns: int, end_ns: int) -> list[tuple[int, Summary]]:
        """What is known, at its own resolution: (instant in ns, summary) in order of time."""
        if metric.namespace == queue_metrics.NAMESPACE:
            region, account, _, name, dimensions = metric
            return self._queues.read(region, account, name, dimensions, start_ns, end_ns)
        return self.store.read(metric, start_ns, end_ns)

    def periods(
        self, metric: MetricId, start_ns: int, end_ns: int, period_s: int, unit: str | None = None
    ) -> dict[int, Summary]:
        """By start of the period, in order of time; periods without data are missing.

        Args:
            start_ns, end_ns: The periods begin at the one, and data lies before the other.
            unit: Only data of this unit.
        """
        period_ns = period_s * SECOND_NS
        found: dict[int, Summary] = {}
        for at_ns, summary in self.read(metric, start_ns, end_ns):
            if unit is not None and summary.unit != unit:
                continue
            bucket_ns = start_ns + (at_ns - start_ns) // period_ns * period_ns
            if bucket_ns not in found:
                found[bucket_ns] = Summary(summary.unit)
            found[bucket_ns].add(summary)
        return found

    def list(self, region: str, account: str, since_ns: int) -> list[MetricId]:
        """Those of a region and account with data since then: AWS/SQS first, then in order of their first value."""
        from localsqs.cloudwatch.store import MetricId

        queues = self._queues.list(region, account, since_ns)
        listed = [
            MetricId(region, account, queue_metrics.NAMESPACE, name, dimensions) for name, dimensions, _ in queues
        ]
        return listed + [
            metric
            for metric, last_ns in self.store.list()
            if (metric.region, metric.account) == (region, account) and last_ns >= since_ns
        ]


def round_start(start_ns: int, now_ns: int) -> int:
    """StartTime, rounded down as CloudWatch does: to the minute, to 5 minutes from 15 days on, to the hour from 63."""
    age_ns = now_ns - start_ns
    unit_ns = MINUTE_NS if age_ns < 15 * _DAY_NS else 5 * MINUTE_NS if age_ns < 63 * _DAY_NS else 60 * MINUTE_NS
    return start_ns // unit_ns * unit_ns


def check_period(period_s: int) -> None:
    """ServiceError unless it is 1, 5, 10, 20, 30 or a multiple of 60."""
    if period_s not in (1, 5, 10, 20, 30) and period_s % 60:
        raise ServiceError(
            "InvalidParameterValue",
            "The parameter Period must be equal to 1, 5, 10, 20, 30 or a multiple of 60.",
        )


def check_statistic(name: str) -> None:
    """ServiceError unless it is a statistic, plain or extended."""
    if name not in STATISTICS and not is_extended_statistic(name):
        raise ServiceError("InvalidParameterValue", f"The value {name} for parameter Stat is not supported.")
