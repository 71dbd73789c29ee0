"""What a pipe makes of a record: input templates and JSON paths (EventBridge User Guide, "Pipes input transformation").

    Template('{"order": <$.body.id>, "text": "from <$.body.name>"}').text(record)

`<$.path>` is replaced by the value there: inside a JSON string by its text, elsewhere by its JSON. A body that holds
JSON is looked into (`$.body.id`). What is not there is null, or no text inside a string [ours].

Reserved: `<aws.pipes.event.json>` and `<aws.pipes.event>`, the record as JSON; `<aws.pipes.source-arn>`,
`<aws.pipes.target-arn>`, `<aws.pipes.pipe-name>`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsqs.lambda_.event import Record

__all__ = ["MISSING", "Template", "at_path"]

CHARACTERS_MAX = 8_192
MISSING: Any = object()

_PLACEHOLDER = re.compile(r"<\s*(\$[^<>]*|aws\.pipes\.[a-z.-]+)\s*>")
_STEP = re.compile(r"""\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\['(?P<single>[^']*)'\]|\["(?P<double>[^"]*)"\]""")
_NAMES = ("event", "event.json", "source-arn", "target-arn", "pipe-name")


class Template:
    """An input template, checked when it is made.

    Args:
        text: As Pipes takes it: JSON, or plain text.
        constants: The values of `source-arn`, `target-arn` and `pipe-name`.

    Raises:
        ValueError: If it is longer than 8,192 characters, or names what does not exist.
    """

    def __init__(self, text: str, constants: Mapping[str, str] | None = None) -> None:
        if len(text) > CHARACTERS_MAX:
            raise ValueError(f"an input template has at most {CHARACTERS_MAX:,} characters, not {len(text):,}")
        self._constants = dict(constants or {})
        self._parts: list[str | tuple[str, bool]] = []  # Text, or (placeholder, whether it is inside a string).
        position, inside = 0, False
        for match in _PLACEHOLDER.finditer(text):
            before = text[position : match.start()]
            inside ^= _quotes(before) % 2 == 1
            self._parts += [before, (_checked(match[1].strip()), inside)]
            position = match.end()
        self._parts.append(text[position:])

    def text(self, record: Record) -> str:
        """What becomes of a record."""
        return "".join(part if isinstance(part, str) else self._replaced(*part, record) for part in self._parts)

    def value(self, record: Record) -> Any:
        """The same as a JSON value; text that is no JSON stays text."""
        text = self.text(record)
        try:
            return json.loads(text)
        except ValueError:
            return text

    def _replaced(self, name: str, inside: bool, record: Record) -> str:
        value = at_path(record, name) if name.startswith("$") else self._reserved(name, record)
        if not inside:
            return json.dumps(None if value is MISSING else _opened(value), ensure_ascii=False)
        if value is MISSING:
            return ""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return json.dumps(text, ensure_ascii=False)[1:-1]

    def _reserved(self, name: str, record: Record) -> Any:
        word = name.removeprefix("aws.pipes.")
        return record if word.startswith("event") else self._constants.get(word, "")


def at_path(record: Any, path: str) -> Any:
    """The value at a JSON path such as `$.body.items[0]['unit price']`, or MISSING.

    Text that holds JSON is looked into.

    Raises:
        ValueError: If it is no path of this kind.
    """
    value = record
    for step in _steps(path):
        value = _opened(value)
        in_dict = isinstance(value, dict) and step in value
        in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not in_dict and not in_list:
            return MISSING
        value = value[step]
    return value


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise ValueError(f"not a JSON path of the kind $.name.name[0]: {path!r}")
        index = match["index"]
        name = match["name"] or match["single"] or match["double"] or ""
        steps.append(int(index) if index is not None else name.strip())
        position = match.end()
    return steps


def _opened(value: Any) -> Any:
    """Text that holds a JSON object or list as that."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _quotes(text: str) -> int:
    """Double quotes that begin or end a JSON string."""
    return len(re.findall(r'"', re.sub(r"\\.", "", text)))


def _checked(name: str) -> str:
    if name.startswith("$"):
        _steps(name)
    elif name.removeprefix("aws.pipes.") not in _NAMES:
        raise ValueError(
            f"an input template has no <{name}>; there are <$.path> and <aws.pipes.{'>, <aws.pipes.'.join(_NAMES)}>"
        )
    return name
