"""How a call of a boto client is answered while a mock is open: handlers of botocore's events, waiting, retries."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.hooks import first_non_none_response

from localsqs import _core, errors

if TYPE_CHECKING:
    import weakref
    from collections.abc import Awaitable, Callable

    from localsqs.engine import Engine
    from localsqs.patch import Mock

    # Takes the arguments of a call; gives HTTP status and parsed answer.
    Respond = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]

_ID = "localsqs-mock"
_METHODS = {operation: method for method, operation in _core.method_to_operation().items()}


# --- Handlers -------------------------------------------------------------------------------------------------------


def _events_of(service: str) -> tuple[str, str]:
    return f"before-parameter-build.{service}", f"before-call.{service}"


def hook(client: Any, service: str, before_call: Callable[..., Any]) -> None:
    """Registers the two handlers."""
    build, call = _events_of(service)
    client.meta.events.register(build, _keep_arguments, unique_id=f"{_ID}-{build}")
    client.meta.events.register_last(call, before_call, unique_id=f"{_ID}-{call}")


def unhook(client: Any, service: str) -> None:
    """Removes them."""
    for event in _events_of(service):
        client.meta.events.unregister(event, unique_id=f"{_ID}-{event}")


def _keep_arguments(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_ID] = params


def answering(current: Callable[[], Mock | None], client: weakref.ref[Any], service: str) -> Callable[..., Any]:
    """The handler of `before-call`: gives HTTP answer and parsed answer, or None to let the call pass."""
    # The engine that was asked last, and what answers each operation: what depends on the client alone is found once.
    # One tuple, so that threads with different mocks never mix the two.
    last: tuple[Engine | None, dict[str, Respond]] = (None, {})

    def before_call(model: Any, params: Any, request_signer: Any, context: dict[str, Any], **_: Any) -> Any:
        nonlocal last
        opened = current()
        if opened is None or service not in opened.services or _ID not in context:
            return None
        mine, engine = last, opened.engine
        if mine[0] is not engine:
            mine = last = (engine, {})
        respond = mine[1].get(model.name)
        if respond is None:
            region = context["client_region"]
            respond = mine[1][model.name] = responder(opened, service, model.name, region, request_signer)
        status, parsed = respond(context[_ID])
        attempts = 1
        while status >= 300:
            delay = _retry_delay(client(), service, model, params, HttpAnswer(status, parsed), parsed, attempts)
            if delay is None:
                break
            _wait(engine, delay)
            attempts += 1
            status, parsed = _counted(respond(context[_ID]), attempts)
        return HttpAnswer(status, parsed), parsed

    return before_call


def answering_async(current: Callable[[], Mock | None], client: weakref.ref[Any], service: str) -> Callable[..., Any]:
    """The same for aiobotocore."""

    async def before_call(model: Any, params: Any, request_signer: Any, context: dict[str, Any], **_: Any) -> Any:
        opened = current()
        if opened is None or service not in opened.services or _ID not in context:
            return None
        region = context["client_region"]

        async def respond() -> tuple[int, dict[str, Any]]:
            if service == "sqs" and _may_wait(opened.engine, model.name, context[_ID]):
                return await _receive_in_thread(opened, region, request_signer, context[_ID])
            if model.name == "ReceiveMessage":
                await asyncio.sleep(0)  # A poll that moves the clock at once: others get their turn first.
            return responder(opened, service, model.name, region, request_signer)(context[_ID])

        status, parsed = await respond()
        attempts = 1
        while status >= 300:
            http = HttpAnswer(status, parsed)
            delay = await _retry_delay_async(client(), service, model, params, http, parsed, attempts)
            if delay is None:
                break
            await _wait_async(opened.engine, delay)
            attempts += 1
            status, parsed = _counted(await respond(), attempts)
        return HttpAnswer(status, parsed), parsed

    return before_call


class HttpAnswer(AWSResponse):  # type: ignore[misc]
    """What botocore knows of an HTTP answer; there was none."""

    url = ""
    raw = None
    _content = b""

    def __init__(self, status: int, parsed: dict[str, Any]) -> None:
        self.status_code = status
        self._parsed = parsed

    @property
    def headers(self) -> Any:
        return HeadersDict(self._parsed["ResponseMetadata"]["HTTPHeaders"])


def _counted(response: tuple[int, dict[str, Any]], attempts: int) -> tuple[int, dict[str, Any]]:
    response[1]["ResponseMetadata"]["RetryAttempts"] = attempts - 1
    return response


# --- Answers ---------------------------------------------------------------------------------------------------------


def responder(opened: Mock, service: str, operation: str, region: str, signer: Any) -> Respond:
    """What answers an operation of a client."""
    account = account_of(getattr(signer, "_credentials", None), opened.engine)
    if service != "sqs":
        return _neighbour(opened.engine, service, operation, region, account)
    call = getattr(opened.client_for(region, account), _METHODS[operation])
    client_error = errors.ClientError

    def respond(arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            return 200, call(**arguments)
        except client_error as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response

    return respond


def _neighbour(engine: Engine, service: str, operation: str, region: str, account: str) -> Respond:
    answering = engine._service(service)
    if operation not in answering.model.operation_names:
        raise NotImplementedError(
            f"localsqs has no operation {operation} of {service}; "
            "without this service among mock(services=...) it goes to AWS, or to moto"
        )
    return lambda arguments: answering.respond(operation, arguments, region, account)


def account_of(credentials: Any, engine: Engine) -> str:
    """A 12-digit access key names the account. Keys that are looked up (SSO, instance roles) are not asked for."""
    key = getattr(credentials, "_access_key", None) or getattr(credentials, "__dict__", {}).get("access_key")
    return key if isinstance(key, str) and len(key) == 12 and key.isdigit() else engine.account


def answer_fast(opened: Mock, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    account = account_of(getattr(client._request_signer, "_credentials", None), opened.engine)
    native = opened.client_for(client.meta.region_name, account)
    try:
        return getattr(native, _METHODS[operation])(**arguments)
    except errors.ClientError as error:
        raise _error_for(client, error.response, operation) from None


async def answer_fast_async(opened: Mock, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    if not _may_wait(opened.engine, operation, arguments):
        if operation == "ReceiveMessage":
            await asyncio.sleep(0)
        return answer_fast(opened, client, operation, arguments)
    signer = client._request_signer
    status, parsed = await _receive_in_thread(opened, client.meta.region_name, signer, arguments)
    if status >= 300:
        raise _error_for(client, parsed, operation)
    return parsed


def _error_for(client: Any, response: dict[str, Any], operation: str) -> BaseException:
    error = response["Error"]
    shape = error.get("QueryErrorCode") or error["Code"]
    made: BaseException = client.exceptions.from_code(shape)(response, operation)
    return made


# --- Waiting ---------------------------------------------------------------------------------------------------------


def _may_wait(engine: Engine, operation: str, arguments: dict[str, Any]) -> bool:
    """Whether a call may take real time: a long poll does, unless it moves the clock."""
    if operation != "ReceiveMessage" or arguments.get("WaitTimeSeconds") == 0:
        return False
    return not getattr(engine.clock, "auto_advance", False)


async def _receive_in_thread(
    opened: Mock, region: str, signer: Any, arguments: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """A long poll in a thread of its own, so that any number may wait. One that is cancelled takes no message."""
    account = account_of(getattr(signer, "_credentials", None), opened.engine)
    native = opened.engine.client("sqs", region_name=region, aws_account_id=account)
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            try:
                answer.set_result((200, native.receive_message(**arguments)))
            except errors.ClientError as error:
                answer.set_result((error.response["ResponseMetadata"]["HTTPStatusCode"], error.response))
        except BaseException as error:
            answer.set_exception(error)

    answer.set_running_or_notify_cancel()  # From here on it cannot be cancelled, only given up.
    threading.Thread(target=work, name="localsqs-receive", daemon=True).start()
    try:
        status, parsed = await asyncio.wrap_future(answer)
    except asyncio.CancelledError:
        native.give_up()
        raise
    return status, parsed


def _wait(engine: Engine, seconds: float) -> None:
    """Before a retry. On a clock that tests move the wait is engine time."""
    if hasattr(engine.clock, "sleep"):
        engine.clock.sleep(seconds)
    else:
        time.sleep(seconds)


async def _wait_async(engine: Engine, seconds: float) -> None:
    if hasattr(engine.clock, "sleep"):
        engine.clock.sleep(seconds)
        seconds = 0
    await asyncio.sleep(seconds)


# --- Retries, as the client's own configuration has them --------------------------------------------------------------


def _retry_delay(
    client: Any, service: str, model: Any, params: Any, http: Any, parsed: Any, attempts: int
) -> float | None:
    """Seconds until the next try; None to try no more."""
    if client is None:
        return None
    responses = client.meta.events.emit(**_retry_event(client, service, model, params, http, parsed, attempts))
    return _first_delay(responses)


async def _retry_delay_async(
    client: Any, service: str, model: Any, params: Any, http: Any, parsed: Any, attempts: int
) -> float | None:
    if client is None:
        return None
    event = _retry_event(client, service, model, params, http, parsed, attempts)
    emitted: Awaitable[Any] = client.meta.events.emit(**event)
    return _first_delay(await emitted)


def _retry_event(
    client: Any, service: str, model: Any, params: Any, http: Any, parsed: Any, attempts: int
) -> dict[str, Any]:
    return {
        "event_name": f"needs-retry.{service}.{model.name}",
        "response": (http, parsed),
        "endpoint": client._endpoint,
        "operation": model,
        "attempts": attempts,
        "caught_exception": None,
        "request_dict": params,
    }


def _first_delay(responses: Any) -> float | None:
    delay = first_non_none_response(responses)
    return None if delay is None or delay is False else float(delay)
