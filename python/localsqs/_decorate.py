"""A context manager around whatever can be decorated: functions, coroutines, generators, test classes."""

from __future__ import annotations

import functools
import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any


def decorate(make: Callable[[], AbstractContextManager[Any]], decorated: Any) -> Any:
    """`decorated`, run within a context of `make()` each time; of a class, each of its test methods."""
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
    """setUp and tearDown of a TestCase see the same engine as the test between them."""
    if hasattr(decorated, "run") and hasattr(decorated, "setUp"):
        decorated.run = _function(make, decorated.run)
        return decorated
    for name, member in list(vars(decorated).items()):
        if name.startswith("test") and callable(member):
            setattr(decorated, name, decorate(make, member))
    return decorated


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
