"""What goes wrong with a message while it is handled.

A failure model has `begin(rng)`, which gives a `Judge` for one run: a function of the message's number, the second at
which its handling starts and the service time drawn for it. It says how long the handling takes and whether it fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Failure", "Flaky", "Judge", "Outage", "Poison", "SlowDependency"]

# (message number, start in seconds, service time in seconds) -> (service time, failed)
Judge = Callable[[int, float, float], tuple[float, bool]]

_BLOCK = 4_096


class Failure(Protocol):
    """A way to fail."""

    def begin(self, rng: Any) -> Judge:
        """The judge of one run."""


@dataclass(frozen=True)
class Poison:
    """A share of the messages that fail however often they are tried."""

    share: float

    def __post_init__(self) -> None:
        _check_share(self.share)

    def begin(self, rng: Any) -> Judge:
        salt, limit = int(rng.integers(2**63)) | 1, int(self.share * 2**64)

        # A hash of the number, so that a message stays what it is at every attempt, and nothing is stored.
        def judge(number: int, start: float, service: float) -> tuple[float, bool]:
            return service, _mixed(number * 0x9E3779B97F4A7C15 + salt) < limit

        return judge


@dataclass(frozen=True)
class Flaky:
    """Every attempt fails with this probability, whatever happened before."""

    share: float

    def __post_init__(self) -> None:
        _check_share(self.share)

    def begin(self, rng: Any) -> Judge:
        share = self.share
        drawn: list[float] = []

        def judge(number: int, start: float, service: float) -> tuple[float, bool]:
            if not drawn:
                drawn.extend(rng.uniform(size=_BLOCK).tolist())
            return service, drawn.pop() < share

        return judge


@dataclass(frozen=True)
class Outage:
    """What the handler needs is down: whatever is tried from second `start` to `end` fails.

    Attributes:
        fails_after: How long an attempt takes to fail, seconds; None: as long as it would have taken.
    """

    start: float
    end: float
    fails_after: float | None = None

    def __post_init__(self) -> None:
        _check_window(self.start, self.end)

    def begin(self, rng: Any) -> Judge:
        first, last, fails_after = self.start, self.end, self.fails_after

        def judge(number: int, start: float, service: float) -> tuple[float, bool]:
            if not first <= start < last:
                return service, False
            return (service if fails_after is None else fails_after), True

        return judge


@dataclass(frozen=True)
class SlowDependency:
    """From second `start` to `end` the handler takes `factor` times as long."""

    start: float
    end: float
    factor: float

    def __post_init__(self) -> None:
        _check_window(self.start, self.end)
        if not 0 < self.factor < math.inf:
            raise ValueError(f"factor must be above 0, not {self.factor}")

    def begin(self, rng: Any) -> Judge:
        first, last, factor = self.start, self.end, self.factor

        def judge(number: int, start: float, service: float) -> tuple[float, bool]:
            return (service * factor if first <= start < last else service), False

        return judge


def all_of(judges: list[Judge]) -> Judge:
    """One judge that asks all of them in turn: times follow from one another, one failure is enough."""
    if len(judges) == 1:
        return judges[0]

    def judge(number: int, start: float, service: float) -> tuple[float, bool]:
        failed = False
        for each in judges:
            service, fails = each(number, start, service)
            failed = failed or fails
        return service, failed

    return judge


def _mixed(value: int) -> int:
    """The finalizer of splitmix64: 64 bits that look random, the same for the same value."""
    value &= 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 31)


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"a share is from 0 to 1, not {share}")


def _check_window(start: float, end: float) -> None:
    if not 0 <= start <= end:
        raise ValueError(f"a window needs 0 <= start <= end in seconds, not {start} and {end}")
