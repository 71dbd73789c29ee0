"""Plays the golden scenarios of tests/scenarios through a door: the native client here, later the HTTP faces.

The format is in tests/scenarios/README.md; tests/cpp/scenarios has the same runner in C++. The two must print the same,
so whoever changes a rule here changes it there.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

SEPARATOR = "----"
START_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SEQUENCE_START = "188"  # 18800000000000000000 is the first (7.1).

VOID_OPERATIONS = frozenset(
    """AddPermission ChangeMessageVisibility DeleteMessage DeleteQueue PurgeQueue RemovePermission SetQueueAttributes
    TagQueue UntagQueue""".split()
)
INTEGERS = frozenset(
    """DelaySeconds MaxNumberOfMessages MaxNumberOfMessagesPerSecond MaxResults VisibilityTimeout
    WaitTimeSeconds""".split()
)
BLOBS = frozenset({"BinaryValue", "BinaryListValues"})
STRING_MAPS = frozenset({"Attributes", "Tags", "tags"})


class ScenarioError(Exception):
    """A scenario that breaks the format."""


# --- Commands --------------------------------------------------------------------------------------------------------

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
    for here, following in zip(path, path[1:] + [None]):
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


# --- Doors -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    account: str = "000000000000"
    region: str = "us-east-1"


@dataclass
class Failure:
    shape: str
    query_code: str
    http_status: int
    text: str


class Door(Protocol):
    """A way into an engine."""

    def call(self, operation: str, parameters: dict[str, Any], caller: Caller) -> dict[str, Any] | Failure: ...

    def queue_url(self, owner: Caller, name: str) -> str: ...

    def queue_name(self, url: str, caller: Caller) -> str: ...

    def set_faults(self, faults: dict[str, Any]) -> None: ...

    def advance(self, duration: datetime.timedelta) -> None: ...

    def milliseconds_since_start(self) -> int: ...


class NativeDoor:
    """`engine.client("sqs")` in this process."""

    name = "native"

    def __init__(self, options: dict[str, Any]) -> None:
        import localsqs

        self.clock = localsqs.ManualClock(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
        self.engine = localsqs.Engine(clock=self.clock, **{"seed": 7, **options})
        self.clients: dict[Caller, Any] = {}

    def client(self, caller: Caller) -> Any:
        if caller not in self.clients:
            self.clients[caller] = self.engine.client(
                "sqs", region_name=caller.region, aws_access_key_id=caller.account
            )
        return self.clients[caller]

    def call(self, operation: str, parameters: dict[str, Any], caller: Caller) -> dict[str, Any] | Failure:
        import localsqs.errors

        method = getattr(self.client(caller), re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            answer = dict(method(**parameters))
        except localsqs.errors.ClientError as error:
            fault = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Failure(fault["QueryErrorCode"], fault["Code"], status, fault["Message"])
        assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
        return answer

    def queue_url(self, owner: Caller, name: str) -> str:
        return f"https://sqs.{owner.region}.amazonaws.com/{owner.account}/{name}"

    def queue_name(self, url: str, caller: Caller) -> str:
        match = re.fullmatch(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com/(\d{12})/(.+)", url)
        if match is None:
            return url
        region, account, name = match.groups()
        if region != caller.region:
            return f"{region}/{account}/{name}"
        return name if account == caller.account else f"{account}/{name}"

    def set_faults(self, faults: dict[str, Any]) -> None:
        self.engine.faults.reset()
        for name, value in faults.items():
            setattr(self.engine.faults, name, value)

    def advance(self, duration: datetime.timedelta) -> None:
        self.clock.advance(duration)

    def milliseconds_since_start(self) -> int:
        return int(self.clock.now_ns()) // 1_000_000 - START_MS


# --- Answers as text -------------------------------------------------------------------------------------------------


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


# --- Scenarios -------------------------------------------------------------------------------------------------------


@dataclass
class Block:
    """Commands and what they are expected to print."""

    line: int
    source: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


@dataclass
class Scenario:
    header: list[str]
    engine_options: dict[str, Any]
    doors: list[str]
    blocks: list[Block]

    def runs_through(self, door: str) -> bool:
        return not self.doors or door in self.doors

    def with_outputs(self, outputs: list[list[str]]) -> str:
        parts = [self.header] + [
            ["", *block.source, SEPARATOR, *output] for block, output in zip(self.blocks, outputs)
        ]
        return "".join(line + "\n" for part in parts for line in part)


def parse_scenario(text: str) -> Scenario:
    lines = text.split("\n")
    end = lines.index("")
    header = lines[:end]
    options: dict[str, Any] = {}
    doors: list[str] = []
    for line in header:
        if line.startswith("#"):
            continue
        setting = CommandParser(line, lambda name: None).parse()
        if setting.verb == "engine":
            options = {name: python_value(value.decode()) for name, value in setting.parameters.items()}
        elif setting.verb == "doors":
            doors = setting.words
        else:
            raise ScenarioError(f"no setting of the header: {line}")
    blocks = []
    for match in re.finditer(r"(?:[^\n]+\n)+", "\n".join(lines[end:])):
        number = end + 1 + "\n".join(lines[end:]).count("\n", 0, match.start())
        blocks.append(parse_block(match.group().splitlines(), number))
    return Scenario(header, options, doors, blocks)


def parse_block(lines: list[str], number: int) -> Block:
    if SEPARATOR not in lines:
        raise ScenarioError(f"line {number}: {SEPARATOR} is missing")
    middle = lines.index(SEPARATOR)
    block = Block(number, source=lines[:middle], expected=lines[middle + 1 :])
    for line in block.source:
        if line.startswith("#"):
            continue
        if line.startswith(" ") and block.commands:
            block.commands[-1] += "\n" + line
        else:
            block.commands.append(line)
    return block


def python_value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return float(text) if "." in text else int(text)


UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> datetime.timedelta:
    match = re.fullmatch(r"([0-9.]+)(ms|s|m|h|d)", text)
    if match is None:
        raise ScenarioError(f"not a duration: {text}")
    return datetime.timedelta(seconds=float(match[1]) * UNITS[match[2]])


class Player:
    """Plays blocks through a door, keeping who calls and what things are called."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.caller = Caller()
        self.names = Names()
        self.show_md5 = False
        self.index = 0

    def play(self, block: Block) -> list[str]:
        return [line for command in block.commands for line in self._run(command)]

    def _run(self, line: str) -> list[str]:
        verb, _, rest = line.partition(" ")
        if verb == "repeat":
            times, _, command = rest.partition(" ")
            lines = []
            for self.index in range(1, int(times) + 1):
                lines += self._run(command)
            return lines
        if verb == "quietly":
            operation, answer = self._call(self._parse(rest))
            return self._print(operation, answer) if isinstance(answer, Failure) else []
        if verb == "tally":
            return [f"{len(self._run(rest))} lines"]
        return self._run_command(self._parse(line))

    def _run_command(self, command: Command) -> list[str]:
        word = command.words[0] if command.words else ""
        if command.verb == "advance":
            self.door.advance(duration(word))
        elif command.verb == "now":
            return [since_start(self.door.milliseconds_since_start())]
        elif command.verb == "account":
            self.caller = Caller(word, self.caller.region)
        elif command.verb == "region":
            self.caller = Caller(self.caller.account, word)
        elif command.verb == "show" and word == "md5":
            self.show_md5 = True
        elif command.verb == "faults":
            self.door.set_faults({name: python_value(value.decode()) for name, value in command.parameters.items()})
        elif command.verb == "counts":
            return [self._counts(word)]
        else:
            return self._print(*self._call(command))
        return []

    def _parse(self, line: str) -> Command:
        def variable(name: str) -> str | None:
            return str(self.index) if name == "i" else self.names.value_of.get(name)

        return CommandParser(line, variable).parse()

    def _call(self, command: Command) -> tuple[str, dict[str, Any] | Failure]:
        parameters = typed(command.parameters)
        if command.words:
            word = command.words[0]
            if command.verb in ("CreateQueue", "GetQueueUrl"):
                parameters["QueueName"] = word
            elif command.verb in ("StartMessageMoveTask", "ListMessageMoveTasks"):
                parameters["SourceArn"] = self._arn(word)
            elif command.verb == "CancelMessageMoveTask":
                parameters["TaskHandle"] = word
            else:
                parameters["QueueUrl"] = self._url(word)
        return command.verb, self.door.call(command.verb, parameters, self.caller)

    def _queue(self, word: str) -> tuple[Caller, str]:
        """Whose queue "jobs", "111111111111/jobs" or "eu-west-1/111111111111/jobs" is, and its name."""
        *owner, name = word.split("/")
        account = owner[-1] if owner else self.caller.account
        region = owner[0] if len(owner) > 1 else self.caller.region
        return Caller(account, region), name

    def _url(self, word: str) -> str:
        return word if "://" in word else self.door.queue_url(*self._queue(word))

    def _arn(self, word: str) -> str:
        if ":" in word:
            return word
        owner, name = self._queue(word)
        return f"arn:aws:sqs:{owner.region}:{owner.account}:{name}"

    def _print(self, operation: str, answer: dict[str, Any] | Failure) -> list[str]:
        printer = Printer(self.names, lambda url: self.door.queue_name(url, self.caller), self.show_md5)
        return printer.answer(operation, answer)

    def _counts(self, queue: str) -> str:
        names = ["ApproximateNumberOfMessages" + part for part in ("", "NotVisible", "Delayed")]
        _, answer = self._call(Command("GetQueueAttributes", [queue], {"AttributeNames": [n.encode() for n in names]}))
        if isinstance(answer, Failure):
            return f"error {answer.shape}"
        counts = [answer["Attributes"].get(name, "?") for name in names]
        return "visible={} in_flight={} delayed={}".format(*counts)


def play(scenario: Scenario, door: Door) -> list[list[str]]:
    player = Player(door)
    return [player.play(block) for block in scenario.blocks]


def scenario_files(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.txt"))
