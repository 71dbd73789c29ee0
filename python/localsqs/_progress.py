"""Progress bars for what lasts: in a terminal or a notebook, by tqdm, after the first second.

Nothing without tqdm, where standard error goes to a file, under pytest, and where LOCALSQS_PROGRESS is 0.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any

__all__ = ["Progress", "is_wanted"]

_DELAY_S = 1.0


def is_wanted() -> bool:
    """Whether somebody is there to see a bar."""
    if os.environ.get("LOCALSQS_PROGRESS") == "0" or "PYTEST_CURRENT_TEST" in os.environ:
        return False
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


class Progress:
    """A bar from 0 to `total`, gone at the end of the `with` block.

    Args:
        total: What `to` counts up to.
        what: The words in front of it.
        unit: What is counted.
        show: Whether to show it; None: if `is_wanted()`.
    """

    def __init__(self, total: float, what: str, unit: str, show: bool | None = None) -> None:
        self._bar = _bar(total, what, unit) if (is_wanted() if show is None else show) else None
        self._done = 0.0

    def to(self, done: float) -> None:
        """So much is done by now."""
        if self._bar is not None:
            self._bar.update(done - self._done)
            self._done = done

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(total: float, what: str, unit: str) -> Any:
    try:
        # tqdm.auto draws with ipywidgets where they are, and warns where they are not.
        if "ipykernel" in sys.modules and "ipywidgets" in sys.modules:
            from tqdm.auto import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=what, unit=unit, leave=False, delay=_DELAY_S, unit_scale=True)
