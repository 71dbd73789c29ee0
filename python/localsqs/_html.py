"""Small tables for notebooks: what `_repr_html_` gives. No script, no style sheet, text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from localsqs.costs import Bill
    from localsqs.engine import Engine
    from localsqs.look import QueueState

__all__ = ["facts", "of_bill", "of_engine", "of_queues", "table"]

_TABLE = '<table style="border-collapse:collapse;font-size:90%">'
_CELL = "padding:2px 10px;border-bottom:1px solid #8884;"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "", note: str = "") -> str:
    """A table: numbers to the right, everything else to the left.

    Args:
        columns: The headings.
        rows: A value a column; numbers are written with thousands separators, None as a dash.
        caption: A line above.
        note: A line below.
    """
    body = [list(row) for row in rows]
    numeric = [
        bool(body) and all(_is_number(row[i]) for row in body if row[i] is not None) for i in range(len(columns))
    ]
    lines = [_TABLE]
    if caption:
        lines.append(f'<caption style="text-align:left;font-weight:bold;padding:4px 10px">{escape(caption)}</caption>')
    cells = "".join(_cell("th", name, numeric[i]) for i, name in enumerate(columns))
    lines.append(f"<thead><tr>{cells}</tr></thead><tbody>")
    for row in body:
        lines.append("<tr>" + "".join(_cell("td", text_of(value), numeric[i]) for i, value in enumerate(row)) + "</tr>")
    lines.append("</tbody></table>")
    if note:
        lines.append(f'<div style="font-size:85%;opacity:.7;padding:2px 10px">{escape(note)}</div>')
    return "".join(lines)


def facts(pairs: Iterable[tuple[str, object]], *, caption: str = "", note: str = "") -> str:
    """A table of names and values, without headings."""
    lines = [_TABLE]
    if caption:
        lines.append(f'<caption style="text-align:left;font-weight:bold;padding:4px 10px">{escape(caption)}</caption>')
    lines.append("<tbody>")
    for name, value in pairs:
        lines.append(f"<tr>{_cell('th', name, False)}{_cell('td', text_of(value), _is_number(value))}</tr>")
    lines.append("</tbody></table>")
    if note:
        lines.append(f'<div style="font-size:85%;opacity:.7;padding:2px 10px">{escape(note)}</div>')
    return "".join(lines)


def text_of(value: object) -> str:
    """A value as it stands in a table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cell(kind: str, text: str, right: bool) -> str:
    return f'<{kind} style="{_CELL}text-align:{"right" if right else "left"}">{escape(text)}</{kind}>'


# --- Objects of the package ------------------------------------------------------------------------------------------


def of_engine(engine: Engine) -> str:
    """An engine: its clock and its queues."""
    from localsqs import look

    states = look.queues(engine)
    caption = f"Engine: {type(engine.clock).__name__} at {engine.clock.now():%Y-%m-%d %H:%M:%S} UTC, seed {engine.seed}"
    if not states:
        return facts([("queues", 0)], caption=caption)
    return of_queues(states, caption=caption)


def of_queues(states: Sequence[QueueState], *, caption: str = "") -> str:
    """Queues, a row each."""
    columns = ("queue", "type", "visible", "in flight", "delayed", "dead letters to", "after receives")
    rows = [
        (
            state.name,
            "FIFO" if state.fifo else "standard",
            *(state.visible, state.in_flight, state.delayed),
            None if state.dead_letter_arn is None else state.dead_letter_arn.rpartition(":")[2],
            state.max_receive_count,
        )
        for state in states
    ]
    return table(columns, rows, caption=caption)


def of_bill(bill: Bill) -> str:
    """A bill: what was used, and what it costs."""
    usage = [(row.operation, row.queue_type, row.calls, row.requests) for row in bill.usage]
    charges = [(c.what, f"{c.quantity:,}", f"{c.usd_per_million:.2f}", f"{c.usd:f}") for c in bill.charges]
    charges.append(("total", "", "", f"{bill.total:f}"))
    return table(("operation", "queue type", "calls", "requests"), usage) + table(
        ("charge", "quantity", "USD a million", "USD"),
        charges,
        note=f"Prices: {bill.prices.region}, {bill.prices.source}.",
    )
