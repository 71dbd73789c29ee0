"""What changes in botocore and aiobotocore while a mock is open. See `localsqs.patch`, which imports it then.

Three classes are changed: clients get their handlers in `_make_api_call`, the one thing every call goes through; and a
session does not look for credentials to make a client with that will need none, since that asks the network.
"""

from __future__ import annotations

import contextvars
import functools
import importlib.util
import os
import threading
import types
import weakref
from typing import TYPE_CHECKING, Any

import botocore.client
import botocore.session

from localsqs import _answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.patch import Mock


# --- Changing the classes --------------------------------------------------------------------------------------------


class Patches:
    """The changes to botocore's classes, and aiobotocore's if it is installed, until `undo`."""

    def __init__(self, current: Callable[[], Mock | None]) -> None:
        self._current = current
        self._originals: list[tuple[type, str, Any, Any]] = []
        self._hooked: list[weakref.ref[Any]] = []
        self._lock = threading.Lock()
        self._replace(botocore.client.BaseClient, "_make_api_call", self._call)
        self._replace(botocore.session.Session, "create_client", self._create_client)
        self._replace(botocore.session.Session, "get_credentials", self._get_credentials)
        if _is_installed("aiobotocore"):
            self._change_aiobotocore()

    def _change_aiobotocore(self) -> None:
        import aiobotocore.client
        import aiobotocore.session

        self._replace(aiobotocore.client.AioBaseClient, "_make_api_call", self._call_async)
        self._replace(aiobotocore.session.AioSession, "_create_client", self._create_client_async)
        self._replace(aiobotocore.session.AioSession, "get_credentials", self._get_credentials_async)

    def _replace(self, kind: type, name: str, make: Callable[[Any], Any]) -> None:
        original = kind.__dict__[name]
        replacement = make(_as_function(original))
        self._originals.append((kind, name, original, replacement))
        setattr(kind, name, replacement)

    def undo(self) -> None:
        """What was there before is there again."""
        for kind, name, original, replacement in self._originals:
            # Instrumentation that came after us keeps our function, which does nothing without a mock.
            if kind.__dict__[name] is replacement:
                setattr(kind, name, original)
        for reference in self._hooked:
            client = reference()
            if client is not None:
                _answers.unhook(client, client.__dict__.pop("_localsqs_hooked"))
        self._hooked.clear()

    # --- Calls ---

    def _call(self, original: Any) -> Any:
        current, hook = self._current, self._hook

        def _make_api_call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
            opened = current()
            if opened is not None and (service := self.meta.service_model.service_name) in opened.services:
                if opened.fast and service == "sqs":
                    return _answers.answer_fast(opened, self, operation_name, api_params)
                if "_localsqs_hooked" not in self.__dict__:
                    hook(self, service, _answers.answering)
            return original(self, operation_name, api_params)

        return _make_api_call

    def _call_async(self, original: Any) -> Any:
        current, hook = self._current, self._hook

        async def _make_api_call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
            opened = current()
            if opened is not None and (service := self.meta.service_model.service_name) in opened.services:
                if opened.fast and service == "sqs":
                    return await _answers.answer_fast_async(opened, self, operation_name, api_params)
                if "_localsqs_hooked" not in self.__dict__:
                    hook(self, service, _answers.answering_async)
            return await original(self, operation_name, api_params)

        return _make_api_call

    def _hook(self, client: Any, service: str, answering: Callable[..., Any]) -> None:
        """Gives a client its handlers, once."""
        with self._lock:
            if "_localsqs_hooked" in client.__dict__:
                return
            reference = weakref.ref(client)
            _answers.hook(client, service, answering(self._current, reference, service))
            self._hooked.append(reference)
            client.__dict__["_localsqs_hooked"] = service

    # --- Credentials ---

    def _creates_ours(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
        opened = self._current()
        name = arguments[0] if arguments else keywords.get("service_name")
        return opened is not None and name in opened.services and "AWS_ACCESS_KEY_ID" not in os.environ

    def _create_client(self, original: Any) -> Any:
        creates_ours = self._creates_ours

        def create_client(self: Any, *arguments: Any, **keywords: Any) -> Any:
            token = _deferring.set(creates_ours(arguments, keywords))
            try:
                return original(self, *arguments, **keywords)
            finally:
                _deferring.reset(token)

        return create_client

    def _create_client_async(self, original: Any) -> Any:
        creates_ours = self._creates_ours

        async def _create_client(self: Any, *arguments: Any, **keywords: Any) -> Any:
            token = _deferring.set(creates_ours(arguments, keywords))
            try:
                return await original(self, *arguments, **keywords)
            finally:
                _deferring.reset(token)

        return _create_client

    def _get_credentials(self, original: Any) -> Any:
        def get_credentials(self: Any) -> Any:
            if self._credentials is None and _deferring.get():
                return DeferredCredentials(self)
            return original(self)

        return get_credentials

    def _get_credentials_async(self, original: Any) -> Any:
        async def get_credentials(self: Any) -> Any:
            if self._credentials is None and _deferring.get():
                return AsyncDeferredCredentials(self)
            return await original(self)

        return get_credentials


def _as_function(method: Any) -> Any:
    """To be called with `self`. A wrapper of instrumentation (wrapt) pretends to be one, and wants to be bound."""
    if type(method) is types.FunctionType:
        return method
    return lambda self, *arguments, **keywords: method.__get__(self, type(self))(*arguments, **keywords)


@functools.cache
def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


# Whether this thread or task is making a client that will answer from an engine.
_deferring: contextvars.ContextVar[bool] = contextvars.ContextVar("localsqs_deferring", default=False)


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
