"""The shape of the tree: layers point one way, time and chance come in by one door each, files stay readable.

Everything is read from the sources as text; nothing is built. What a rule is for stands in its message.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "localsqs"

# Who may include whom, besides itself; what a room may use, its users may use too. From the design:
#   base <- api <- queue <- account <- engine <- server, binding, bench;  api <- wire <- server, binding;
#   base, api <- store <- engine.
BELOW: dict[str, set[str]] = {
    "base": set(),
    "api": {"base"},
    "queue": {"base", "api"},
    "account": {"base", "api", "queue"},
    "store": {"base", "api"},
    "wire": {"base", "api"},
    "engine": {"base", "api", "queue", "account", "store"},
    "server": {"base", "api", "queue", "account", "store", "engine", "wire"},
    "binding": {"base", "api", "queue", "account", "store", "engine", "wire", "server"},
    "main": {"base", "api", "queue", "account", "store", "engine", "wire", "server"},
    "bench": {"base", "api", "queue", "account", "store", "engine", "wire", "server"},
}

# A file past this holds two ideas. Data and generated files do not count.
LINES_MAX = 800

# What a bare `import localsqs` must not load: each costs more than the whole package.
HEAVY_MODULES = ["boto3", "botocore", "matplotlib", "moto", "numpy", "pandas", "requests", "rich", "yaml"]
# Rooms that are entered only by who has the library, and so import it at their top: beginnings of paths.
ROOMS_OF_A_LIBRARY = {
    "python/localsqs/_boto.py": {"botocore"},
    "python/localsqs/_boto_events.py": {"botocore"},
    "python/localsqs/_boto_making.py": {"botocore"},
    "python/localsqs/_answers.py": {"botocore"},
    "python/localsqs/plot/": {"matplotlib", "numpy"},
    "python/localsqs/simulation/": {"numpy"},
}


def cpp_sources() -> list[Path]:
    return sorted(path for path in CPP.rglob("*") if path.suffix in {".cc", ".h"})


def python_sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_comments(text: str) -> str:
    """The C++ code of `text`, line for line: comments blanked, string literals emptied, includes kept."""

    def blank(match: re.Match[str]) -> str:
        token = match.group(0)
        if token.startswith("/"):
            return "\n" * token.count("\n")
        return token[0] + token[-1]

    lines = []
    for line in re.sub(r"/\*.*?\*/", blank, text, flags=re.DOTALL).splitlines():
        if not line.lstrip().startswith("#include"):
            line = re.sub(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, line)
        lines.append(line)
    return "\n".join(lines)


def find(pattern: str, allowed: set[str]) -> list[str]:
    """`file:line: code` wherever C++ code matches, outside the allowed files (named from cpp/)."""
    found = []
    for path in cpp_sources():
        if path.relative_to(CPP).as_posix() in allowed:
            continue
        for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")).splitlines(), start=1):
            if re.search(pattern, line):
                found.append(f"{relative(path)}:{number}: {line.strip()}")
    return found


def test_every_folder_of_cpp_is_a_known_room() -> None:
    rooms = {path.parent.relative_to(CPP).as_posix() for path in cpp_sources()}
    assert rooms <= BELOW.keys(), "a new room needs its line in BELOW, and in cpp/README.md"


@pytest.mark.parametrize("room", BELOW)
def test_includes_point_downwards(room: str) -> None:
    upward = []
    for path in sorted((CPP / room).rglob("*")):
        if path.suffix not in {".cc", ".h"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            match = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
            if match and match.group(1) in BELOW and match.group(1) not in BELOW[room] | {room}:
                upward.append(f"{relative(path)}:{number}: {line.strip()}")
    assert not upward, f"cpp/{room} may include only {sorted(BELOW[room] | {room})}"


def test_rooms_have_no_cycle() -> None:
    for room, below in BELOW.items():
        for other in below:
            assert room not in BELOW[other], f"{room} and {other} include each other"


def test_includes_are_rooted_at_cpp() -> None:
    loose = find(r'^\s*#\s*include\s+"(?:\.|[^"/]+")', allowed=set())
    assert not loose, 'say #include "queue/queue.h", from cpp/ downwards'


def test_headers_are_guarded() -> None:
    bare = [relative(path) for path in CPP.rglob("*.h") if "#pragma once" not in path.read_text(encoding="utf-8")]
    assert not bare


def test_time_is_read_in_one_file() -> None:
    reads = find(
        r"#\s*include\s+<(chrono|ctime|time\.h|sys/time\.h)>|absl::Now\(|absl::GetCurrentTimeNanos\("
        r"|std::chrono|absl::SleepFor\(|sleep_for\(|\b(?<![\w.>:])(time|gettimeofday|clock_gettime|usleep|sleep)\(",
        allowed={"base/clock.cc"},
    )
    # Benches time the engine from outside; the server's timers are those of the network: slow clients, real time.
    reads = [line for line in reads if not line.startswith(("cpp/bench/", "cpp/server/"))]
    assert not reads, "time is an input: the engine asks its Clock (base/clock.h)"


def test_chance_is_drawn_from_one_seed() -> None:
    draws = find(
        r"random_device|absl::BitGen|absl::InsecureBitGen|\b(?<![\w.>:])s?rand\(|getrandom\(|getentropy\(|arc4random"
        r"|RAND_bytes|uuid_generate|std::mt19937|std::\w+_distribution",
        allowed={"base/random.cc", "base/random.h"},
    )
    assert not draws, "chance is an input: what is random comes from the engine's seed (base/random.h)"


def test_hash_maps_are_looked_up_and_never_walked() -> None:
    """A hash map's order differs from run to run, so it must not reach an answer, a record or a decision."""
    hashed = r"\b(?:absl::(?:flat|node)_hash_(?:map|set)|std::unordered_(?:map|set))\s*<"
    walked = []
    for path in cpp_sources():
        # The members of a class are declared in its header and walked in its .cc.
        names: set[str] = set()
        for declared_in in {path, path.with_suffix(".h")}:
            if declared_in.exists():
                code = without_comments(declared_in.read_text(encoding="utf-8"))
                names |= set(re.findall(hashed + r"[^;{}()]*>\s+(\w+)\b", code))
        if not names:
            continue
        name = "|".join(map(re.escape, sorted(names)))
        loop = re.compile(rf"for\s*\([^;)]*:\s*(?:this->)?({name})\s*\)|\b({name})\.c?begin\(\)")
        for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")).splitlines(), start=1):
            if loop.search(line):
                walked.append(f"{relative(path)}:{number}: {line.strip()}")
    assert not walked, "walk an ordered container instead, or sort first"


def test_files_can_be_read_at_a_sitting() -> None:
    folders = [CPP, ROOT / "python", ROOT / "tests", ROOT / "tools", ROOT / "examples"]
    long_files = [
        f"{relative(path)}: {lines} lines"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".cc", ".h", ".py", ".pyi", ".sh"}
        and (lines := path.read_text(encoding="utf-8").count("\n")) > LINES_MAX
    ]
    assert not long_files, f"over {LINES_MAX} lines: which two ideas are in it?"


def top_level_imports(path: Path) -> set[str]:
    """First parts of the modules imported when `path` is imported, that is outside functions and `if TYPE_CHECKING`."""
    imported: set[str] = set()

    def visit(statements: list[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in statement.names)
            elif isinstance(statement, ast.ImportFrom) and statement.level == 0 and statement.module:
                imported.add(statement.module.partition(".")[0])
            elif isinstance(statement, ast.If):
                if "TYPE_CHECKING" not in ast.unparse(statement.test):
                    visit(statement.body)
                visit(statement.orelse)
            elif isinstance(statement, ast.With | ast.ClassDef):
                visit(statement.body)
            elif isinstance(statement, ast.Try):
                visit(statement.body)
                for handler in statement.handlers:
                    visit(handler.body)
                visit(statement.orelse + statement.finalbody)

    visit(ast.parse(path.read_text(encoding="utf-8")).body)
    return imported


@pytest.mark.parametrize("path", [pytest.param(path, id=relative(path)) for path in python_sources()])
def test_module_imports_nothing_heavy(path: Path) -> None:
    at_home = {m for room, names in ROOMS_OF_A_LIBRARY.items() if relative(path).startswith(room) for m in names}
    assert not top_level_imports(path) & set(HEAVY_MODULES) - at_home, "import it where it is used"


def test_importing_the_package_loads_nothing_heavy() -> None:
    pytest.importorskip("localsqs")
    code = f"import sys, localsqs; print(*sorted(set({HEAVY_MODULES!r}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
