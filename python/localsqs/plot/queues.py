"""A queue over time: depth, age of the oldest message, throughput, retries."""

from __future__ import annotations

from typing import Any

import numpy as np

from localsqs.plot._lives import lives
from localsqs.plot._series import flow_of, gauges_of
from localsqs.plot._style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    STATE_COLOURS,
    STATE_NAMES,
    VERMILION,
    axes,
    count_axis,
    legend,
    time_unit,
)

__all__ = ["age", "depth", "retries", "throughput"]

_FLOW = {
    "sent": ("sent", BLUE, "-"),
    "received": ("received, each time", ORANGE, "-"),
    "deleted": ("handled", GREEN, "-"),
    "dead": ("to the dead-letter queue", VERMILION, "--"),
}


def depth(source: Any, queue: str | None = None, *, ax: Any = None) -> Any:
    """How many messages there were over time, by state, one upon the other.

    Args:
        source: An engine, its history, or the result of a simulation.
        queue: The name of a queue, for an engine with several; messages that moved to its dead-letter queue count as
            dead.
        ax: Axes to draw on; those of a new figure if None.

    Returns:
        The matplotlib Axes. Unit of x: seconds, minutes, hours or days, as the label says; of y: messages.
    """
    gauges = gauges_of(source, queue)
    ax = axes(ax, _title("Messages in the queue", queue))
    scale = _time_axis(ax, gauges.time, gauges.start)
    bottom = np.zeros(len(gauges.time))
    for state in ("in_flight", "visible", "delayed", "dead"):
        count = gauges.counts[state]
        if not count.any():
            continue
        top = bottom + count
        ax.fill_between(
            gauges.time / scale,
            bottom,
            top,
            step="post",
            color=STATE_COLOURS[state],
            label=STATE_NAMES[state],
            linewidth=0,
        )
        bottom = top
    ax.set_ylabel("messages")
    ax.set_ylim(bottom=0)
    count_axis(ax.yaxis)
    if bottom.any():
        legend(ax, reverse=True)
    return ax


def age(source: Any, queue: str | None = None, *, limit: float | None = None, ax: Any = None) -> Any:
    """The age of the oldest message that waits or is in flight, over time. Dead letters do not count.

    Args:
        source, queue, ax: As for `depth`.
        limit: An age in seconds to compare with, such as an alarm's threshold.

    Returns:
        The matplotlib Axes; x and y in the units that the labels say.
    """
    gauges = gauges_of(source, queue)
    ax = axes(ax, _title("Age of the oldest message", queue))
    scale = _time_axis(ax, gauges.time, gauges.start)
    length, name = time_unit(float(np.max(gauges.age, initial=0.0)))
    ax.plot(gauges.age_time / scale, gauges.age / length, color=BLUE, linewidth=1.4)
    ax.fill_between(gauges.age_time / scale, gauges.age / length, color=BLUE, alpha=0.12, linewidth=0)
    if limit is not None:
        ax.axhline(limit / length, color=VERMILION, linestyle="--", linewidth=1.2)
        ax.annotate(
            f"limit {limit:,g} s",
            (1.0, limit / length),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color=VERMILION,
        )
    ax.set_ylabel(f"age, {name}")
    ax.set_ylim(bottom=0)
    return ax


def throughput(source: Any, queue: str | None = None, *, bucket: float | None = None, ax: Any = None) -> Any:
    """Messages sent, received, handled and moved to the dead-letter queue, a second.

    Args:
        source, queue, ax: As for `depth`.
        bucket: Seconds over which a rate is taken; a round number that gives some 40 of them if None.

    Returns:
        The matplotlib Axes; y in messages a second.
    """
    flow = flow_of(source, queue, bucket)
    ax = axes(ax, _title("Throughput", queue))
    scale = _time_axis(ax, flow.time, flow.start)
    for name, rate in flow.rates.items():
        label, colour, line = _FLOW[name]
        ax.plot(flow.time / scale, rate, line, color=colour, label=label, linewidth=1.5, drawstyle="steps-post")
    ax.set_ylabel("messages a second")
    ax.set_ylim(bottom=0)
    legend(ax)
    return ax


def retries(source: Any, queue: str | None = None, *, ax: Any = None) -> Any:
    """How many messages were received how often, and what became of them.

    Args:
        source, queue, ax: As for `depth`. A simulation's result counts the messages that have a row of their own.

    Returns:
        The matplotlib Axes: bars, x in receives, y in messages.
    """
    counts, colours = _by_receives(source, queue)
    ax = axes(ax, _title("Messages by how often they were received", queue), (6.4, 3.2))
    most = max((len(column) for column in counts.values()), default=1)
    at, bottom = np.arange(most), np.zeros(most)
    for outcome, column in counts.items():
        heights = np.pad(column, (0, most - len(column)))
        if heights.any():
            ax.bar(at, heights, 0.7, bottom=bottom, color=colours[outcome], label=outcome)
            bottom += heights
    if most > 1 and not bottom[0]:  # The usual case: none was never received.
        ax.set_xlim(0.4, most - 0.4)
    for x, total in zip(at.tolist(), bottom.tolist(), strict=True):
        if total:
            ax.annotate(f"{total:,.0f}", (x, total), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=9)
    ax.set_xticks(at if most <= 15 else at[:: most // 10])
    ax.margins(y=0.12)
    count_axis(ax.yaxis)
    ax.grid(axis="x", visible=False)
    ax.set_xlabel("receives")
    ax.set_ylabel("messages")
    if bottom.any():
        legend(ax)
    return ax


def _by_receives(source: Any, queue: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Messages by number of receives (from 0 on), for each outcome."""
    colours = {"handled": GREEN, "dead-letter queue": VERMILION, "expired or purged": PURPLE, "still there": BLUE}
    messages = getattr(source, "messages", None)
    if messages is not None:
        handled = ~np.isnan(messages.done)
        return {
            "handled": np.bincount(messages.receives[handled]),
            "still there": np.bincount(messages.receives[~handled]),
        }, {**colours, "still there": VERMILION}
    of_outcome: dict[str, list[int]] = {outcome: [] for outcome in colours}
    for life in lives(source, queue):
        outcome = "still there" if life.end is None else "handled" if life.end == "deleted" else "expired or purged"
        of_outcome["dead-letter queue" if life.dead else outcome].append(len(life.received_ns))
    return {outcome: np.bincount(np.array(n, dtype=np.int64)) for outcome, n in of_outcome.items()}, colours


def _time_axis(ax: Any, time: Any, start: str) -> float:
    """Labels the x axis. Gives the length of its unit in seconds."""
    seconds = float(time[-1]) if len(time) else 0.0
    length, name = time_unit(seconds)
    ax.set_xlabel(f"{name} since {start}")
    ax.set_xlim(0, max(seconds / length, 1e-9))
    return length


def _title(what: str, queue: str | None) -> str:
    return what if queue is None else f"{what}: {queue}"
