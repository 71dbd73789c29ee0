"""A context manager around whatever can be decorated: functions, coroutines, generators, test classes."""

from __future__ import annotations

import contextlib
import functools
import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any


def decorate(make: Callable[[], AbstractContextManager[Any]], decorated: Any) -> Any:
    """`decorated`, run within a context of `make()` each time; of a class, each of its tests with its set-up."""
    if isinstance(decorated, type):
        return _class(make, decorated)
    if inspect.isasyncgenfunction(decorated):
        return _async_generator(make, decorated)
    if inspect.iscoroutinefunction(decorated):
        return _coroutine(make, decorated)
    if inspect.isgeneratorfunction(decorated):
        return _generator(make, decorated)
    return _function(make, decorated)


def _class(make: Callable[[], AbstractContextManager[Any]], decorated: type) -> type:
    """What sets a test up and what tidies up after it see the same engine as the test between them."""
    if hasattr(decorated, "run") and hasattr(decorated, "setUp"):
        decorated.run = _function(make, decorated.run)
        return decorated
    for name, member in list(vars(decorated).items()):
        if name.startswith("test") and inspect.isfunction(member):
            setattr(decorated, name, _test(make, member))
    _set_up(make, decorated)
    return decorated


# Where an object of a decorated class has the context that its setup_method opened.
_OPEN = "_localsqs_open"


def _test(make: Callable[[], AbstractContextManager[Any]], method: Callable[..., Any]) -> Any:
    """A context of its own, for whoever calls the method without pytest."""

    def opened(self: Any) -> AbstractContextManager[Any]:
        return contextlib.nullcontext() if _OPEN in self.__dict__ else make()

    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def within_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            with opened(self):
                return await method(self, *args, **kwargs)

        return within_async

    @functools.wraps(method)
    def within(self: Any, *args: Any, **kwargs: Any) -> Any:
        with opened(self):
            return method(self, *args, **kwargs)

    return within


def _set_up(make: Callable[[], AbstractContextManager[Any]], decorated: Any) -> None:
    """pytest calls setup_method before the fixtures of the class, and teardown_method after them."""
    before, after = (getattr(decorated, name, None) for name in ("setup_method", "teardown_method"))

    def setup_method(self: Any, method: Any = None) -> None:
        context = make()
        context.__enter__()
        self.__dict__[_OPEN] = context
        try:
            _call_with_optional(before, self, method)
        except BaseException:
            self.__dict__.pop(_OPEN).__exit__(None, None, None)  # pytest tears nothing down then.
            raise

    def teardown_method(self: Any, method: Any = None) -> None:
        try:
            _call_with_optional(after, self, method)
        finally:
            self.__dict__.pop(_OPEN).__exit__(None, None, None)

    decorated.setup_method, decorated.teardown_method = setup_method, teardown_method


def _call_with_optional(function: Any, self: Any, method: Any) -> None:
    """With the test method, if it takes it, as pytest does."""
    if function is not None:
        function(self, *[method][: len(inspect.signature(function).parameters) - 1])


def _function(make: Callable[[], AbstractContextManager[Any]], function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    def within(*args: Any, **kwargs: Any) -> Any:
        with make():
            return function(*args, **kwargs)

    return within


def _coroutine(make: Callable[[], AbstractContextManager[Any]], function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    async def within(*args: Any, **kwargs: Any) -> Any:
        with make():
            return await function(*args, **kwargs)

    return within


def _generator(make: Callable[[], AbstractContextManager[Any]], function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    def within(*args: Any, **kwargs: Any) -> Any:
        with make():
            return (yield from function(*args, **kwargs))

    return within


def _async_generator(make: Callable[[], AbstractContextManager[Any]], function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    async def within(*args: Any, **kwargs: Any) -> Any:
        with make():
            async for value in function(*args, **kwargs):
                yield value

    return within
