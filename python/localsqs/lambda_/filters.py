"""Filter criteria of a mapping: which messages reach the function. The others are deleted at once.

`body` is compared as JSON when both sides are JSON (shared/spec/around.md, 1.6):

    body                pattern for "body"           result
    text                ["x", {"prefix": "y"}]       compared as text
    text                {"key": [...]}               no match
    a JSON object       ["x"]                        no match
    a JSON object       {"key": [...]}               compared as JSON
    any                 none                         the body does not matter

A body that is a JSON scalar or array counts as text. The parsed body is for looking only: the function gets the text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.patterns import Leaf, Node, Pattern, PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localsqs.lambda_.event import Record

__all__ = ["Filters", "PatternError", "other_keys"]

# Added by the poller after filtering: no pattern sees them.
_ADDED = frozenset({"eventSource", "eventSourceARN", "awsRegion"})


class Filters:
    """Some patterns, one of which must match.

    Args:
        patterns: Their JSON texts.

    Raises:
        PatternError: If one is invalid.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = [compile_pattern(text) for text in patterns]

    def matches(self, record: Record) -> bool:
        """Whether a record is for the function."""
        return any(_matches(pattern, record) for pattern in self.patterns)


def other_keys(patterns: Sequence[Pattern]) -> list[str]:
    """Keys of a record beside `body` that the patterns ask for: the documentation supports none of them."""
    return sorted({key for pattern in patterns for key in pattern.keys if key != "body"})


def _matches(pattern: Pattern, record: Record) -> bool:
    body = record["body"]
    parsed = _object_in(body)
    part = pattern.part("body")
    if parsed is None and isinstance(part, Node):
        return False
    if parsed is None and isinstance(part, Leaf) and len(pattern.keys) == 1:
        return part.matches_value(body)
    event: dict[str, Any] = {key: value for key, value in record.items() if key not in _ADDED}
    event["body"] = body if parsed is None else parsed
    return pattern.matches(event)


def _object_in(body: str) -> dict[str, Any] | None:
    if not body.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
