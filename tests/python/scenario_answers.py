"""An answer as the lines of a scenario (rules: tests/scenarios/README.md; the same in C++: answer_text.cc)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

START_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SEQUENCE_START = "188"  # 18800000000000000000 is the first (7.1).

VOID_OPERATIONS = frozenset(
    {
        "AddPermission",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteQueue",
        "PurgeQueue",
        "RemovePermission",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
    }
)


@dataclass
class Failure:
    shape: str
    query_code: str
    http_status: int
    text: str


class Names:
    """Short names for what is random: ids, handles, tokens, in order of first appearance."""

    def __init__(self) -> None:
        self.name_of_value: dict[str, str] = {}
        self.value_of: dict[str, str] = {}
        self.counts: dict[str, int] = {}

    def name_of(self, prefix: str, value: str) -> str:
        if value not in self.name_of_value:
            self.counts[prefix] = self.counts.get(prefix, 0) + 1
            name = f"{prefix}{self.counts[prefix]}"
            self.name_of_value[value] = name
            self.value_of[name] = value
        return self.name_of_value[value]

    def replace_in(self, text: str) -> str:
        for value, name in self.name_of_value.items():
            text = text.replace(value, name)
        return text


RUN = re.compile(r"([A-Za-z0-9])\1{40,}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HANDLE = re.compile(r"[A-Za-z0-9+/=]{1,1024}")
FIRST_MEMBERS = ["Id", "MessageId", "ReceiptHandle", "TaskHandle", "SequenceNumber", "Body"]
BARE_MEMBERS = frozenset({"MessageId", "ReceiptHandle", "TaskHandle", "SequenceNumber", "QueueUrl"})
PREFIXES = {"MessageId": "m", "ReceiptHandle": "h", "TaskHandle": "t", "NextToken": "token"}
MILLISECONDS = frozenset({"SentTimestamp", "ApproximateFirstReceiveTimestamp", "StartedTimestamp"})
SECONDS = frozenset({"CreatedTimestamp", "LastModifiedTimestamp"})


def since_start(milliseconds: int) -> str:
    """+30s, +0.001s"""
    whole, fraction = divmod(abs(milliseconds), 1000)
    text = f"{whole}.{fraction:03}".rstrip("0").rstrip(".") if fraction else str(whole)
    return f"{'-' if milliseconds < 0 else '+'}{text}s"


def escaped(text: str, quotes: bool = True) -> str:
    """Control characters, backslashes and (for quoted text) quotes escaped, long runs shortened."""

    def escape(match: re.Match[str]) -> str:
        char = match.group()
        if len(char) > 1 and char != "${":
            return f"${{{char[0]}*{len(char)}}}"
        if char in ('"', "${"):
            return "\\" + char if quotes else char
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}.get(char) or f"\\x{ord(char):02x}"

    return re.sub(r'([A-Za-z0-9])\1{40,}|\$\{|[\x00-\x1f\x7f\\"]', escape, text)


def escaped_bytes(data: bytes) -> str:
    text = escaped(data.decode("latin-1"))
    return re.sub(r"[\x80-\xff]", lambda match: f"\\x{ord(match.group()):02x}", text)


def quoted(value: str | bytes) -> str:
    """As a parameter would be written: bare if it can be, in ' if that spares escapes, else in "."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    control = r"[\x00-\x1f\x7f\x80-\xff]" if isinstance(value, bytes) else r"[\x00-\x1f\x7f]"
    if '"' in text and not re.search(control + r"|['\\]", text) and not RUN.search(text):
        return f"'{text}'"
    result = escaped_bytes(value) if isinstance(value, bytes) else escaped(value)
    bare = text != "" and not re.search(control + r"|[ \"'{}\[\]\\$]", text)
    return result if bare else f'"{result}"'


def quoted_key(key: str) -> str:
    return escaped(key) if re.fullmatch(r"(?:[A-Za-z0-9_-]|[^\x00-\x7f])+", key) else f'"{escaped(key)}"'


def one_line(text: str) -> str:
    text = escaped(text, quotes=False)
    return text[:-1] + "\\x20" if text.endswith(" ") else text


class Printer:
    """An answer as lines."""

    def __init__(self, names: Names, queue_name: Callable[[str], str], show_md5: bool) -> None:
        self.names = names
        self.queue_name = queue_name
        self.show_md5 = show_md5

    def answer(self, operation: str, answer: dict[str, Any] | Failure) -> list[str]:
        if isinstance(answer, Failure):
            text = one_line(self.names.replace_in(answer.text))
            return [f"error {answer.shape} {answer.query_code} {answer.http_status}: {text}"]
        if operation in VOID_OPERATIONS and not answer:
            return ["ok"]
        return self._result(answer)

    def _result(self, result: dict[str, Any]) -> list[str]:
        lines: list[str] = []
        for first in ("Successful", "Failed"):
            if first in result:
                lines += self._list(first, result[first])
        scalars = {}
        for key, value in self._in_order(result, False):
            if key in ("Successful", "Failed"):
                continue
            if isinstance(value, dict):
                lines += [f"{quoted_key(k)}={self._leaf(k, v)}" for k, v in self._in_order(value, True)]
                lines += [key + "{}"] if not value else []
            elif isinstance(value, list):
                lines += self._list(key, value)
            else:
                scalars[key] = value
        if scalars:
            lines.append(self._members(scalars, False))
        return [line for line in lines if line] or ["{}"]

    def _in_order(self, members: dict[str, Any], in_map: bool) -> list[tuple[str, Any]]:
        """Members in an order of their own, so that no door's order matters: what names a thing first, then by name."""

        def rank(item: tuple[str, Any]) -> tuple[int, bytes]:
            first = not in_map and item[0] in FIRST_MEMBERS
            return FIRST_MEMBERS.index(item[0]) if first else len(FIRST_MEMBERS), item[0].encode()

        hidden = "MD5Of" if not self.show_md5 and not in_map else None
        return sorted(((k, v) for k, v in members.items() if not (hidden and k.startswith(hidden))), key=rank)

    def _list(self, key: str, items: list[Any]) -> list[str]:
        lines = [] if items else [key + "[]"]
        for item in items:
            if not isinstance(item, dict):
                lines.append(self._leaf(key, item))
            elif key == "Failed":
                lines.append(self._failed_entry(item))
            else:
                lines.append(("Successful " if key == "Successful" else "") + self._members(item, False))
        return lines

    def _failed_entry(self, entry: dict[str, Any]) -> str:
        fault = "" if entry.get("SenderFault") is True else f" SenderFault={str(entry.get('SenderFault')).lower()}"
        text = one_line(self.names.replace_in(entry.get("Message", "")))
        return f"Failed Id={quoted(entry['Id'])}{fault} {entry.get('Code')}: {text}"

    def _members(self, members: dict[str, Any], in_map: bool) -> str:
        parts = []
        for key, value in self._in_order(members, in_map):
            if isinstance(value, (dict, list)):
                parts.append(quoted_key(key) + self._nested(key, value, in_map))
            elif not in_map and key in BARE_MEMBERS:
                parts.append(self._leaf(key, value))
            else:
                parts.append(f"{quoted_key(key)}={self._leaf(key, value)}")
        return " ".join(parts)

    def _nested(self, key: str, value: dict[str, Any] | list[Any], in_map: bool) -> str:
        if isinstance(value, dict):
            is_map = in_map or key in ("Attributes", "MessageAttributes", "Tags")
            return "{" + self._members(value, is_map) + "}"
        items = ("{" + self._members(v, False) + "}" if isinstance(v, dict) else self._leaf(key, v) for v in value)
        return "[" + " ".join(items) + "]"

    def _leaf(self, key: str, value: Any) -> str:
        if isinstance(value, bytes):
            return quoted(value)
        if key == "MessageId" and UUID.fullmatch(value):
            return self.names.name_of("m", value)
        if key in ("ReceiptHandle", "TaskHandle", "NextToken") and HANDLE.fullmatch(value):
            return self.names.name_of(PREFIXES[key], value)
        if key == "SequenceNumber":
            return self._sequence(value)
        if key in ("QueueUrl", "QueueUrls", "queueUrls"):
            return quoted(self.queue_name(value))
        if key in MILLISECONDS:
            return since_start(int(value) - START_MS)
        if key in SECONDS:
            return since_start(int(value) * 1000 - START_MS)
        if key == "MessageDeduplicationId":
            return quoted(self.names.name_of_value.get(value, value))
        return quoted(value) if isinstance(value, str) else str(value)

    @staticmethod
    def _sequence(text: str) -> str:
        """s1 is the first of its queue."""
        if len(text) != 20 or not text.isdigit() or not text.startswith(SEQUENCE_START):
            return text
        return f"s{int(text[3:]) + 1}"
