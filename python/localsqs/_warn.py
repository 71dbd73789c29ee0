"""Warnings that point at our caller's code."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]


def warn(text: str, category: type[Warning]) -> None:
    """As warnings.warn, at the innermost line that is not ours."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith("localsqs."):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)
