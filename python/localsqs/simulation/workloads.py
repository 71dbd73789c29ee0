"""When messages come, and to which group they belong.

Each workload has `chunks(rng, seconds)`: the instants of the messages, in seconds from the start, in order, as arrays
of float64, so that a day of millions never lies in memory at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["Bursts", "Constant", "DailyCurve", "Groups", "Poisson", "Trace", "Workload"]

_DAY_S = 86_400.0
# About how many messages a chunk holds.
_CHUNK = 50_000


class Workload(Protocol):
    """A stream of arrivals."""

    def chunks(self, rng: Any, seconds: float) -> Iterator[Any]:
        """Arrays of instants in [0, seconds), each shape (n,), in order."""

    def expected(self, seconds: float) -> float:
        """About how many messages come in this time."""


@dataclass(frozen=True)
class Constant:
    """A message every 1/rate seconds, the first at 0; `rate` is messages a second."""

    rate: float

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    def chunks(self, rng: Any, seconds: float) -> Iterator[Any]:
        count = math.ceil(self.expected(seconds))
        for first in range(0, count, _CHUNK):
            yield np.arange(first, min(first + _CHUNK, count)) / self.rate

    def expected(self, seconds: float) -> float:
        return seconds * self.rate


class _Varying:
    """Poisson arrivals whose rate changes with time: candidates at the peak rate, thinned out."""

    def rate_at(self, at: Any) -> Any:
        """Messages a second at each instant, shape (n,)."""
        raise NotImplementedError

    @property
    def peak(self) -> float:
        """The highest rate."""
        raise NotImplementedError

    def chunks(self, rng: Any, seconds: float) -> Iterator[Any]:
        peak = self.peak
        if peak <= 0:
            return
        span = max(_CHUNK / peak, seconds / 10_000)
        start = 0.0
        while start < seconds:
            end = min(start + span, seconds)
            at = np.sort(rng.uniform(start, end, rng.poisson(peak * (end - start))))
            kept = rng.uniform(0.0, peak, at.size) < self.rate_at(at)
            yield at[kept]
            start = end

    def expected(self, seconds: float) -> float:
        middle = (np.arange(10_000) + 0.5) * (seconds / 10_000)
        return float(np.mean(self.rate_at(middle)) * seconds)


@dataclass(frozen=True)
class Poisson(_Varying):
    """Independent arrivals, `rate` messages a second on average."""

    rate: float

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    def rate_at(self, at: Any) -> Any:
        return np.full(np.shape(at), self.rate)

    @property
    def peak(self) -> float:
        return self.rate


@dataclass(frozen=True)
class Bursts(_Varying):
    """Poisson arrivals at `rate`, and at `burst_rate` for `length` seconds out of every `every`, first at `first`."""

    rate: float
    burst_rate: float
    every: float = 3_600.0
    length: float = 60.0
    first: float = 0.0

    def __post_init__(self) -> None:
        _check_rate(self.rate)
        _check_rate(self.burst_rate)
        if not 0 < self.length <= self.every:
            raise ValueError(f"a burst needs 0 < length <= every, not {self.length} and {self.every}")

    def rate_at(self, at: Any) -> Any:
        since_first = np.asarray(at) - self.first
        in_burst = (since_first >= 0) & (since_first % self.every < self.length)
        return np.where(in_burst, self.burst_rate, self.rate)

    @property
    def peak(self) -> float:
        return max(self.rate, self.burst_rate)


@dataclass(frozen=True)
class DailyCurve(_Varying):
    """Poisson arrivals on a curve with one peak a day.

    Attributes:
        rate: The mean over the day, messages a second.
        peak_to_mean: The rate at the peak over the mean, from 1 to 2; the trough is as far below.
        peak_hour: The hour of the peak; the simulation starts at midnight.
    """

    rate: float
    peak_to_mean: float = 1.8
    peak_hour: float = 14.0

    def __post_init__(self) -> None:
        _check_rate(self.rate)
        if not 1 <= self.peak_to_mean <= 2:
            raise ValueError(f"peak_to_mean must be from 1 to 2, not {self.peak_to_mean}")

    def rate_at(self, at: Any) -> Any:
        phase = 2 * np.pi * (np.asarray(at) / _DAY_S - self.peak_hour / 24)
        return self.rate * (1 + (self.peak_to_mean - 1) * np.cos(phase))

    @property
    def peak(self) -> float:
        return self.rate * self.peak_to_mean


@dataclass(frozen=True)
class Trace:
    """Arrivals as they were recorded: seconds from the start of the recording, in order."""

    at: Sequence[float]

    def __post_init__(self) -> None:
        at = np.asarray(self.at, dtype=np.float64)
        if at.size and (at[0] < 0 or np.any(np.diff(at) < 0)):
            raise ValueError("a trace is instants in seconds from 0 on, in order")

    @classmethod
    def of(cls, history: Any, queue: str | None = None) -> Trace:
        """The sends of an `engine.history()`, from the first on."""
        sent = [event.at_ns for event in history.filter(queue=queue, kind="Sent")]
        return cls(tuple((at - sent[0]) / 1e9 for at in sent))

    def chunks(self, rng: Any, seconds: float) -> Iterator[Any]:
        at = np.asarray(self.at, dtype=np.float64)
        yield at[at < seconds]

    def expected(self, seconds: float) -> float:
        return float(np.searchsorted(np.asarray(self.at), seconds))


@dataclass(frozen=True)
class Groups:
    """Message groups.

    Attributes:
        count: How many.
        skew: 0: all groups get as much. s: the k-th busiest group gets a share in proportion to 1 / k**s (Zipf).
    """

    count: int
    skew: float = 0.0

    def __post_init__(self) -> None:
        if self.count < 1 or self.skew < 0:
            raise ValueError(f"groups need count >= 1 and skew >= 0, not {self.count} and {self.skew}")

    def shares(self) -> Any:
        """The share of each group, busiest first: float64, shape (count,), sum 1."""
        weights = np.arange(1, self.count + 1, dtype=np.float64) ** -self.skew
        return weights / weights.sum()

    def draw(self, rng: Any, count: int) -> Any:
        """The groups of `count` messages: int64 from 0 on, shape (count,)."""
        return np.searchsorted(np.cumsum(self.shares())[:-1], rng.uniform(size=count), side="right")


def _check_rate(rate: float) -> None:
    if not 0 <= rate < math.inf:
        raise ValueError(f"a rate is a number of messages a second, not {rate}")
