"""The metrics of AWS/SQS: cpp/engine/queue_metrics.h keeps them, from the engine's own effects."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from localsqs import _core
from localsqs._warn import warn
from localsqs.cloudwatch import LostEventsWarning, MetricNameWarning
from localsqs.cloudwatch.summary import Summary

if TYPE_CHECKING:
    from localsqs.engine import Engine

__all__ = ["NAMESPACE", "QueueMetrics", "nearest_name"]

NAMESPACE = "AWS/SQS"

# Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
_UNITS = {
    "ApproximateAgeOfOldestMessage": "Seconds",
    "ApproximateAgeOfOldestMessageInQuietGroups": "Seconds",
    "ApproximateNumberOfGroupsWithInflightMessages": "Count",
    "ApproximateNumberOfMessagesDelayed": "Count",
    "ApproximateNumberOfMessagesDelayedInQuietGroups": "Count",
    "ApproximateNumberOfMessagesNotVisible": "Count",
    "ApproximateNumberOfMessagesNotVisibleInQuietGroups": "Count",
    "ApproximateNumberOfMessagesVisible": "Count",
    "ApproximateNumberOfMessagesVisibleInQuietGroups": "Count",
    "ApproximateNumberOfNoisyGroups": "Count",
    "NumberOfDeduplicatedSentMessages": "Count",
    "NumberOfEmptyReceives": "Count",
    "NumberOfMessagesDeleted": "Count",
    "NumberOfMessagesReceived": "Count",
    "NumberOfMessagesSent": "Count",
    "SentMessageSize": "Bytes",
}


class QueueMetrics:
    """Reads them, for all regions and accounts of an engine."""

    def __init__(self, engine: Engine) -> None:
        self._core = engine._core
        self._warned: set[str] = set()
        if not _core.start_metrics(engine._core):
            warn(
                f"the engine's history no longer reaches back to its beginning (history_limit): the metrics of AWS/SQS "
                f"begin at {engine.clock.now().isoformat()}, with the messages that are there now",
                LostEventsWarning,
            )

    def read(
        self,
        region: str,
        account: str,
        name: str,
        dimensions: tuple[tuple[str, str], ...],
        start_ns: int,
        end_ns: int,
    ) -> list[tuple[int, Summary]]:
        """The minutes with data, as (start of the minute in ns, summary), ascending. Dimensions must match exactly."""
        if len(dimensions) != 1 or dimensions[0][0] != "QueueName" or name not in _UNITS:
            return []
        rows = _core.queue_metric(self._core, region, account, dimensions[0][1], name, start_ns, end_ns)
        return [(at_ns, Summary.of_values(values, _UNITS[name])) for at_ns, values in rows]

    def list(self, region: str, account: str, since_ns: int) -> list[tuple[str, tuple[tuple[str, str], ...], int]]:
        """Metrics with data since then: (name, dimensions, last minute with data)."""
        return [
            (metric, (("QueueName", queue),), last_ns)
            for queue_region, queue_account, queue, metrics in _core.queue_metric_series(self._core, since_ns)
            if (queue_region, queue_account) == (region, account)
            for metric, last_ns in metrics
        ]

    def check_name(self, name: str, lenient: bool) -> str:
        """The name to look for. Warns of one that AWS/SQS does not have, once; `lenient` takes the nearest instead."""
        if name in _UNITS:
            return name
        meant = nearest_name(name)
        if lenient and meant:
            return meant
        if name not in self._warned:
            self._warned.add(name)
            hint = f'; did you mean "{meant}"?' if meant else ""
            warn(f'AWS/SQS has no metric "{name}"{hint}', MetricNameWarning)
        return name


def nearest_name(name: str) -> str | None:
    """The metric of AWS/SQS that was probably meant: the same words in another order, or nearly the same letters."""
    by_words = {_words(known): known for known in _UNITS}
    if found := by_words.get(_words(name)):
        return found
    close = get_close_matches(name.lower(), [known.lower() for known in _UNITS], n=1, cutoff=0.75)
    return next((known for known in _UNITS if close and known.lower() == close[0]), None)


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"[A-Z][a-z]*", name)))
