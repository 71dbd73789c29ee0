"""Plays the golden scenarios of tests/scenarios through a door: the native client here, HTTP in scenario_http_doors.py.

The format is in tests/scenarios/README.md; tests/cpp/scenarios has the same runner in C++. The two must print the same,
so whoever changes a rule here changes it there.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from scenario_answers import START_MS, Failure, Names, Printer, since_start
from scenario_commands import Command, CommandParser, ScenarioError, typed

SEPARATOR = "----"

# --- Doors -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    account: str = "000000000000"
    region: str = "us-east-1"


class Door(Protocol):
    """A way into an engine."""

    def call(self, operation: str, parameters: dict[str, Any], caller: Caller) -> dict[str, Any] | Failure: ...

    def queue_url(self, owner: Caller, name: str) -> str: ...

    def queue_name(self, url: str, caller: Caller) -> str: ...

    def set_faults(self, faults: dict[str, Any]) -> None: ...

    def advance(self, duration: datetime.timedelta) -> None: ...

    def milliseconds_since_start(self) -> int: ...

    def close(self) -> None: ...


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

    def close(self) -> None:
        self.engine.close()


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
        pairs = zip(self.blocks, outputs, strict=True)
        parts = [self.header, *(["", *block.source, SEPARATOR, *output] for block, output in pairs)]
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
