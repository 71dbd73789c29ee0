"""Lanes: a row a message, a FIFO group, or a consumer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localsqs.plot._lives import Life, lives
from localsqs.plot._series import extent, start_text
from localsqs.plot._style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    STATE_COLOURS,
    STATE_NAMES,
    VERMILION,
    axes,
    lane_height,
    legend,
    short,
    time_unit,
)

__all__ = ["consumers", "groups", "messages"]

# By what a row says of failure.
_OUTCOMES: dict[bool | str, tuple[str, str]] = {
    False: ("handled", GREEN),
    "in part": ("failed in part", ORANGE),
    True: ("failed", VERMILION),
}
_ENDS = {
    "deleted": ("deleted", "o", GREEN),
    "expired": ("expired", "X", PURPLE),
    "purged": ("purged", "s", PURPLE),
    "redriven": ("redriven", "<", BLUE),
}


def messages(source: Any, queue: str | None = None, *, limit: int = 40, ax: Any = None) -> Any:
    """The lives of messages, a row each: delayed, visible, in flight, dead, and how each ended.

    Args:
        source: An engine, its history, or the result of a simulation that kept one.
        queue: The name of a queue, for an engine with several.
        limit: How many messages to show, the first ones.
        ax: Axes to draw on; those of a new figure if None.

    Returns:
        The matplotlib Axes; x in seconds, minutes, hours or days, as the label says.
    """
    found = lives(source, queue)
    shown = found[:limit]
    ax = axes(ax, _titled("The lives of messages", queue, len(shown), len(found)), (8.5, lane_height(len(shown))))
    start, scale = _time_axis(ax, shown)
    for row, life in enumerate(shown):
        _bars(ax, row, life, start, scale)
        if life.end is not None:
            _, marker, colour = _ENDS[life.end]
            x = (life.end_ns - start) / scale
            ax.plot(x, row, marker, color=colour, markersize=7, markeredgecolor="white", clip_on=False, zorder=4)
    _rows(ax, [short(life.body or life.message_id[:8], 22) for life in shown])
    _legend_of_lives(ax, shown)
    return ax


def groups(source: Any, queue: str | None = None, *, limit: int = 30, ax: Any = None) -> Any:
    """Message groups as lanes: above the line what waits, on it what is in flight, which locks the group.

    Args:
        source, queue, ax: As for `messages`.
        limit: How many groups to show, the first ones.

    Returns:
        The matplotlib Axes.
    """
    found = [life for life in lives(source, queue) if life.group is not None]
    names = list(dict.fromkeys(life.group for life in found))
    shown = [life for life in found if life.group in names[:limit]]
    ax = axes(ax, _titled("Message groups", queue, min(limit, len(names)), len(names)), (8.5, lane_height(len(names))))
    start, scale = _time_axis(ax, shown)
    for life in shown:
        lane = names.index(life.group)
        for span in life.spans:
            x, width = (span.start_ns - start) / scale, (span.end_ns - span.start_ns) / scale
            if span.state == "in_flight":
                ax.barh(
                    lane + 0.12, width, 0.5, left=x, color=STATE_COLOURS["in_flight"], edgecolor="white", linewidth=0.6
                )
            elif span.state in ("visible", "delayed"):
                # Several wait at once: the darker, the more.
                ax.barh(lane - 0.27, width, 0.2, left=x, color=STATE_COLOURS["visible"], alpha=0.3, linewidth=0)
            else:
                ax.plot(x, lane + 0.12, "X", color=VERMILION, markersize=8, markeredgecolor="white", zorder=4)
    _rows(ax, [short(str(name)) for name in names[:limit]])
    _legend_of_groups(ax, any(life.dead for life in shown))
    return ax


def consumers(source: Any, *, limit: int = 30, ax: Any = None) -> Any:
    """Consumers as lanes: what each worked on, and how it ended.

    Args:
        source: The result of a simulation that kept attempts (`attempt_limit`), a mapping or a run report with
            `invocations`, or rows of (consumer, start, end, label, failed): instants in seconds, `failed` False, True
            or "in part".
        limit: How many consumers to show.
        ax: Axes to draw on; those of a new figure if None.

    Returns:
        The matplotlib Axes.
    """
    rows = _attempts(source)
    names = sorted({row[0] for row in rows})
    lanes = {name: lane for lane, name in enumerate(names[:limit])}
    ax = axes(
        ax,
        _titled("Consumers and the batches or messages they handled", None, len(lanes), len(names)),
        (8.5, lane_height(len(lanes))),
    )
    first = min((row[1] for row in rows), default=0.0)
    last = max((row[2] for row in rows), default=1.0)
    scale, unit = time_unit(last - first)
    for name, start, end, label, failed in rows:
        if name not in lanes:
            continue
        # What took no time is shown all the same.
        x, width = (start - first) / scale, max(end - start, 0.004 * (last - first)) / scale
        colour = _OUTCOMES[failed][1]
        ax.barh(lanes[name], width, 0.66, left=x, color=colour, edgecolor="white", linewidth=0.6)
        if label is not None and (end - start) > (last - first) * 0.012 * max(len(str(label)), 1):
            ax.text(x + width / 2, lanes[name], str(label), ha="center", va="center", fontsize=7.5, color="white")
    ax.set_xlabel(f"{unit} since the first")
    ax.set_xlim(0, 1.01 * (last - first) / scale)
    _rows(ax, [f"consumer {name}" if isinstance(name, int) else short(str(name)) for name in lanes])
    _legend_of_attempts(ax, [failed for name, *_, failed in rows if name in lanes])
    return ax


# --- Rows of a source ------------------------------------------------------------------------------------------------


def _attempts(source: Any) -> list[tuple[Any, float, float, Any, bool | str]]:
    attempts = getattr(source, "attempts", None)
    if attempts is not None:
        if not attempts:
            raise ValueError("the run kept no attempts: run(..., attempt_limit=1_000)")
        return list(attempts)
    invocations = getattr(source, "invocations", None)
    if invocations is not None:
        return _lanes_of([_invocation_row(invocation) for invocation in invocations])
    if isinstance(source, Sequence):
        return [tuple(row) for row in source]
    raise TypeError(f"a result, a mapping, a report or rows are needed, not {type(source).__name__}")


def _invocation_row(invocation: Any) -> tuple[float, float, str, bool | str]:
    end_ns = invocation.started_ns if invocation.ended_ns is None else invocation.ended_ns
    outcomes: dict[str, bool | str] = {"ok": False, "partial": "in part"}
    failed = outcomes.get(invocation.status, True)
    return invocation.started_ns / 1e9, end_ns / 1e9, str(len(invocation.message_ids)), failed


def _lanes_of(rows: list[tuple[float, float, str, bool | str]]) -> list[tuple[Any, float, float, Any, bool | str]]:
    """Gives each the first lane that is free when it starts: as many lanes as ran at once."""
    free_at: list[float] = []
    placed = []
    for start, end, label, failed in sorted(rows, key=lambda row: row[:2]):
        lane = next((i for i, at in enumerate(free_at) if at <= start), len(free_at))
        if lane == len(free_at):
            free_at.append(end)
        free_at[lane] = end
        placed.append((lane, start, end, label, failed))
    return placed


# --- Drawing ---------------------------------------------------------------------------------------------------------


def _bars(ax: Any, row: int, life: Life, start: int, scale: float) -> None:
    for span in life.spans:
        ax.barh(
            row,
            (span.end_ns - span.start_ns) / scale,
            0.62 if span.state == "in_flight" else 0.34,
            left=(span.start_ns - start) / scale,
            color=STATE_COLOURS[span.state],
            edgecolor="white",
            linewidth=0.6,
        )


def _time_axis(ax: Any, shown: list[Life]) -> tuple[int, float]:
    """Labels the x axis. Gives its start and the length of its unit, both in nanoseconds."""
    start, end = extent(shown)
    length, name = time_unit((end - start) / 1e9)
    ax.set_xlabel(f"{name} since {start_text(start)}")
    ax.set_xlim(0, max((end - start) / 1e9 / length, 1e-9))
    return start, length * 1e9


def _rows(ax: Any, labels: list[str]) -> None:
    ax.set_yticks(range(len(labels)), labels, fontsize=8 if len(labels) <= 25 else 6.5)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)


def _titled(what: str, queue: str | None, shown: int, all_of_them: int) -> str:
    title = what if queue is None else f"{what}: {queue}"
    return title if shown == all_of_them else f"{title} (the first {shown:,} of {all_of_them:,})"


def _legend_of_lives(ax: Any, shown: list[Life]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    present = {span.state for life in shown for span in life.spans}
    handles: list[Any] = [Patch(color=STATE_COLOURS[s], label=STATE_NAMES[s]) for s in STATE_COLOURS if s in present]
    for end in dict.fromkeys(life.end for life in shown if life.end):
        label, marker, colour = _ENDS[end]
        handles.append(Line2D([], [], marker=marker, color=colour, linestyle="", label=label, markersize=7))
    legend(ax, handles)


def _legend_of_groups(ax: Any, dead: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(color=STATE_COLOURS["visible"], alpha=0.5, label="waiting (darker: more)"),
        Patch(color=STATE_COLOURS["in_flight"], label="in flight: group locked"),
    ]
    if dead:
        handles.append(
            Line2D([], [], marker="X", color=VERMILION, linestyle="", label="moved to the\ndead-letter queue")
        )
    legend(ax, handles)


def _legend_of_attempts(ax: Any, outcomes: list[bool | str]) -> None:
    from matplotlib.patches import Patch

    shown = [_OUTCOMES[outcome] for outcome in _OUTCOMES if outcome in outcomes]
    legend(ax, [Patch(color=colour, label=label) for label, colour in shown])
