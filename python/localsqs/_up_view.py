"""How `localsqs up` shows a session: lines where output is no terminal, a live view (rich) where it is."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import TextIO

    from localsqs._up_session import News, QueueRow, Snapshot

__all__ = ["LiveView", "PlainView", "View", "make_view"]

_NEWS_SHOWN = 10
_DETAIL_LINES_SHOWN = 12


class View(Protocol):
    """A context manager that shows one session."""

    def __enter__(self) -> View: ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, news: Iterable[News], snapshot: Snapshot) -> None:
        """What has happened, and how it stands now."""


def make_view(stream: TextIO, *, plain: bool = False) -> View:
    """The live view if the stream is a terminal and rich is there, and lines otherwise."""
    if plain or not stream.isatty() or os.environ.get("TERM") == "dumb":
        return PlainView(stream)
    try:
        return LiveView(stream)
    except ModuleNotFoundError:
        stream.write("(a live view needs rich: pip install 'localsqs[up]')\n")
        return PlainView(stream)


class PlainView:
    """A line for each thing that happens, and one for the queues when they have changed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._queues = ""

    def __enter__(self) -> PlainView:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def show(self, news: Iterable[News], snapshot: Snapshot) -> None:
        for each in news:
            self._write(f"{_time(each.at)}  {each.text}")
            for line in each.detail.splitlines():
                self._write(f"          {line}")
        queues = "; ".join(_queue_text(queue) for queue in snapshot.queues)
        if queues != self._queues:
            self._queues = queues
            self._write(f"{_time(snapshot.at)}  {queues}")

    def _write(self, text: str) -> None:
        self._stream.write(f"{text}\n".encode(self._encoding, "replace").decode(self._encoding))
        self._stream.flush()


def _queue_text(queue: QueueRow) -> str:
    """Without ages: they change all the time."""
    parts = [f"{count} {name}" for count, name in _counts(queue) if count or name == "visible"]
    return f"{queue.name}: {', '.join(parts)}"


def _counts(queue: QueueRow) -> list[tuple[int, str]]:
    return [(queue.visible, "visible"), (queue.in_flight, "in flight"), (queue.delayed, "delayed")]


def _time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S}"


class LiveView:
    """Tables that are drawn again and again. What functions write scrolls above them.

    Raises:
        ModuleNotFoundError: If rich is missing.
    """

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=stream)
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="ellipsis")
        self._news: deque[News] = deque(maxlen=_NEWS_SHOWN)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, news: Iterable[News], snapshot: Snapshot) -> None:
        self._news.extend(news)
        self._live.update(self._picture(snapshot), refresh=True)

    def _picture(self, snapshot: Snapshot) -> Any:
        from rich.console import Group

        parts = [_queue_table(snapshot)]
        if snapshot.functions:
            parts.append(_function_table(snapshot))
        if snapshot.alarms:
            parts.append(_alarm_table(snapshot))
        return Group(*parts, _news_table(self._news))


def _table(*columns: str, title: str = "") -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    return table


def _queue_table(snapshot: Snapshot) -> Any:
    table = _table("Queue", "visible", "in flight", "delayed", "oldest")
    for queue in snapshot.queues:
        style = "red" if queue.holds_dead_letters and any(count for count, _ in _counts(queue)) else None
        name = _plain(f"{queue.name} (dead letters)" if queue.holds_dead_letters else queue.name)
        counts = [f"{count:,}" if count else "-" for count, _ in _counts(queue)]
        table.add_row(name, *counts, _age(queue.oldest_s), style=style)
    return table


def _function_table(snapshot: Snapshot) -> Any:
    table = _table("Function", "queue", "invocations", "failed", "running", "last")
    for row in snapshot.functions:
        counts = (f"{row.invocations:,}", f"{row.failures:,}", f"{row.in_progress:,}")
        style = None if row.last in ("ok", "running", "") else "yellow"
        table.add_row(_plain(row.name), _plain(row.queue), *counts, row.last, style=style)
    return table


def _alarm_table(snapshot: Snapshot) -> Any:
    table = _table("Alarm", "state", "since")
    styles = {"ALARM": "bold red", "OK": "green"}
    for row in snapshot.alarms:
        since = _time(row.since) if row.since else ""
        table.add_row(_plain(row.name), row.state, since, style=styles.get(row.state, "dim"))
    return table


def _news_table(news: Iterable[News]) -> Any:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for each in news:
        lines = each.detail.splitlines()
        if len(lines) > _DETAIL_LINES_SHOWN:
            lines = ["...", *lines[-_DETAIL_LINES_SHOWN:]]
        style = "red" if each.is_bad else None
        table.add_row(_time(each.at), _plain("\n".join([each.text, *lines])), style=style)
    return table


def _plain(text: str) -> Any:
    """Text whose brackets are no markup."""
    from rich.text import Text

    return Text(text)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
