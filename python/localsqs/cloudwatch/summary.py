"""A statistic set: what CloudWatch knows of the values of one metric in one period."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Summary", "is_extended_statistic"]

_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)$")
_TRIMMED = re.compile(r"(tm|wm|ts|tc)(\d{1,2}(\.\d{1,10})?|100)$")


class Summary:
    """Count, sum, least and greatest of some values; and the values themselves, if they are known.

    Attributes:
        values: value -> how often; None if only a statistic set was ever put.
        unit: "Count", ...; "None" for none. Two units at once: `mixed_units`.
    """

    __slots__ = ("count", "high", "low", "mixed_units", "total", "unit", "values")

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.mixed_units = False
        self.count = 0.0
        self.total = 0.0
        self.low = 0.0
        self.high = 0.0
        self.values: dict[float, float] | None = {}

    @classmethod
    def of_values(cls, values: Iterable[tuple[float, float]], unit: str) -> Summary:
        """Of (value, how often) pairs."""
        made = cls(unit)
        for value, count in values:
            made._add_set(count, value * count, value, value)
            if made.values is not None:
                made.values[value] = made.values.get(value, 0.0) + count
        return made

    @classmethod
    def of_set(cls, count: float, total: float, low: float, high: float, unit: str) -> Summary:
        """Of a statistic set. One value, or values that are all equal, are known from it."""
        if low == high:
            return cls.of_values([(low, count)], unit)
        made = cls(unit)
        made._add_set(count, total, low, high)
        made.values = None
        return made

    def add(self, other: Summary) -> None:
        """Takes in what `other` knows."""
        self.mixed_units = self.mixed_units or other.mixed_units or (self.count > 0 and self.unit != other.unit)
        if not self.count:
            self.unit = other.unit
        self._add_set(other.count, other.total, other.low, other.high)
        if self.values is None or other.values is None:
            self.values = None
        else:
            for value, count in other.values.items():
                self.values[value] = self.values.get(value, 0.0) + count

    def _add_set(self, count: float, total: float, low: float, high: float) -> None:
        self.low = min(self.low, low) if self.count else low
        self.high = max(self.high, high) if self.count else high
        self.count += count
        self.total += total

    def statistic(self, name: str) -> float | None:
        """By name: "Sum", "Average", "Minimum", "Maximum", "SampleCount", "p99", "tm90", "IQM", ...

        None where it is not known: a percentile of a statistic set, or of negative values.
        """
        if name == "Sum":
            return self.total
        if name == "Maximum":
            return self.high
        if name == "Minimum":
            return self.low
        if name == "Average":
            return self.total / self.count if self.count else None
        if name == "SampleCount":
            return self.count
        return self._extended(name)

    def _extended(self, name: str) -> float | None:
        if not self.values or self.low < 0:
            return None
        if name == "IQM":
            return self._trimmed_mean(25, 75)
        if found := _PERCENTILE.match(name):
            return self._percentile(float(found[1]))
        kind, upper = name[:2], float(name[2:])
        if kind == "tm":
            return self._trimmed_mean(0, upper)
        kept = self._between(0, upper)
        if kind == "tc":
            return sum(count for _, count in kept)
        if kind == "ts":
            return sum(value * count for value, count in kept)
        # wm: what lies above counts as the greatest that is kept.
        border = self._percentile(upper)
        return sum(min(value, border) * count for value, count in self.values.items()) / self.count

    def _percentile(self, percent: float) -> float:
        """The value at that rank, between two neighbours in proportion."""
        assert self.values
        ordered = sorted(self.values.items())
        rank = percent / 100 * (self.count - 1)
        seen = 0.0
        for index, (value, count) in enumerate(ordered):
            if rank <= seen + count - 1 or index == len(ordered) - 1:
                return value
            if rank < seen + count:
                return value + (ordered[index + 1][0] - value) * (rank - (seen + count - 1))
            seen += count
        return ordered[-1][0]

    def _between(self, lower: float, upper: float) -> list[tuple[float, float]]:
        """Values and counts between two percentiles."""
        assert self.values
        first, last = self.count * lower / 100, self.count * upper / 100
        kept, seen = [], 0.0
        for value, count in sorted(self.values.items()):
            overlap = min(seen + count, last) - max(seen, first)
            if overlap > 0:
                kept.append((value, overlap))
            seen += count
        return kept

    def _trimmed_mean(self, lower: float, upper: float) -> float | None:
        kept = self._between(lower, upper)
        count = sum(count for _, count in kept)
        return sum(value * count for value, count in kept) / count if count else None


def is_extended_statistic(name: str) -> bool:
    """Whether it is one that `Summary.statistic` knows beyond the five plain ones."""
    return name == "IQM" or bool(_PERCENTILE.match(name) or _TRIMMED.match(name))
