"""CloudWatchService: what `engine.client("cloudwatch")` calls."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from localsqs._service import Service
from localsqs.cloudwatch.alarm_operations import AlarmOperations
from localsqs.cloudwatch.evaluator import AlarmBook
from localsqs.cloudwatch.metric_operations import MetricOperations
from localsqs.cloudwatch.metrics import Metrics
from localsqs.cloudwatch.model import MODEL
from localsqs.cloudwatch.queue_metrics import QueueMetrics
from localsqs.cloudwatch.store import MetricId, MetricStore
from localsqs.cloudwatch.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localsqs.engine import Engine

__all__ = ["CloudWatchService"]


class CloudWatchService(MetricOperations, AlarmOperations, Service):
    """Metrics and alarms of an engine."""

    model = MODEL

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.metrics = Metrics(QueueMetrics(engine), MetricStore())
        self.book = AlarmBook(engine, self.metrics, self.lock)

    @property
    def lenient(self) -> bool:
        """Whether a near miss of a metric's name in AWS/SQS stands for the metric. AWS never does that."""
        return self.metrics.lenient

    @lenient.setter
    def lenient(self, value: bool) -> None:
        self.metrics.lenient = value

    def call(self, operation: str, params: dict[str, Any], region: str, account: str) -> dict[str, Any]:
        self.evaluate()
        return super().call(operation, params, region, account)

    def evaluate(self) -> None:
        """Brings the alarms up to the engine's time: each full minute that has passed since, one by one."""
        self.book.evaluate()

    def put(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        values: Sequence[float],
        unit: str = "None",
        at_ns: int | None = None,
        *,
        region: str | None = None,
        account: str | None = None,
        resolution_s: int = 60,
    ) -> None:
        """Adds values of a metric: what functions print in the embedded metric format. What is no number is left out.

        Args:
            at_ns: When, in nanoseconds; now if None.
            region, account: Whose; the engine's if None.
            resolution_s: 60, or 1 for a metric of high resolution.
        """
        metric = MetricId(
            region or self.engine.region,
            account or self.engine.account,
            namespace,
            name,
            tuple(sorted(dimensions.items())),
        )
        summary = Summary.of_values([(float(value), 1.0) for value in values if isfinite(value)], unit)
        if not summary.count:
            return
        with self.lock:
            at_ns = self.engine.clock.now_ns() if at_ns is None else at_ns
            self.metrics.store.put(metric, at_ns, summary, resolution_s)
