"""Calls the handler of awkward.py that the event names, so that one process serves many."""

from __future__ import annotations

from typing import Any

import awkward


def handler(event: Any, context: Any) -> Any:
    return getattr(awkward, event["handler"])(event, context)
