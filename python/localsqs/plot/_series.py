"""Numbers over time, from a history or from a simulation's result, in one form for the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from localsqs.plot._lives import Life, lives

__all__ = ["Flow", "Gauges", "flow_of", "gauges_of"]

_BUCKETS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400)
_STATES = ("visible", "in_flight", "delayed", "dead")


@dataclass(frozen=True)
class Gauges:
    """The state of a queue: float64 arrays, shape (n,).

    Attributes:
        time: Seconds from the start, rising.
        counts: Messages by state; each value holds until the next instant.
        age_time, age: Age of the oldest message in seconds, and when; straight lines in between.
        start: What `time` counts from, in words.
    """

    time: Any
    counts: dict[str, Any]
    age_time: Any
    age: Any
    start: str


@dataclass(frozen=True)
class Flow:
    """What passed through a queue: messages a second, by what happened to them, a value a bucket of time."""

    time: Any
    rates: dict[str, Any]
    start: str


def gauges_of(source: Any, queue: str | None) -> Gauges:
    """Depth and age over time, of an engine, a history, or a simulation's result."""
    timeline = getattr(source, "timeline", None)
    if timeline is not None:
        counts = {state: getattr(timeline, state) for state in _STATES}
        return Gauges(timeline.time, counts, timeline.time, timeline.age_of_oldest, "the start")
    found = lives(source, queue)
    start_ns, end_ns = extent(found)
    edges = np.unique(np.array([start_ns, end_ns, *(at for life in found for at in _edges(life))], dtype=np.int64))
    counts = {state: _count(found, state, edges) for state in _STATES}
    time = (edges - start_ns) / 1e9
    return Gauges(time, counts, np.repeat(time, 2), _ages(found, edges), start_text(start_ns))


def flow_of(source: Any, queue: str | None, bucket: float | None) -> Flow:
    """Rates of what happened, in buckets of `bucket` seconds."""
    timeline = getattr(source, "timeline", None)
    if timeline is not None:
        return _flow_of_timeline(timeline, bucket)
    found = lives(source, queue)
    start_ns, end_ns = extent(found)
    seconds = max((end_ns - start_ns) / 1e9, 1e-9)
    bucket = bucket or _bucket(seconds)
    edges = np.arange(0.0, seconds + bucket, bucket)
    instants = {
        "sent": [life.sent_ns for life in found],
        "received": [at for life in found for at in life.received_ns],
        "deleted": [life.end_ns for life in found if life.end == "deleted"],
        "dead": [span.start_ns for life in found for span in life.spans if span.state == "dead"],
    }
    rates = {
        name: np.histogram((np.array(at, dtype=np.float64) - start_ns) / 1e9, edges)[0] / bucket
        for name, at in instants.items()
        if at or name != "dead"
    }
    return Flow(edges[:-1], rates, start_text(start_ns))


def extent(found: list[Life]) -> tuple[int, int]:
    """The first send and the last end."""
    if not found:
        return 0, 0
    return min(life.sent_ns for life in found), max(life.end_ns for life in found)


def start_text(start_ns: int) -> str:
    """When a history starts, in words."""
    from localsqs.clock import to_datetime

    return f"{to_datetime(start_ns):%Y-%m-%d %H:%M:%S} UTC"


def _flow_of_timeline(timeline: Any, bucket: float | None) -> Flow:
    time = timeline.time
    step = max(1, round((bucket or _bucket(float(time[-1]))) / (time[1] - time[0]))) if len(time) > 1 else 1
    at = time[::step]
    columns = {"sent": timeline.sent, "received": timeline.received, "deleted": timeline.done, "dead": timeline.dead}
    rates = {
        name: np.diff(column[::step]) / np.diff(at) for name, column in columns.items() if name != "dead" or column[-1]
    }
    return Flow(at[:-1], rates, "the start")


def _bucket(seconds: float) -> float:
    """A round length that gives some 40 buckets."""
    return float(next((length for length in _BUCKETS if length >= seconds / 40), _BUCKETS[-1]))


def _edges(life: Life) -> list[int]:
    return [at for span in life.spans for at in (span.start_ns, span.end_ns)]


def _count(found: list[Life], state: str, edges: Any) -> Any:
    """How many messages are in a state from each edge on."""
    spans = [span for life in found for span in life.spans if span.state == state]
    change = np.zeros(len(edges))
    np.add.at(change, np.searchsorted(edges, [span.start_ns for span in spans]), 1.0)
    np.add.at(change, np.searchsorted(edges, [span.end_ns for span in spans]), -1.0)
    count = np.cumsum(change)
    # What is there at the end of the history stays.
    if len(count) > 1:
        count[-1] = count[-2]
    return count


def _ages(found: list[Life], edges: Any) -> Any:
    """Age of the oldest message just before and at each edge, shape (2 * n,); dead letters do not count."""
    left = [_left(life) for life in found]
    by_age = sorted(range(len(found)), key=lambda i: found[i].sent_ns)
    ages = np.zeros((len(edges), 2))
    oldest = 0
    for row, edge in enumerate(edges.tolist()):
        for column, gone_by in enumerate((edge - 1, edge)):
            while oldest < len(by_age) and left[by_age[oldest]] <= gone_by:
                oldest += 1
            if oldest < len(by_age):
                ages[row, column] = max(edge - found[by_age[oldest]].sent_ns, 0) / 1e9
    # What is there at the end of the history stays.
    if len(edges):
        ages[-1, 1] = ages[-1, 0]
    return ages.reshape(-1)


def _left(life: Life) -> int:
    """When a message left its queue."""
    return next((span.start_ns for span in life.spans if span.state == "dead"), life.end_ns)
