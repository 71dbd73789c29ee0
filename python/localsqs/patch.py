"""`localsqs.mock()`: the SQS clients of boto3, botocore and aiobotocore in this process answer from an engine.

    with localsqs.mock() as engine:
        boto3.client("sqs").create_queue(QueueName="orders")

How (`localsqs._boto`): while a mock is open, an SQS client gets two handlers in botocore's own event system with its
first call. `before-parameter-build` keeps the arguments, `before-call` answers instead of the network. botocore's
validation, its other events, the user's hooks, Stubber, retries and instrumentation go on working; nothing is signed,
no socket is opened. Other services are left alone, moto may have them, unless `services` names them.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from contextvars import ContextVar

from localsqs.engine import Engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextvars import Token
    from typing import Any, TypeVar

    from localsqs import _core
    from localsqs._boto import Patches

    _Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

__all__ = ["Mock", "mock"]

_SERVICES = ("sqs", "lambda", "sns", "cloudwatch", "cloudformation", "stepfunctions")
_lock = threading.RLock()
_open: list[Mock] = []  # In order of opening.
# The mock of this thread or task. Threads that were started within a mock have none: they get the last one opened.
_here: ContextVar[Mock | None] = ContextVar("localsqs_mock", default=None)


def mock(
    engine: Engine | None = None,
    *,
    clock: _core.Clock | None = None,
    seed: int | None = None,
    fast: bool = False,
    services: Iterable[str] = ("sqs",),
) -> Mock:
    """Lets every SQS client of boto3, botocore and aiobotocore answer from an engine: made before or after.

    A context manager, which gives the engine, and a decorator of functions, coroutines, generators and test classes.
    Mocks nest: the innermost answers. A thread or task that opens one of its own uses that; other threads use the one
    that was opened last.

    Args:
        engine: Whose queues they are; a new one if None, closed at the end.
        clock, seed: Of the new engine. See Engine.
        fast: Answers without botocore's events and serialisation: about ten times quicker, but the user's hooks,
            Stubber and instrumentation see nothing. Parameters are still checked in botocore's words.
        services: Whose clients answer from the engine: "sqs", "lambda", "sns", "cloudwatch", "cloudformation",
            "stepfunctions" (see task_tokens). Those of other services go where they went before.

    Raises:
        ModuleNotFoundError: If botocore is not installed.
        ValueError: If there is no such service.

    Example:
        >>> with localsqs.mock() as engine:
        ...     url = boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="orders")["QueueUrl"]
        ...     engine.client("sqs").receive_message(QueueUrl=url).get("Messages")
    """
    if engine is not None and (clock is not None or seed is not None):
        raise ValueError("clock and seed are those of a new engine: give them, or an engine")
    if isinstance(services, str):
        raise TypeError("services is a list of names: services=['sqs', 'sns']")
    wanted = frozenset(services)
    if wanted - set(_SERVICES):
        raise ValueError(f"no service {sorted(wanted - set(_SERVICES))[0]!r}; there are {', '.join(_SERVICES)}")
    return Mock(engine, clock, seed, fast, wanted)


class Mock:
    """What `mock` gives. One may be opened again after it was closed, and then has a new engine."""

    def __init__(
        self,
        engine: Engine | None,
        clock: _core.Clock | None,
        seed: int | None,
        fast: bool,
        services: frozenset[str],
    ) -> None:
        self._given = engine
        self._clock = clock
        self._seed = seed
        self.fast = fast
        self.services = services
        self._engine: Engine | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._token: Token[Mock | None] | None = None
        self._opened_at = ""

    @property
    def engine(self) -> Engine:
        """The engine that answers.

        Raises:
            RuntimeError: Unless the mock is open.
        """
        if self._engine is None:
            raise RuntimeError("the mock is not open: with localsqs.mock() as engine: ...")
        return self._engine

    def start(self) -> Engine:
        """Opens it; `stop` closes it. For frameworks that have a set-up and a tear-down."""
        with _lock:
            if self._engine is not None:
                raise RuntimeError("the mock is open already")
            self._engine = self._given or Engine(clock=self._clock, seed=self._seed)
            self._opened_at = "".join(traceback.format_stack(limit=3)[:-1])
            if not _open:
                _patch()
            _open.append(self)
        self._token = _here.set(self)
        return self._engine

    def stop(self) -> None:
        """Closes it. What was there before is there again."""
        with _lock:
            if self._engine is None:
                return
            _open.remove(self)
            if not _open:
                _unpatch()
            engine, self._engine = self._engine, None
            self._clients.clear()
        if self._token is not None:
            try:
                _here.reset(self._token)
            except ValueError:  # Closed in another thread or task than it was opened in.
                _here.set(None)
            self._token = None
        if engine is not self._given:
            engine.close()

    def __enter__(self) -> Engine:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __call__(self, decorated: _Decorated) -> _Decorated:
        """Opens a mock for each call of a function, or of each test method of a class."""
        from localsqs._decorate import decorate

        def another() -> Mock:
            return Mock(self._given, self._clock, self._seed, self.fast, self.services)

        within: _Decorated = decorate(another, decorated)
        return within

    def client_for(self, region: str, account: str) -> Any:
        """The native client that answers for a region and an account."""
        client = self._clients.get((region, account))
        if client is None:
            client = self.engine.client("sqs", region_name=region, aws_account_id=account)
            self._clients[region, account] = client
        return client


def current() -> Mock | None:
    """The mock that answers in this thread or task, if one is open."""
    mine = _here.get()
    if mine is not None and mine._engine is not None:
        return mine
    try:
        return _open[-1]
    except IndexError:
        return None


# --- botocore --------------------------------------------------------------------------------------------------------

_patches: Patches | None = None
_environment: dict[str, str] = {}


def _patch() -> None:
    """With the first mock."""
    global _patches
    from localsqs._boto import Patches

    _patches = Patches(current)
    # boto3 makes no client without a region.
    if "AWS_DEFAULT_REGION" not in os.environ and "AWS_REGION" not in os.environ:
        _environment["AWS_DEFAULT_REGION"] = os.environ["AWS_DEFAULT_REGION"] = "us-east-1"


def _unpatch() -> None:
    """After the last one."""
    global _patches
    if _patches is not None:
        _patches.undo()
        _patches = None
    for name, value in _environment.items():
        if os.environ.get(name) == value:
            del os.environ[name]
    _environment.clear()


def _report_open_mocks() -> None:
    for left in _open:
        print(f"localsqs: a mock was never closed. It was opened at\n{left._opened_at}", file=sys.stderr)


if not TYPE_CHECKING:
    import atexit

    atexit.register(_report_open_mocks)
