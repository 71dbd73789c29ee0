"""What the demo prints: lines with a time in front, a progress bar and colours where a terminal shows them.

Plain text where output is no terminal, so that it can be piped, kept and compared. NO_COLOR (https://no-color.org)
switches the colours off, not the bar.
"""

from __future__ import annotations

import os
import shutil
import time
from typing import TextIO

_BOLD, _DIM, _RED, _GREEN = "1", "2", "31", "32"

_BAR_WIDTH = 30
_REDRAW_SECONDS = 0.03


class Screen:
    """Writes to `stream`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._is_terminal = stream.isatty()
        self._colours = self._is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._bar_is_shown = False
        self._drawn_at = 0.0

    def title(self, text: str) -> None:
        self._write(f"{self._in(_BOLD, text)}\n")

    def heading(self, text: str) -> None:
        self._write(f"\n{self._in(_BOLD, text)}")

    def line(self, when: str, text: str) -> None:
        """Something that happened, and when in engine time."""
        self._write(f"{self._in(_DIM, when)}  {text}")

    def detail(self, text: str) -> None:
        """More about the line before."""
        self._write(f"{'':12}    {text}")

    def compared(self, what: str, expected: str, found: str, source: str, *, agrees: bool) -> None:
        verdict = self._in(_GREEN, "ok") if agrees else self._in(_RED, "WRONG")
        self._write(f"  {what:<25}{expected if what else '':>6}  {found:>6}  {source:<30}{verdict}")

    def fact(self, name: str, text: str) -> None:
        self._write(f"  {name:<14}{text}")

    def code(self, command: str, comment: str) -> None:
        note = self._in(_DIM, f"# {comment}") if comment else ""
        self._write(f"  {command:<49}  {note}".rstrip())

    def progress(self, verb: str, done: int, total: int) -> None:
        """Draws the bar, at most some thirty times a second. Nothing where output is no terminal."""
        now = time.perf_counter()
        if not self._is_terminal or (now - self._drawn_at < _REDRAW_SECONDS and done < total):
            return
        self._drawn_at = now
        filled = _BAR_WIDTH * done // total
        bar = f"[{'#' * filled}{'-' * (_BAR_WIDTH - filled)}] {done:,} of {total:,} {verb}"
        self._stream.write(f"\r\x1b[K{bar[: shutil.get_terminal_size().columns - 1]}")
        self._stream.flush()
        self._bar_is_shown = True

    def end_progress(self) -> None:
        if self._bar_is_shown:
            self._stream.write("\r\x1b[K")
            self._bar_is_shown = False

    def _write(self, text: str) -> None:
        self.end_progress()
        # A terminal that cannot show a letter gets a question mark, not an exception.
        self._stream.write(f"{text}\n".encode(self._encoding, "replace").decode(self._encoding))
        self._stream.flush()

    def _in(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colours else text
