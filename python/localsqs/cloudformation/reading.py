"""From the text of a template to plain values, with the line of each.

YAML is read as CloudFormation means it, not as YAML 1.1 does:

* `2012-10-17` is text, no date; `012345670` and `000000000000` are text, no octal numbers; `on`, `yes` and `1:30` are
  text. Numbers that would not be written the same again (`1.10`, `1e3`, `1_000`) stay text as well.
* A key that occurs twice is an error.
* `!Ref x` is {"Ref": x}, `!GetAtt a.b` is {"Fn::GetAtt": ["a", "b"]}, `!Sub x` is {"Fn::Sub": x}, and so on.

JSON is read with `json`, and needs no PyYAML. Lines are those of PyYAML, if it is there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from localsqs.cloudformation.errors import TemplateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from localsqs.cloudformation.errors import Path

__all__ = ["Document", "read_document"]

_BRACKETS_MAX = 300  # PyYAML takes seconds for a thousand, and then gives up.
_VALUES_MAX = 100_000  # Aliases make it easy to write a small text with a huge meaning.

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")

# A mapping in YAML may begin with a brace, too, but then it rarely goes on with a quote.
_LOOKS_LIKE_JSON = re.compile(r"\s*\{\s*[\"}]")

# Tags whose long form is not "Fn::" and the tag.
_TAGS_WITHOUT_PREFIX = ("Ref", "Condition")
_TAG = re.compile(
    "And|Base64|Cidr|Condition|Equals|FindInMap|GetAtt|GetAZs|If|ImportValue|Join|Length|Not|Or|Ref|Select|Split|Sub|"
    "ToJsonString|Transform"
)

_YAML_MISSING = (
    "reading a YAML template needs PyYAML, which is not installed: pip install 'localsqs[cloudformation]' "
    "(templates in JSON need nothing)"
)


@dataclass(frozen=True)
class Document:
    """What a text says, and on which line it says so.

    Attributes:
        body: Plain dicts, lists, strings, numbers, booleans, None.
        lines: The line, from 1, of each path that has one.
    """

    body: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int | None:
        """The line of a path, or of the nearest part around it that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def read_document(text: str) -> Document:
    """Reads a template in JSON, if it looks like that, or in YAML.

    Raises:
        TemplateError: If it is neither, with the line.
        ModuleNotFoundError: If it is YAML and PyYAML is missing.
    """
    text = text.removeprefix("\ufeff")
    if _LOOKS_LIKE_JSON.match(text):
        return _read_json(text)
    return _YamlReader().read(text)


# --- JSON ------------------------------------------------------------------------------------------------------------


def _read_json(text: str) -> Document:
    try:
        body = json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        where = f"(line {error.lineno}, column {error.colno})"
        message = f"Template format error: JSON not well-formed. {where}: {error.msg}"
        raise TemplateError(message, line=error.lineno) from None
    except RecursionError:
        raise TemplateError("Template format error: nested too deeply") from None
    return Document(body, _json_lines(text))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise TemplateError(f"Template format error: duplicate key {key!r}")
        members[key] = value
    return members


def _json_lines(text: str) -> dict[Path, int]:
    """JSON is YAML, but for tabs; those stand between values only. No lines where PyYAML is missing or disagrees."""
    try:
        return _YamlReader().read(text.replace("\t", " ")).lines
    except (ModuleNotFoundError, TemplateError):
        return {}


# --- YAML ------------------------------------------------------------------------------------------------------------


class _YamlReader:
    """Walks PyYAML's nodes, so that nothing is decided by YAML 1.1's rules for plain text."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {}
        self._open: set[int] = set()  # Nodes around the present one: an alias may lead back to them.
        self._count = 0

    def read(self, text: str) -> Document:
        yaml = _import_yaml()
        if _open_brackets(text) > _BRACKETS_MAX:
            raise TemplateError("Template format error: nested too deeply")
        try:
            # The safe loader makes no objects; the nodes are all that is taken from it.
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise _not_well_formed(error) from None
        except RecursionError:
            raise TemplateError("Template format error: nested too deeply") from None
        if node is None:
            return Document(None)
        return Document(self._value(node, ()), self._lines)

    def _value(self, node: Any, path: Path) -> Any:
        self._count += 1
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if self._count > _VALUES_MAX:
            raise TemplateError(f"Template format error: more than {_VALUES_MAX:,} values", path, line=line)
        if id(node) in self._open:
            raise TemplateError("Template format error: an alias that contains itself", path, line=line)
        self._open.add(id(node))
        try:
            return self._tagged(node, path) if node.tag.startswith("!") else self._untagged(node, path)
        except RecursionError:
            raise TemplateError("Template format error: nested too deeply", path, line=line) from None
        finally:
            self._open.discard(id(node))

    def _untagged(self, node: Any, path: Path) -> Any:
        if node.id == "mapping":
            return self._mapping(node, path)
        if node.id == "sequence":
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node, path)

    def _tagged(self, node: Any, path: Path) -> Any:
        name = node.tag[1:]
        if not _TAG.fullmatch(name):
            line = node.start_mark.line + 1
            raise TemplateError(f"Template format error: unknown tag !{name}", path, line=line)
        key = name if name in _TAGS_WITHOUT_PREFIX else f"Fn::{name}"
        inner = (*path, key)
        self._lines[inner] = node.start_mark.line + 1
        if node.id == "scalar":
            text = node.value
            return {key: text.split(".", 1) if name == "GetAtt" else text}
        return {key: self._untagged(node, inner)}

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key_node, value_node in self._pairs(node):
            line = key_node.start_mark.line + 1
            if key_node.id != "scalar":
                raise TemplateError("Template format error: a key must be text", path, line=line)
            key = key_node.value  # Its text, whatever it looks like: 000000000000, 2012-10-17, on.
            if key in members:
                raise TemplateError(f"Template format error: duplicate key {key!r}", (*path, key), line=line)
            at = (*path, key)
            self._lines[at] = line
            members[key] = self._value(value_node, at)
        return members

    def _pairs(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """The pairs of a mapping; those of its merges (`<<: *defaults`) only where it has none of that name itself."""
        own = [(key, value) for key, value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        yield from own
        taken = {key.value for key, _ in own if key.id == "scalar"}
        for key, merged in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                continue
            for mapping in merged.value if merged.id == "sequence" else [merged]:
                if mapping.id != "mapping" or mapping is node:
                    line = key.start_mark.line + 1
                    raise TemplateError("Template format error: << needs a mapping", line=line)
                for merged_key, value in mapping.value:
                    if merged_key.value not in taken:
                        taken.add(merged_key.value)
                        yield merged_key, value


def _scalar(node: Any, path: Path) -> Any:
    text: str = node.value
    if node.style is not None or node.tag == "tag:yaml.org,2002:str":  # Quoted, a block, or nothing but text.
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if str(int(text)) == text else text
    try:
        number = float(text)
    except ValueError:
        return text
    return number if repr(number) == text and number == number and abs(number) != float("inf") else text


def _open_brackets(text: str) -> int:
    """The most brackets that are open at a time, wherever they stand."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _not_well_formed(error: Any) -> TemplateError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or ""
    why = f": {problem}" if problem else ""
    if mark is None:
        return TemplateError(f"Template format error: YAML not well-formed.{why}")
    where = f"(line {mark.line + 1}, column {mark.column + 1})"
    return TemplateError(f"Template format error: YAML not well-formed. {where}{why}", line=mark.line + 1)


def _import_yaml() -> Any:
    try:
        import yaml
    except ModuleNotFoundError:
        raise ModuleNotFoundError(_YAML_MISSING, name="yaml") from None
    return yaml
