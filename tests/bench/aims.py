"""The table of what was aimed at and what was measured; each benchmark gives its rows."""

from __future__ import annotations

# What; "at most" or "at least"; the aim; how to print what was measured; that.
Aim = tuple[str, str, float, str, float]


def table_of(rows: list[Aim], missing: dict[str, str] | None = None) -> str:
    """Markdown. What is missing is named with its reason."""
    lines = ["| what | aim | measured | |", "|---|---:|---:|---|"]
    for what, side, aim, form, measured in rows:
        reached = measured <= aim if side == "at most" else measured >= aim
        shown = f"{aim:,g}" if aim < 1000 else f"{aim:,.0f}"
        lines.append(f"| {what} | {side} {shown} | {measured:{form}} | {'yes' if reached else '**no**'} |")
    lines += [f"| {name} | | missing: {reason} | |" for name, reason in (missing or {}).items()]
    return "\n".join(lines)
