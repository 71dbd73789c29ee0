"""Numbers drawn from a distribution: service times, message sizes.

Each has `draw(rng, count)`, which gives an array of float64, shape (count,). The unit is the caller's: seconds for a
service time, bytes for a size. Anything else with that method will do as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["Distribution", "Empirical", "Exponential", "Fixed", "LogNormal"]

# The 99th percentile of the standard normal distribution.
_Z99 = 2.3263478740408408


class Distribution(Protocol):
    """What a service time or a size is drawn from."""

    def draw(self, rng: Any, count: int) -> Any:
        """An array of float64, shape (count,), from a numpy Generator."""


@dataclass(frozen=True)
class Fixed:
    """Always `value`."""

    value: float

    def __post_init__(self) -> None:
        _check_not_negative(value=self.value)

    def draw(self, rng: Any, count: int) -> Any:
        return np.full(count, float(self.value))


@dataclass(frozen=True)
class Exponential:
    """Memoryless, with this mean: the service times of M/M/1 and M/M/c."""

    mean: float

    def __post_init__(self) -> None:
        _check_not_negative(mean=self.mean)

    def draw(self, rng: Any, count: int) -> Any:
        return rng.exponential(self.mean, count)


@dataclass(frozen=True)
class LogNormal:
    """Near the median with a long tail, as service times mostly are: half lie below `median`, 99 % below `p99`."""

    median: float
    p99: float

    def __post_init__(self) -> None:
        if not 0 < self.median <= self.p99:
            raise ValueError(f"a LogNormal needs 0 < median <= p99, not {self.median} and {self.p99}")

    def draw(self, rng: Any, count: int) -> Any:
        sigma = math.log(self.p99 / self.median) / _Z99
        return rng.lognormal(math.log(self.median), sigma, count)


@dataclass(frozen=True)
class Empirical:
    """Drawn from measured values, each as likely as the other."""

    values: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.values) == 0:
            raise ValueError("an Empirical needs values to draw from")
        _check_not_negative(values=min(self.values))

    def draw(self, rng: Any, count: int) -> Any:
        return rng.choice(np.asarray(self.values, dtype=np.float64), count)


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a number from 0 on, not {value}")
