"""`localsqs up TEMPLATE`: a template's stack on an endpoint, its functions at work, until it is stopped."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import warnings
from contextlib import contextmanager

from localsqs import Engine, SystemClock
from localsqs._serve import add_store_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from localsqs._up_session import Session
    from localsqs.cloudformation.stack import Stack
    from localsqs.server import Server

_TICK_SECONDS = 0.25
_GRACE_SECONDS = 2.0
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `localsqs up`."""
    parser.add_argument("template", metavar="TEMPLATE", help="a CloudFormation or SAM template, YAML or JSON")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=9324, help="port; 0 takes a free one (default: 9324)")
    parser.add_argument("--region", default="us-east-1", help="of the stack")
    parser.add_argument("--account", default="000000000000", help="of the stack")
    parser.add_argument("--stack-name", metavar="NAME", help="the template's folder, unless given")
    parser.add_argument(
        "--parameter", action="append", default=[], type=_pair, metavar="KEY=VALUE", help="of the template; repeatable"
    )
    add_store_arguments(parser)
    parser.add_argument("--seed", type=int, help="of message ids and everything else random")
    parser.add_argument(
        "--processes", action="store_true", help="functions in processes of their own, as on Lambda (awslambdaric)"
    )
    parser.add_argument("--no-reload", action="store_true", help="leave changed files alone")
    parser.add_argument("--plain", action="store_true", help="lines instead of the live view")


def run(options: argparse.Namespace) -> int:
    """Runs the stack until SIGINT or SIGTERM. 0 when stopped, 1 if it could not be made."""
    from localsqs.cloudformation import TemplateError

    try:
        engine = Engine(
            path=options.db,
            durability=options.durability,
            memory_limit=options.memory_limit,
            clock=SystemClock(),
            seed=options.seed,
            region=options.region,
            account=options.account,
        )
        server = engine.serve(host=options.host, port=options.port)
    except (OSError, ValueError) as error:
        print(f"localsqs up: {error}", file=sys.stderr)
        return 1
    with engine, server:
        session = _session(engine, server, options)
        try:
            with _plain_warnings():
                stack = session.start()
        except (TemplateError, OSError, ModuleNotFoundError) as error:
            print(f"localsqs up: {error}", file=sys.stderr)
            return 1
        _print_head(stack, server)
        _watch(session, plain=options.plain)
    print("stopped", flush=True)
    _end_threads()
    return 0


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings about the template are for its author: without the line of our code that noticed."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"localsqs up: warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def _end_threads() -> None:
    """Pollers end with the engine. A function may be in the midst of its work: nobody waits for that."""
    ends_at = time.monotonic() + _GRACE_SECONDS
    pollers = [thread for thread in threading.enumerate() if thread.name.startswith("localsqs-")]
    for thread in pollers:
        thread.join(max(0.0, ends_at - time.monotonic()))
    if any(thread.is_alive() for thread in pollers):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _session(engine: Engine, server: Server, options: argparse.Namespace) -> Session:
    from localsqs._up_session import Session

    # What the functions' own AWS SDKs find. Twelve digits as the access key are the account that calls.
    environment = {
        "AWS_ENDPOINT_URL_SQS": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": options.account,
        "AWS_SECRET_ACCESS_KEY": "localsqs",
    }
    return Session(
        engine,
        options.template,
        stack_name=options.stack_name,
        parameters=dict(options.parameter),
        environment=environment,
        endpoint_url=server.endpoint_url,
        processes=options.processes,
        follows_files=not options.no_reload,
        adopts=options.db is not None,
    )


def _print_head(stack: Stack, server: Server) -> None:
    print(f"localsqs up: stack {stack.name} on {server.endpoint_url}  (any credentials; stop with Ctrl-C)")
    for output in stack.outputs:
        print(f"  {output.key} = {output.value}")
    sys.stdout.flush()


def _watch(session: Session, *, plain: bool) -> None:
    """Shows the session until SIGINT or SIGTERM."""
    from localsqs._up_view import make_view

    # A list, not an Event: a handler that sets one hangs if it comes while the main thread is inside Event.wait.
    stopping: list[int] = []
    before = {number: signal.signal(number, lambda *_: stopping.append(1)) for number in _STOPPING}
    try:
        with make_view(sys.stdout, plain=plain) as view:
            while not stopping:
                view.show(session.tick(), session.snapshot())
                time.sleep(_TICK_SECONDS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"KEY=VALUE, not {text!r}")
    return key, value


def main(argv: Sequence[str] | None = None) -> int:
    """`localsqs up`, by itself."""
    parser = argparse.ArgumentParser(prog="localsqs up", description="A template's stack, until it is stopped.")
    add_arguments(parser)
    return run(parser.parse_args(argv))
