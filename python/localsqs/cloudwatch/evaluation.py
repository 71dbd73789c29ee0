"""From datapoints to the state of an alarm: M out of N, with data missing (around.md 3.4).

Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data". Pure: no clock, no alarm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["decide", "range_length"]

# A point of the evaluation range: whether it breaches the threshold, or None where there is no data.
Point = bool | None


def range_length(evaluation_periods: int) -> int:
    """Periods that are looked at: somewhat more than there must be."""
    return evaluation_periods + max(evaluation_periods // 3, 2)


def decide(points: Sequence[Point], n: int, m: int, missing: str) -> str | None:
    """The state that the points ask for.

    Args:
        points: Of the evaluation range, oldest first.
        n: EvaluationPeriods.
        m: DatapointsToAlarm.
        missing: "missing", "ignore", "breaching" or "notBreaching".

    Returns:
        "OK", "ALARM" or "INSUFFICIENT_DATA"; None: the state stays what it is.
    """
    real = [point for point in points if point is not None][-n:]
    if not real and missing in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if missing == "missing" else None
    breaching = sum(real)
    if missing == "breaching":
        breaching += n - len(real)
    if breaching >= m:
        return "ALARM"
    if missing in ("missing", "ignore") and len(real) < m and _early(points[-n:], m):
        return "ALARM" if missing == "missing" else None
    return "OK"


def _early(newest: Sequence[Point], m: int) -> bool:
    """Too few points, but what there is breaches, and has done so for long enough."""
    if False in newest or True not in newest:
        return False
    age = len(newest) - newest.index(True)  # The newest point is one period old.
    return age >= m
