"""What a sweep shows: configurations between how long messages wait, what they cost, and how often they come twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from localsqs.plot._style import axes

__all__ = ["tradeoff"]

_LABELS = {
    "age_of_oldest_p99_s": "age of the oldest message, p99, seconds",
    "age_of_oldest_max_s": "age of the oldest message, most, seconds",
    "usd_per_million": "USD for a million messages handled",
    "duplicates": "messages handled twice",
    "latency_p99_s": "send to handled, p99, seconds",
    "wait_p99_s": "send to receive, p99, seconds",
    "dead": "messages in the dead-letter queue",
}
_NAMES_MAX = 3
_CLOSE_PIXELS = 16.0


def tradeoff(
    table: Any,
    x: str = "age_of_oldest_p99_s",
    y: str = "usd_per_million",
    colour: str = "duplicates",
    *,
    label: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """A sweep's configurations as points, and the line of those that no other beats in both x and y.

    Args:
        table: What `simulation.sweep` gave.
        x, y: Columns, less being better in both.
        colour: A column for the colour.
        label: Columns that name a point; the parameters that differ if None. Points that lie together share a place
            for their names, from left to right; where there is no room some are left out.
        ax: Axes to draw on; those of a new figure if None.

    Returns:
        The matplotlib Axes. An axis whose values span more than a factor of 30 is logarithmic.
    """
    columns = list(label) if label is not None else _parameters(table)
    words = " / ".join(column.rpartition(".")[2].replace("_", " ") for column in columns)
    ax = axes(ax, f"Configurations, by {words}" if columns else "Configurations", (7.6, 4.6))
    xs, ys, colours = (table[name].to_numpy(dtype=np.float64) for name in (x, y, colour))
    best = _front(xs, ys)
    ax.step(xs[best], ys[best], where="post", color="#000000", alpha=0.35, linewidth=1.0, zorder=1)
    points = ax.scatter(xs, ys, c=colours, cmap="cividis_r", s=58, edgecolors="#333333", linewidths=0.6, zorder=3)
    ax.margins(0.1)
    ax.figure.colorbar(points, ax=ax, label=_LABELS.get(colour, colour), pad=0.02)
    for axis, name, values in ((ax.xaxis, x, xs), (ax.yaxis, y, ys)):
        axis.set_label_text(_LABELS.get(name, name))
        _scale(axis, values)
    _name_points(ax, xs, ys, _names(table, columns), best)
    return ax


def _name_points(ax: Any, xs: Any, ys: Any, names: list[str], best: list[int]) -> None:
    """Names beside points, from left to right where several lie close together. A name that would lie on another is
    left out, but none of points on the line if it can be helped: they come first."""
    ax.figure.canvas.draw()
    pixels = ax.transData.transform(np.column_stack([xs, ys]))
    taken: list[Any] = []
    for cluster in _clusters(pixels, best):
        listed = sorted(cluster, key=lambda i: xs[i])
        words = "\n".join(names[i] for i in listed[:_NAMES_MAX]) + ("\n…" if len(listed) > _NAMES_MAX else "")
        text = ax.annotate(
            words, (xs[listed[-1]], ys[listed[-1]]), xytext=(6, -2), textcoords="offset points", fontsize=7.5, va="top"
        )
        box = text.get_window_extent()
        if any(box.overlaps(other) for other in taken):
            text.remove()
        else:
            taken.append(box)


def _clusters(pixels: Any, best: list[int]) -> list[list[int]]:
    """Points that lie closer than their markers are wide, together; those with a point of the line first."""
    clusters: list[list[int]] = []
    for i in [*best, *(i for i in range(len(pixels)) if i not in best)]:
        near = (c for c in clusters if min(np.hypot(*(pixels[i] - pixels[j])) for j in c) < _CLOSE_PIXELS)
        cluster = next(near, None)
        if cluster is None:
            clusters.append([i])
        else:
            cluster.append(i)
    return clusters


def _front(xs: Any, ys: Any) -> list[int]:
    """The points that no other beats in both, by x."""
    best: list[int] = []
    for i in np.lexsort((ys, xs)).tolist():
        if not best or ys[i] < ys[best[-1]]:
            best.append(i)
    return best


def _scale(axis: Any, values: Any) -> None:
    positive = values[values > 0]
    if len(positive) == len(values) > 0 and values.max() > 30 * values.min():
        axis._set_axes_scale("log")


def _parameters(table: Any) -> list[str]:
    """The columns before the summary that are not the same in all rows."""
    names = list(table.columns[: list(table.columns).index("sent")]) if "sent" in table.columns else []
    return [name for name in names if table[name].nunique() > 1]


def _names(table: Any, columns: list[str]) -> list[str]:
    rows = zip(*(table[column].tolist() for column in columns), strict=True) if columns else [()] * len(table)
    return [" / ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in row) for row in rows]
