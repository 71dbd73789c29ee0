"""Making a boto client while a mock is open: without what a client does not need that answers from an engine.

Its session does not look for credentials, which may ask the network. Its HTTP session is made with the first request
that really goes out, as after the mock. `_boto_events` has what clients share. To the user all looks as it did.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import os
from typing import TYPE_CHECKING, Any

import botocore.endpoint
import botocore.session

from localsqs import _boto_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localsqs.patch import Mock

    Replacement = tuple[type, str, Callable[[Any], Any]]  # A class, a method, and what makes ours of the original.

__all__ = ["aio_replacements", "replacements"]

# Whether this thread or task is making a client that will answer from an engine.
_making: contextvars.ContextVar[bool] = contextvars.ContextVar("localsqs_making", default=False)


def replacements(current: Callable[[], Mock | None]) -> Iterator[Replacement]:
    """What changes in botocore."""

    def create(original: Any) -> Any:
        def create_client(self: Any, *arguments: Any, **keywords: Any) -> Any:
            token = _making.set(_creates_ours(current(), arguments, keywords))
            try:
                client = original(self, *arguments, **keywords)
                if _making.get():
                    _boto_events.share_names(client.meta.events)
                return client
            finally:
                _making.reset(token)

        return create_client

    def credentials(original: Any) -> Any:
        def get_credentials(self: Any) -> Any:
            return DeferredCredentials(self) if _defers_credentials(self) else original(self)

        return get_credentials

    yield botocore.session.Session, "create_client", create
    yield botocore.session.Session, "get_credentials", credentials
    yield botocore.endpoint.EndpointCreator, "create_endpoint", _with_lazy_session
    if _boto_events.CAN_SHARE_HANDLERS:
        yield _boto_events.Trie, "__copy__", _boto_events.copying(_making.get)


def aio_replacements(current: Callable[[], Mock | None]) -> Iterator[Replacement]:
    """What changes in aiobotocore. Its HTTP session is lazy by itself."""
    import aiobotocore.session

    def create(original: Any) -> Any:
        async def _create_client(self: Any, *arguments: Any, **keywords: Any) -> Any:
            token = _making.set(_creates_ours(current(), arguments, keywords))
            try:
                return await original(self, *arguments, **keywords)
            finally:
                _making.reset(token)

        return _create_client

    def credentials(original: Any) -> Any:
        async def get_credentials(self: Any) -> Any:
            return AsyncDeferredCredentials(self) if _defers_credentials(self) else await original(self)

        return get_credentials

    yield aiobotocore.session.AioSession, "_create_client", create
    yield aiobotocore.session.AioSession, "get_credentials", credentials


def _creates_ours(opened: Mock | None, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    name = arguments[0] if arguments else keywords.get("service_name")
    return opened is not None and name in opened.services


# --- Credentials -----------------------------------------------------------------------------------------------------


def _defers_credentials(session: Any) -> bool:
    return session._credentials is None and _making.get() and "AWS_ACCESS_KEY_ID" not in os.environ


class DeferredCredentials:
    """A session's credentials, looked up by whoever signs: a client does not while a mock is open, but may later."""

    method = "localsqs"

    def __init__(self, session: Any) -> None:
        self._session = session

    def get_frozen_credentials(self) -> Any:
        found = self._session.get_credentials()
        return None if found is None else found.get_frozen_credentials()

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        return lambda: getattr(self._session.get_credentials(), name, None)


class AsyncDeferredCredentials(DeferredCredentials):
    """The same for aiobotocore."""

    async def get_frozen_credentials(self) -> Any:
        found = await self._session.get_credentials()
        return None if found is None else await found.get_frozen_credentials()

    async def get_account_id(self) -> Any:
        found = await self._session.get_credentials()
        return None if found is None else await found.get_account_id()


# --- The HTTP session ------------------------------------------------------------------------------------------------


class LazySession:
    """An HTTP session of botocore, made when it is first used: its TLS context takes time."""

    def __init__(self, kind: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self._kind = kind
        self._arguments = arguments
        self._made: Any = None

    def _session(self) -> Any:
        # Two threads may each make one at first; the one that is not kept is empty and goes.
        if self._made is None:
            self._made = self._kind(**self._arguments)
        return self._made

    def send(self, request: Any) -> Any:
        return self._session().send(request)

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session(), name)


@functools.cache
def _session_kind(create_endpoint: Any) -> Any:
    """The HTTP session that botocore would make."""
    return inspect.signature(create_endpoint).parameters["http_session_cls"].default


def _with_lazy_session(original: Any) -> Any:
    kind = _session_kind(original)

    def create_endpoint(self: Any, *arguments: Any, **keywords: Any) -> Any:
        if _making.get():
            keywords.setdefault("http_session_cls", lambda **settings: LazySession(kind, settings))
        return original(self, *arguments, **keywords)

    return create_endpoint
