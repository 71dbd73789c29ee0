"""`localsqs.mock()`: the SQS clients of boto3, botocore and aiobotocore in this process answer from an engine.

    with localsqs.mock() as engine:
        boto3.client("sqs").create_queue(QueueName="orders")

How: while a mock is open, an SQS client gets two handlers in botocore's own event system with its first call.
`before-parameter-build` keeps the arguments, `before-call` answers instead of the network. botocore's validation, its
other events, the user's hooks, Stubber and instrumentation go on working; nothing is signed, no socket is opened.
Other services are left alone: moto may have them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from contextvars import ContextVar

from localsqs import errors
from localsqs.engine import Engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token
    from types import TracebackType
    from typing import Any, TypeVar

    from localsqs import _core

    _Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

__all__ = ["Mock", "mock"]

_ID = "localsqs-mock"
_BUILD, _CALL = "before-parameter-build.sqs", "before-call.sqs"
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

    Raises:
        ModuleNotFoundError: If botocore is not installed.

    Example:
        >>> with localsqs.mock() as engine:
        ...     url = boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="orders")["QueueUrl"]
        ...     engine.client("sqs").receive_message(QueueUrl=url).get("Messages")
    """
    if engine is not None and (clock is not None or seed is not None):
        raise ValueError("clock and seed are those of a new engine: give them, or an engine")
    return Mock(engine, clock, seed, fast)


class Mock:
    """What `mock` gives. One may be opened again after it was closed, and then has a new engine."""

    def __init__(self, engine: Engine | None, clock: _core.Clock | None, seed: int | None, fast: bool) -> None:
        self._given = engine
        self._clock = clock
        self._seed = seed
        self._fast = fast
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __call__(self, decorated: _Decorated) -> _Decorated:
        """Opens a mock for each call of a function, or of each test method of a class."""
        from localsqs._decorate import decorate

        within: _Decorated = decorate(lambda: Mock(self._given, self._clock, self._seed, self._fast), decorated)
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

_originals: dict[type, Any] = {}
_hooked: list[Any] = []  # Weak references to clients that have our handlers.
_environment: dict[str, str] = {}


def _patch() -> None:
    """With the first mock: clients get their handlers in `_make_api_call`, the one thing every call goes through."""
    import botocore.client

    _replace(botocore.client.BaseClient, _call)
    if _is_installed("aiobotocore"):
        import aiobotocore.client

        _replace(aiobotocore.client.AioBaseClient, _call_async)
    # boto3 makes no client without a region.
    if "AWS_DEFAULT_REGION" not in os.environ and "AWS_REGION" not in os.environ:
        _environment["AWS_DEFAULT_REGION"] = os.environ["AWS_DEFAULT_REGION"] = "us-east-1"


def _is_installed(module: str) -> bool:
    from importlib.util import find_spec

    return module in sys.modules or find_spec(module) is not None


def _replace(kind: type, make: Callable[[Any], Any]) -> None:
    original = kind.__dict__["_make_api_call"]
    _originals[kind] = original
    kind._make_api_call = make(original)  # type: ignore[attr-defined]


def _unpatch() -> None:
    for kind, original in _originals.items():
        # Instrumentation that came after us keeps our function, which does nothing without a mock.
        if getattr(kind.__dict__["_make_api_call"], "_localsqs", False):
            kind._make_api_call = original  # type: ignore[attr-defined]
    _originals.clear()
    for reference in _hooked:
        client = reference()
        if client is not None:
            _unhook(client)
    _hooked.clear()
    for name, value in _environment.items():
        if os.environ.get(name) == value:
            del os.environ[name]
    _environment.clear()


def _is_sqs(client: Any) -> bool:
    return bool(client.meta.service_model.service_name == "sqs")


def _call(original: Any) -> Any:
    def _make_api_call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        opened = current() if _is_sqs(self) else None
        if opened is None:
            return original(self, operation_name, api_params)
        if opened._fast:
            return _answer_fast(opened, self, operation_name, api_params)
        _hook(self, _answer)
        return original(self, operation_name, api_params)

    _make_api_call._localsqs = True  # type: ignore[attr-defined]
    return _make_api_call


def _call_async(original: Any) -> Any:
    async def _make_api_call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        if _is_sqs(self) and current() is not None:
            _hook(self, _answer_async)
        return await original(self, operation_name, api_params)

    _make_api_call._localsqs = True  # type: ignore[attr-defined]
    return _make_api_call


def _hook(client: Any, answer: Callable[..., Any]) -> None:
    if "_localsqs_hooked" in client.__dict__:
        return
    import weakref

    with _lock:
        client.__dict__["_localsqs_hooked"] = True
        reference = weakref.ref(client)
        _hooked.append(reference)

    def before_call(**event: Any) -> Any:
        return answer(reference(), **event)

    events = client.meta.events
    events.register(_BUILD, _keep_arguments, unique_id=f"{_ID}-{_BUILD}")
    events.register_last(_CALL, before_call, unique_id=f"{_ID}-{_CALL}")


def _unhook(client: Any) -> None:
    client.__dict__.pop("_localsqs_hooked", None)
    events = client.meta.events
    for event in (_BUILD, _CALL):
        events.unregister(event, unique_id=f"{_ID}-{event}")


# --- Answers ---------------------------------------------------------------------------------------------------------

_kept: dict[str, dict[str, str]] = {}


def _method_of(operation: str) -> str:
    if "methods" not in _kept:
        from localsqs import _core

        _kept["methods"] = {name: method for method, name in _core.method_to_operation().items()}
    return _kept["methods"][operation]


def _keep_arguments(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_ID] = params


def _account_of(credentials: Any, engine: Engine) -> str:
    # A 12-digit access key names the account. Keys that are looked up (SSO, instance roles) are not asked for.
    key = getattr(credentials, "_access_key", None) or getattr(credentials, "__dict__", {}).get("access_key")
    return key if isinstance(key, str) and len(key) == 12 and key.isdigit() else engine.account


def _native(opened: Mock, region: str, signer: Any) -> Any:
    return opened.client_for(region, _account_of(getattr(signer, "_credentials", None), opened.engine))


def _answer(client: Any, model: Any, params: Any, request_signer: Any, context: dict[str, Any], **_: Any) -> Any:
    """`before-call`: (HTTP answer, parsed answer), or None to let the call pass."""
    opened = current()
    if opened is None or _ID not in context:
        return None
    call = getattr(_native(opened, context["client_region"], request_signer), _method_of(model.name))
    attempts = 0
    while True:
        attempts += 1
        answer = _perform(call, context[_ID], attempts)
        delay = _retry_delay(client, model, params, answer, attempts)
        if delay is None:
            return answer
        _wait(opened.engine, delay)


async def _answer_async(client: Any, model: Any, **event: Any) -> Any:
    if model.name == "ReceiveMessage":  # It may wait: not on the event loop's thread.
        import asyncio

        return await asyncio.to_thread(_answer, client, model, **event)
    return _answer(client, model, **event)


def _perform(call: Callable[..., Any], arguments: dict[str, Any], attempts: int) -> tuple[Any, dict[str, Any]]:
    from botocore.awsrequest import AWSResponse

    try:
        parsed = call(**arguments)
    except errors.ClientError as error:
        parsed = error.response
    metadata = parsed["ResponseMetadata"]
    metadata["RetryAttempts"] = attempts - 1
    return AWSResponse("", metadata["HTTPStatusCode"], metadata["HTTPHeaders"], None), parsed


def _retry_delay(client: Any, model: Any, params: Any, answer: Any, attempts: int) -> float | None:
    """Seconds until the next try, as the client's own configuration of retries has it; None to try no more."""
    if answer[0].status_code < 300 or client is None or hasattr(client, "__aenter__"):  # aiobotocore
        return None
    from botocore.hooks import first_non_none_response

    responses = client.meta.events.emit(
        f"needs-retry.sqs.{model.name}",
        response=answer,
        endpoint=client._endpoint,
        operation=model,
        attempts=attempts,
        caught_exception=None,
        request_dict=params,
    )
    delay = first_non_none_response(responses)
    return None if delay is None else float(delay)


def _wait(engine: Engine, seconds: float) -> None:
    """On a clock that tests move the wait is engine time."""
    if hasattr(engine.clock, "advance"):
        engine.clock.advance(seconds=seconds)
    else:
        time.sleep(seconds)


def _answer_fast(opened: Mock, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    native = _native(opened, client.meta.region_name, client._request_signer)
    try:
        return getattr(native, _method_of(operation))(**arguments)
    except errors.ClientError as error:
        shape = error.response["Error"].get("QueryErrorCode") or error.response["Error"]["Code"]
        raise client.exceptions.from_code(shape)(error.response, operation) from None


def _report_open_mocks() -> None:
    for left in _open:
        print(f"localsqs: a mock was never closed. It was opened at\n{left._opened_at}", file=sys.stderr)


if not TYPE_CHECKING:
    import atexit

    atexit.register(_report_open_mocks)
