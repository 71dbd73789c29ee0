"""What changes in botocore and aiobotocore while a mock is open. See `localsqs.patch`, which imports it then.

Clients get their handlers in `_make_api_call`, the one thing every call goes through. `localsqs._boto_making` has what
changes where clients are made.
"""

from __future__ import annotations

import functools
import importlib.util
import threading
import types
import weakref
from typing import TYPE_CHECKING, Any

import botocore.client

from localsqs import _answers, _boto_making

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
        for replacement in _boto_making.replacements(current):
            self._replace(*replacement)
        if _is_installed("aiobotocore"):
            self._change_aiobotocore()

    def _change_aiobotocore(self) -> None:
        import aiobotocore.client

        self._replace(aiobotocore.client.AioBaseClient, "_make_api_call", self._call_async)
        for replacement in _boto_making.aio_replacements(self._current):
            self._replace(*replacement)

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


def _as_function(method: Any) -> Any:
    """To be called with `self`. A wrapper of instrumentation (wrapt) pretends to be one, and wants to be bound."""
    if type(method) is types.FunctionType:
        return method
    return lambda self, *arguments, **keywords: method.__get__(self, type(self))(*arguments, **keywords)


@functools.cache
def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
