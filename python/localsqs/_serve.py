"""`localsqs serve`: the endpoint, until it is stopped."""

from __future__ import annotations

import argparse
import signal
import sys

from localsqs import Engine, ManualClock, SystemClock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Printed once it listens: what to do with it, for the clients that most people have.
_HOW_TO = """localsqs listens on {url}  ({access}; stop with Ctrl-C)

  boto3    boto3.client("sqs", endpoint_url="{url}")
  aws cli  aws --endpoint-url {url} sqs list-queues
  any SDK  export AWS_ENDPOINT_URL_SQS={url}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `localsqs serve`."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=9324, help="port; 0 takes a free one (default: 9324)")
    parser.add_argument("--region", default="us-east-1", help="of callers whose signature names none")
    parser.add_argument("--account", default="000000000000", help="of callers whose access key names none")
    add_store_arguments(parser)
    parser.add_argument("--clock", choices=["system", "manual"], default="system")
    parser.add_argument("--seed", type=int, help="of message ids and everything else random")
    parser.add_argument("--strict", action="store_true", help="the 60-second rules after DeleteQueue and PurgeQueue")
    parser.add_argument("--threads", type=int, default=1, help="that serve connections (default: 1)")
    parser.add_argument(
        "--insecure", action="store_true", help="allow a --host that others can reach, without --credentials"
    )
    parser.add_argument("--credentials", metavar="FILE", help="access keys: requests must be signed, policies hold")
    parser.add_argument("--tls-cert", metavar="FILE", help="PEM certificate chain: HTTPS")
    parser.add_argument("--tls-key", metavar="FILE", help="its PEM key")
    parser.add_argument("--external-url", metavar="URL", help="base of the queue URLs handed out")
    parser.add_argument("--log", action="store_true", help="a line a request to standard error")


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the queues are kept: db, durability, memory_limit."""
    parser.add_argument("--db", metavar="FILE", help="keep the queues in this file (default: in memory)")
    parser.add_argument(
        "--durability",
        choices=["commit", "interval", "os"],
        default="commit",
        help="of --db: an answer means committed, synced within 5 ms, or left to the system (default: commit)",
    )
    parser.add_argument(
        "--memory-limit",
        metavar="SIZE",
        type=_size,
        help="of --db: bodies kept in memory, as 256M; what is beyond is in the file only (default: all)",
    )


def _size(text: str) -> int:
    """Bytes, or so many KiB, MiB or GiB: "256M"."""
    number, shift = (text[:-1], 10 * (1 + "KMG".index(text[-1]))) if text[-1:] in ("K", "M", "G") else (text, 0)
    if not (number.isascii() and number.isdigit()) or not 1 <= int(number) << shift < 2**63:
        raise argparse.ArgumentTypeError(f"a size is bytes, or as 256M or 1G, not {text!r}")
    return int(number) << shift


def run(options: argparse.Namespace) -> int:
    """Serves until SIGINT or SIGTERM. 0 when stopped, 1 if it could not listen."""
    # Blocked in every thread made from here on, and waited for below. A handler that set an Event would hang if it
    # came while the main thread is inside Event.wait and holds its lock.
    stopping = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    try:
        engine = Engine(
            path=options.db,
            durability=options.durability,
            memory_limit=options.memory_limit,
            clock=ManualClock(limit=None) if options.clock == "manual" else SystemClock(),
            seed=options.seed,
            region=options.region,
            account=options.account,
            strict=options.strict,
        )
        server = engine.serve(
            host=options.host,
            port=options.port,
            threads=options.threads,
            insecure=options.insecure,
            credentials=options.credentials,
            tls_cert=options.tls_cert,
            tls_key=options.tls_key,
            external_url=options.external_url,
            log=options.log,
        )
    except (OSError, ValueError) as error:
        print(f"localsqs serve: {error}", file=sys.stderr)
        return 1
    with engine, server:
        access = "signed requests only" if options.credentials else "any credentials"
        print(_HOW_TO.format(url=server.endpoint_url, access=access), flush=True)
        signal.sigwait(stopping)
    print("stopped")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """`localsqs serve`, by itself."""
    parser = argparse.ArgumentParser(prog="localsqs serve", description="The endpoint, until it is stopped.")
    add_arguments(parser)
    return run(parser.parse_args(argv))
