"""The commands of a scenario: their grammar (tests/scenarios/README.md), and parameters in the types of boto3."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

INTEGERS = frozenset(
    {
        "DelaySeconds",
        "MaxNumberOfMessages",
        "MaxNumberOfMessagesPerSecond",
        "MaxResults",
        "VisibilityTimeout",
        "WaitTimeSeconds",
    }
)
BLOBS = frozenset({"BinaryValue", "BinaryListValues"})
STRING_MAPS = frozenset({"Attributes", "Tags", "tags"})


class ScenarioError(Exception):
    """A scenario that breaks the format."""


# What a command is made of: bytes, since a scenario may write what is no text; lists; maps.
Value = Any


@dataclass
class Command:
    verb: str
    words: list[str] = field(default_factory=list)
    parameters: dict[str, Value] = field(default_factory=dict)


Variables = Callable[[str], "str | None"]


class CommandParser:
    """One command line -> its words and parameters."""

    ENDS_WORD = " \t\n}]"

    def __init__(self, line: str, variables: Variables) -> None:
        self.line = line
        self.variables = variables
        self.at = 0

    def parse(self) -> Command:
        command = Command(self._unquoted().decode())
        while self._skip_space():
            if self._at_assignment():
                self._assignment(command.parameters)
            else:
                command.words.append(text_of(self._leaf()))
        return command

    def _fail(self, what: str) -> ScenarioError:
        return ScenarioError(f"{what} at column {self.at + 1} of: {self.line}")

    def _peek(self) -> str:
        return self.line[self.at] if self.at < len(self.line) else ""

    def _ends_word(self) -> bool:
        return self._peek() == "" or self._peek() in self.ENDS_WORD

    def _skip_space(self) -> bool:
        while self._peek() and self._peek() in " \t\n":
            self.at += 1
        return self._peek() != ""

    def _expect(self, char: str) -> None:
        if self._peek() != char:
            raise self._fail(f"expected {char}")
        self.at += 1

    def _at_assignment(self) -> bool:
        """Does a name followed by = { or [ stand here?"""
        return re.compile(r'("(\\.|[^"\\])*"|[^\s}\]={\[$\'"]+)[={\[]').match(self.line, self.at) is not None

    def _assignment(self, parameters: dict[str, Value]) -> None:
        if self._peek() == '"':
            path: list[str | int] = [self._quoted().decode()]
        else:
            start = self.at
            while self._peek() not in ("=", "{", "["):
                self.at += 1
            path = [int(part) if part.isdigit() else part for part in self.line[start : self.at].split(".")]
        if self._peek() == "=":
            self.at += 1
        put(parameters, path, self._any())

    def _any(self) -> Value:
        if self._peek() == "{":
            return self._map()
        if self._peek() == "[":
            return self._list()
        return self._leaf()

    def _map(self) -> dict[str, Value]:
        values: dict[str, Value] = {}
        self._expect("{")
        while self._skip_space() and self._peek() != "}":
            if not self._at_assignment():
                raise self._fail("expected name=value")
            self._assignment(values)
        self._expect("}")
        return values

    def _list(self) -> list[Value]:
        values = []
        self._expect("[")
        while self._skip_space() and self._peek() != "]":
            values.append(self._any())
        self._expect("]")
        return values

    def _leaf(self) -> bytes:
        if self._peek() == '"':
            return self._quoted()
        if self._peek() == "'":
            end = self.line.index("'", self.at + 1)
            text = self.line[self.at + 1 : end]
            self.at = end + 1
            return text.encode()
        return self._unquoted()

    def _unquoted(self) -> bytes:
        text = b""
        first = True
        while not self._ends_word():
            if self.line.startswith("${", self.at):
                text += self._braced()
            elif self._peek() == "$" and first:
                start = self.at + 1
                while not self._ends_word():
                    self.at += 1
                text += self._variable(self.line[start : self.at])
            else:
                text += self._peek().encode()
                self.at += 1
            first = False
        return text

    def _quoted(self) -> bytes:
        text = b""
        self._expect('"')
        while self._peek() != '"':
            if self._peek() == "":
                raise self._fail('expected "')
            if self._peek() == "\\":
                text += self._escape()
            elif self.line.startswith("${", self.at):
                text += self._braced()
            else:
                text += self._peek().encode()
                self.at += 1
        self._expect('"')
        return text

    def _escape(self) -> bytes:
        kind = self.line[self.at + 1]
        self.at += 2
        if kind == "x":
            return bytes([self._hex(2)])
        if kind == "u":
            if self._peek() != "{":
                return chr(self._hex(4)).encode(errors="surrogatepass")
            self.at += 1
            code = self._hex(self.line.index("}", self.at) - self.at)
            self._expect("}")
            return chr(code).encode()
        return {"n": "\n", "r": "\r", "t": "\t"}.get(kind, kind).encode()

    def _hex(self, digits: int) -> int:
        self.at += digits
        return int(self.line[self.at - digits : self.at], 16)

    def _braced(self) -> bytes:
        """${x*300} repeats; ${name} is a variable."""
        end = self.line.index("}", self.at)
        inside = self.line[self.at + 2 : end]
        self.at = end + 1
        repeated, star, times = inside.rpartition("*")
        return repeated.encode() * int(times) if star else self._variable(inside)

    def _variable(self, name: str) -> bytes:
        value = self.variables(name)
        if value is None:
            raise self._fail(f"no such name: ${name}")
        return value.encode()


def put(target: Any, path: list[str | int], value: Value) -> None:
    """Assigns to a dotted path. Numbers are places in a list, counted from 1."""
    for here, following in zip(path, [*path[1:], None], strict=True):
        empty: Any = [] if isinstance(following, int) else {}
        new = value if following is None else empty
        if isinstance(here, int):
            if not 1 <= here <= len(target) + 1:
                raise ScenarioError("list index out of order")
            if here > len(target):
                target.append(new)
            elif following is None:
                target[here - 1] = new
            target = target[here - 1]
        else:
            if here not in target or following is None:
                target[here] = new
            target = target[here]


def text_of(leaf: bytes) -> str:
    """A leaf as the string to pass on: what is no UTF-8 becomes lone surrogates."""
    try:
        return leaf.decode()
    except UnicodeDecodeError:
        try:
            return leaf.decode(errors="surrogatepass")
        except UnicodeDecodeError:
            return leaf.decode(errors="surrogateescape")


def typed(value: Value, name: str = "", in_string_map: bool = False) -> Any:
    """Parameters in the types of boto3: the member's name says which."""
    if isinstance(value, dict):
        strings = name in STRING_MAPS
        return {key: typed(item, key, strings) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item, name) for item in value]
    if in_string_map or (name not in INTEGERS and name not in BLOBS):
        return text_of(value)
    return value if name in BLOBS else int(value)
