"""Runs every benchmark and prints the README's table: what was aimed at, what was measured, in one run.

    make bench [ARGS=--quick]          or: python tools/bench_table.py [--quick] [--build-dir build/bench] [PART ...]

The engine is built with -O2 into the build folder. Raw results stay there, one JSON file a part; the Markdown is also
written to table.md. Ratios are taken within one run, so that they hold on other machines. --quick takes a few minutes
and shows that everything works; its figures are not to be quoted. A peer that cannot be had stands in the table as
missing, with the reason; so does a part that fails, and then the exit status is 1. What a crash leaves: `make crash`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "tests" / "bench"
sys.path.insert(0, str(BENCH))

from aims import Aim, table_of  # noqa: E402


class Failed(Exception):
    """A part that did not end well; the text says how."""


def run(*command: str | Path, quiet: bool = False) -> None:
    """Runs a command in the repository; its output is shown, or with ``quiet`` only if it fails."""
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=ROOT, text=True, stdout=subprocess.PIPE if quiet else None)
    if done.returncode != 0:
        print(done.stdout or "", end="", file=sys.stderr)
        raise Failed(f"exit status {done.returncode} of {' '.join(arguments)}")


@dataclass(frozen=True)
class Part:
    """A benchmark in Python.

    Attributes:
        script: What measures, in tests/bench.
        tables: The module with `aims(results)` and `table(results)`.
        quick: Its options for a short run.
        options: Its options in any case; "{build}" is the build folder.
    """

    script: str
    tables: str
    quick: tuple[str, ...] = ("--quick",)
    options: tuple[str, ...] = ()

    def measure(self, build: Path, out: Path, quick: bool) -> Any:
        options = [option.format(build=build) for option in self.options]
        out.unlink(missing_ok=True)
        run(sys.executable, BENCH / f"{self.script}.py", f"--json={out}", *options, *(self.quick if quick else ()))
        return json.loads(out.read_text(encoding="utf-8"))


PARTS = {
    "client": Part("client_bench", "client_bench", ("--seconds=0.05", "--runs=3")),
    "import": Part("import_bench", "import_bench", ("--runs=5",)),
    "mock": Part("mock_bench", "mock_bench"),
    "lambda": Part("lambda_bench", "lambda_bench"),
    "simulation": Part("simulation_bench", "simulation_bench"),
    "endpoint": Part("endpoint_bench", "endpoint_table", options=("--out={build}",)),
    "durable": Part("durable_peers", "durable_peers", options=("--out={build}",)),
}


def measure_engine(build: Path, out: Path, quick: bool) -> Any:
    engine = importlib.import_module("engine_table")
    return engine.measure(engine.build(ROOT, build, run), out, quick)


def store_table(build: Path, out: Path, quick: bool) -> str:
    """What store_bench.py prints: the store's modes beside each other."""
    options = ["--seconds=0.5", "--rounds=1"] if quick else []
    command = [sys.executable, str(BENCH / "store_bench.py"), f"--out={build}", *options]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode} of {' '.join(command)}")
    out.write_text(done.stdout, encoding="utf-8")
    return done.stdout.strip()


class Tables:
    """What has been measured so far: rows of the first table, the other tables, and what is missing."""

    def __init__(self, build: Path, quick: bool) -> None:
        self.build = build
        self.quick = quick
        self.rows: list[Aim] = []
        self.texts: list[str] = []
        self.failed: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def add(self, name: str, tables: str, measure: Callable[[Path, Path, bool], Any]) -> None:
        """Measures a part whose tables are made by the functions of a module."""
        results = self._attempt(name, measure, f"{name}.json")
        if results is None:
            return
        module = importlib.import_module(tables)
        self.rows += module.aims(results)
        self.texts.append(module.table(results))
        self.missing.update(results.get("missing", {}))

    def add_text(self, name: str, measure: Callable[[Path, Path, bool], str]) -> None:
        """Measures a part that makes its table itself."""
        text = self._attempt(name, measure, f"{name}.txt")
        if text is not None:
            self.texts.append(text)

    def _attempt(self, name: str, measure: Callable[[Path, Path, bool], Any], file: str) -> Any:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        try:
            return measure(self.build, self.build / file, self.quick)
        except (Failed, subprocess.SubprocessError, OSError) as reason:
            print(f"== {name} FAILED: {reason}", file=sys.stderr, flush=True)
            self.failed[name] = str(reason)
            return None
        finally:
            print(f"   {time.monotonic() - start:.0f} s", flush=True)

    def text(self) -> str:
        missing = {**self.missing, **{f"the part {name}": f"FAILED, {reason}" for name, reason in self.failed.items()}}
        return "\n\n".join([table_of(self.rows, missing), *self.texts])


def main() -> None:
    names = ["engine", *PARTS, "store"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(names)}; all by default")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first look")
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "bench")
    options = parser.parse_args()
    unknown = set(options.parts) - set(names)
    if unknown:
        parser.error(f"no part {sorted(unknown)[0]!r}; there are {', '.join(names)}")
    build: Path = options.build_dir.resolve()
    build.mkdir(parents=True, exist_ok=True)
    tables = Tables(build, options.quick)
    for name in options.parts or names:
        if name == "engine":
            tables.add(name, "engine_table", measure_engine)
        elif name == "store":
            tables.add_text(name, store_table)
        else:
            tables.add(name, PARTS[name].tables, PARTS[name].measure)
    text = tables.text()
    (build / "table.md").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}")
    if options.quick:
        print("\nA quick run: it shows that everything works, and is not to be quoted.")
    if tables.failed:
        sys.exit(f"failed: {', '.join(tables.failed)}")


if __name__ == "__main__":
    main()
