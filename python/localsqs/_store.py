"""`localsqs check`, `export`, `salvage` and `backup`: the file of a durable engine from outside."""

from __future__ import annotations

import sys
from pathlib import Path

from localsqs import _core
from localsqs.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any, TextIO

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

# The command and what it does.
_COMMANDS = {
    "check": "whether the file of a durable engine is sound, and what is in it",
    "export": "every message of a file as a line of JSON",
    "salvage": "what is sound in a damaged file, into a new one",
    "backup": "a consistent copy of a file, also while it is in use",
}


def add_commands(commands: Subparsers) -> None:
    """The parsers of the four commands."""
    for name, text in _COMMANDS.items():
        parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        parser.add_argument("path", metavar="FILE")
        if name in ("salvage", "backup"):
            parser.add_argument("new_path", metavar="NEW_FILE", help="is not there yet")
        if name == "export":
            parser.add_argument("--to", choices=["jsonl"], default="jsonl", help="the form (default: jsonl)")
            parser.add_argument("--output", metavar="FILE", help="where to write (default: standard output)")


def run(options: argparse.Namespace) -> int:
    """Runs one of the four: 0 done (check: and sound), 1 not."""
    run_command: Callable[[argparse.Namespace], int] = globals()[f"_{options.command}"]
    try:
        if not Path(options.path).exists():
            raise StoreError(f"{options.path}: no such file")
        return run_command(options)
    except OSError as error:
        print(f"localsqs {options.command}: {error}", file=sys.stderr)
        return 1


def _check(options: argparse.Namespace) -> int:
    report = _core.store_check(options.path)
    print(f"{options.path}: version {report['version']} of the format, last owner: {report['owner'] or 'none'}")
    _print_rows(report["rows"])
    for problem in report["problems"]:
        print(f"  DAMAGED  {problem}")
    if report["problems"]:
        print(f"damaged in {len(report['problems']):,} places; what is sound: localsqs salvage {options.path} NEW_FILE")
        return 1
    print("sound")
    return 0


def _export(options: argparse.Namespace) -> int:
    if options.output is None:
        return _export_to(options.path, sys.stdout)
    with open(options.output, "w", encoding="utf-8") as file:
        return _export_to(options.path, file)


def _export_to(path: str, file: TextIO) -> int:
    _core.store_export(path, lambda line: file.write(line + "\n"))
    return 0


def _salvage(options: argparse.Namespace) -> int:
    report = _core.store_salvage(options.path, options.new_path)
    _print_rows(report["saved"])
    for loss in report["lost"]:
        print(f"  LOST  {loss}")
    print(f"saved to {options.new_path}")
    return 0


def _backup(options: argparse.Namespace) -> int:
    _core.store_backup(options.path, options.new_path)
    print(f"copied to {options.new_path}")
    return 0


def _print_rows(rows: dict[str, Any]) -> None:
    for table, count in rows.items():
        if count:
            print(f"  {table:18} {count:>12,}")
