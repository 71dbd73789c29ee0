"""How the pictures look: one palette, quiet axes, time in a unit that fits.

The colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), which colour-blind readers tell apart.
"""

from __future__ import annotations

from typing import Any

BLUE, ORANGE, GREEN, VERMILION, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#999999"

STATE_COLOURS = {"delayed": "#BBBBBB", "visible": BLUE, "in_flight": ORANGE, "dead": VERMILION}
STATE_NAMES = {"delayed": "delayed", "visible": "visible", "in_flight": "in flight", "dead": "in the dead-letter queue"}

_UNITS = (
    (86_400.0 * 3, 86_400.0, "days"),
    (3_600.0 * 3, 3_600.0, "hours"),
    (300.0, 60.0, "minutes"),
    (0.0, 1.0, "seconds"),
)


def axes(ax: Any, title: str, size: tuple[float, float] = (8.0, 3.2)) -> Any:
    """The axes that were given, or those of a new figure, made quiet."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.set_title(title, loc="left", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="#000000", alpha=0.08, linewidth=0.8)
    ax.set_axisbelow(True)
    return ax


def time_unit(seconds: float) -> tuple[float, str]:
    """A unit in which so many seconds read well: its length in seconds, and its name."""
    return next((length, name) for least, length, name in _UNITS if seconds >= least)


def count_axis(axis: Any) -> None:
    """Whole numbers with thousands separators."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def legend(ax: Any, handles: Any = None, **options: Any) -> None:
    """A legend beside the axes, where it covers nothing."""
    placed = {"loc": "upper left", "bbox_to_anchor": (1.005, 1.0), "frameon": False, "fontsize": 9, **options}
    if handles is None:
        ax.legend(**placed)
    else:
        ax.legend(handles=handles, **placed)


def short(text: str, length: int = 24) -> str:
    """A text that fits a label."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def lane_height(lanes: int) -> float:
    """The height of a picture with so many lanes, in inches."""
    return min(1.3 + 0.24 * max(lanes, 3), 9.0)
