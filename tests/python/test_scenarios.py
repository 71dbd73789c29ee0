"""The golden scenarios through the native client and over HTTP, and that they cover what they should.

``LOCALSQS_REWRITE_SCENARIOS=1`` writes what was answered into the files, to be reviewed as a diff.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pytest
import scenario_runner
from scenario_http_doors import JsonDoor, QueryDoor
from scenario_runner import NativeDoor

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "tests" / "scenarios"
FILES = scenario_runner.scenario_files(SCENARIOS)
REWRITE = os.environ.get("LOCALSQS_REWRITE_SCENARIOS") == "1"


def name_of(path: Path) -> str:
    return path.relative_to(SCENARIOS).with_suffix("").as_posix()


DOORS = [NativeDoor, JsonDoor, QueryDoor]


@pytest.mark.parametrize("open_door", DOORS, ids=lambda door: door.name)
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_door_answers_as_written(path: Path, open_door: type[NativeDoor]) -> None:
    scenario = scenario_runner.parse_scenario(path.read_text(encoding="utf-8"))
    if not scenario.runs_through(open_door.name):
        pytest.skip("not through this door")
    with contextlib.closing(open_door(scenario.engine_options)) as door:
        outputs = scenario_runner.play(scenario, door)
    if REWRITE and open_door is NativeDoor:
        path.write_text(scenario.with_outputs(outputs), encoding="utf-8")
        return
    for block, output in zip(scenario.blocks, outputs, strict=True):
        assert output == block.expected, f"{path}:{block.line}\n" + "\n".join(block.source)


# --- Coverage --------------------------------------------------------------------------------------------------------

# Errors that no scenario can provoke, and why.
NOT_PROVOKED = {
    "MessageNotInflight": "modelled, but the service never answers it (2)",
    "InvalidIdFormat": "modelled for receipt handles of old; nothing answers it",
    "InvalidAddress": "a host or path of HTTP that is no queue address (1.4)",
    "InvalidSecurity": "HTTPS demanded over HTTP",
    "KmsAccessDenied": "nothing is encrypted, so no key is ever asked (4.3)",
    "KmsDisabled": "as KmsAccessDenied",
    "KmsInvalidKeyUsage": "as KmsAccessDenied",
    "KmsInvalidState": "as KmsAccessDenied",
    "KmsNotFound": "as KmsAccessDenied",
    "KmsThrottled": "as KmsAccessDenied",
    "KmsOptInRequired": "as KmsAccessDenied",
    "UnknownOperationException": "needs a door that takes any action's name: HTTP (1.4)",
    "SerializationException": "broken JSON over HTTP (1.3)",
    "UnrecognizedClientException": "authentication over HTTP (1.6)",
    "InvalidSignatureException": "authentication over HTTP (1.6)",
    "IncompleteSignatureException": "authentication over HTTP (1.6)",
    "InternalFailure": "our own mistakes only",
}


def commands() -> set[str]:
    return {
        word
        for path in FILES
        for block in scenario_runner.parse_scenario(path.read_text(encoding="utf-8")).blocks
        for command in block.commands
        for word in re.sub(r"^(repeat \d+ )?(quietly |tally )?", "", command).split()[:1]
    }


def expected_lines() -> list[str]:
    return [
        line
        for path in FILES
        for block in scenario_runner.parse_scenario(path.read_text(encoding="utf-8")).blocks
        for line in block.expected
    ]


def catalogue() -> dict[str, str]:
    """Shape -> query code, from the one place where errors are described."""
    header = (ROOT / "cpp/api/errors.h").read_text(encoding="utf-8").replace("\\\n", " ")
    return dict(re.findall(r'X\(\w+,\s*"(\w+)",\s*"([\w.]+)",\s*\d+', header))


def test_every_operation_has_a_scenario() -> None:
    header = (ROOT / "cpp/api/operations.h").read_text(encoding="utf-8")
    operations = set(re.findall(r"X\((\w+), k(?:OwnerOnly|Grantable)\)", header))
    assert len(operations) == 23
    assert operations - commands() == set()


def test_every_error_is_provoked_or_has_a_reason_not_to_be() -> None:
    shapes = catalogue()
    assert len(shapes) > 30
    provoked = {match[1] for line in expected_lines() if (match := re.match(r"error (\w+) ", line))}
    assert provoked - shapes.keys() == set(), "a shape that the catalogue does not know"
    assert shapes.keys() - provoked - NOT_PROVOKED.keys() == set(), "neither provoked nor excused"
    assert provoked & NOT_PROVOKED.keys() == set(), "provoked after all: strike it off the list"


def test_every_expected_error_has_the_query_code_of_its_shape() -> None:
    shapes = catalogue()
    for line in expected_lines():
        if match := re.match(r"error (\w+) ([\w.]+) ", line):
            assert shapes[match[1]] == match[2], line


def test_every_rule_that_emulators_get_wrong_has_a_scenario() -> None:
    named = {
        int(number)
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
        for number in re.findall(r"\brule (\d+)", line, re.IGNORECASE)
    }
    # 14 and part of 10 are about the wire: "for this wsdl version." and bodies stand in the codec's tests as well.
    assert set(range(1, 19)) - named == set()


def test_there_are_enough_scenarios() -> None:
    assert len(FILES) >= 110


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_scenario_says_what_it_is_about(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first.startswith("# "), "the first line names the rule"
    header = path.read_text(encoding="utf-8").split("\n\n", 1)[0]
    assert re.search(r"\(\d+(\.\d+)?([,;] ?\d+(\.\d+)?)*\)", header), "the header names the section of the spec"
