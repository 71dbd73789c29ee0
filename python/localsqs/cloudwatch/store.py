"""Metrics that were put: PutMetricData, and EMF lines of functions."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

from localsqs.cloudwatch.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Dimensions", "MetricId", "MetricStore", "dimension_key"]

Dimensions = tuple[tuple[str, str], ...]

_SECOND_NS = 1_000_000_000
# CloudWatch keeps nothing longer.
_KEPT_NS = 455 * 86_400 * _SECOND_NS


class MetricId(NamedTuple):
    """What names a metric. `dimensions` are in order of name."""

    region: str
    account: str
    namespace: str
    name: str
    dimensions: Dimensions


def dimension_key(dimensions: list[dict[str, str]]) -> Dimensions:
    """boto3's list of dimensions, in order of name."""
    return tuple(sorted((entry["Name"], entry["Value"]) for entry in dimensions))


class MetricStore:
    """Summaries by metric and by minute; by second for high resolution."""

    def __init__(self) -> None:
        self._series: dict[MetricId, _Series] = {}

    def put(self, metric: MetricId, at_ns: int, summary: Summary, resolution_s: int = 60) -> None:
        """Adds to what is known of the minute (or the second) of `at_ns`."""
        bin_ns = resolution_s * _SECOND_NS
        self._series.setdefault(metric, _Series()).put(at_ns // bin_ns * bin_ns, summary)

    def read(self, metric: MetricId, start_ns: int, end_ns: int) -> list[tuple[int, Summary]]:
        """(instant in ns, summary) in order of time."""
        series = self._series.get(metric)
        return [] if series is None else list(series.between(start_ns, end_ns))

    def list(self) -> Iterator[tuple[MetricId, int]]:
        """Metrics in order of their first value, each with its last instant."""
        for metric, series in self._series.items():
            yield metric, series.instants[-1]


class _Series:
    def __init__(self) -> None:
        self.instants: list[int] = []  # Ascending.
        self.summaries: dict[int, Summary] = {}

    def put(self, at_ns: int, summary: Summary) -> None:
        known = self.summaries.get(at_ns)
        if known is None:
            known = self.summaries[at_ns] = Summary(summary.unit)
            insort(self.instants, at_ns)
            self._forget(self.instants[-1] - _KEPT_NS)
        known.add(summary)

    def between(self, start_ns: int, end_ns: int) -> Iterator[tuple[int, Summary]]:
        for index in range(bisect_left(self.instants, start_ns), bisect_left(self.instants, end_ns)):
            at_ns = self.instants[index]
            yield at_ns, self.summaries[at_ns]

    def _forget(self, before_ns: int) -> None:
        while self.instants[0] < before_ns:
            self.summaries.pop(self.instants.pop(0), None)
