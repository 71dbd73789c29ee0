"""The command `localsqs`.

localsqs demo          the main job in a minute, on the shipped example, in virtual time
localsqs bench         measures this machine
localsqs serve         the endpoint for any AWS SDK, until stopped
localsqs check FILE    whether the file of a durable engine is sound; also: export, salvage, backup
localsqs up            a template's queues, functions and alarms, live, until stopped
localsqs --version
"""

from __future__ import annotations

import argparse

from localsqs import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status: 0 done, 1 failed, 2 not understood."""
    arguments, rest = _parser().parse_known_args(argv)
    if arguments.command == "demo":
        from localsqs import demo

        return int(demo.main(rest) or 0)
    if rest:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    if arguments.command == "serve":
        from localsqs import _serve

        return _serve.run(arguments)
    if arguments.command in ("check", "export", "salvage", "backup"):
        from localsqs import _store

        return _store.run(arguments)
    if arguments.command == "up":
        from localsqs import _up

        return _up.run(arguments)
    if arguments.command in ("check", "export", "salvage", "backup"):
        from localsqs import _store

        return _store.run(arguments)
    return _bench(arguments.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="localsqs", description="Amazon SQS on your own machine.")
    parser.add_argument("--version", action="version", version=f"localsqs {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # Its options are its own business: `localsqs demo --help` reaches it.
    commands.add_parser("demo", add_help=False, help="the main job in a minute, in virtual time")
    bench = commands.add_parser("bench", help="measures this machine")
    bench.add_argument("--seconds", type=float, default=1.0, help="how long each row is measured (default: 1)")
    serve = commands.add_parser("serve", help="the endpoint for any AWS SDK, until stopped")
    _add_serve_arguments(serve)
    _add_store_commands(commands)
    up = commands.add_parser("up", help="a CloudFormation or SAM template, live, until stopped")
    _add_up_arguments(up)
    return parser


def _add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    from localsqs import _serve

    _serve.add_arguments(parser)


def _add_store_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from localsqs import _store

    _store.add_commands(commands)


def _add_up_arguments(parser: argparse.ArgumentParser) -> None:
    from localsqs import _up

    _up.add_arguments(parser)


def _bench(seconds: float) -> int:
    from localsqs import _bench as bench

    print(bench.table(seconds))
    return 0
