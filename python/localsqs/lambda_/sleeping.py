"""`time.sleep` and `asyncio.sleep` as handlers see them.

In virtual time a handler that sleeps lets engine time pass: others go on meanwhile, and it continues at its own
instant. On a SystemClock it sleeps, but not beyond its timeout. Other threads, and everybody outside an invocation,
sleep as always. `from time import sleep` is seen to in the handler's own module, and in all that `handler_loader`
imports; other modules that did so keep the plain one.

Within `asyncio`, coroutines that sleep side by side do so at the same time: time passes when nothing else is ready.
Time limits of asyncio itself (`asyncio.wait_for`, `loop.call_later`) stay in real time.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Patch", "patch", "sleeps"]

# How a thread that runs a handler sleeps, by thread; seconds -> None. Set for the time of an invocation.
sleeps: dict[int, Callable[[float], None]] = {}


class Patch:
    """Puts them in place; may be installed more than once, and is gone when all have removed it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._installed = 0
        self._before: tuple[Any, Any] = (time.sleep, asyncio.sleep)

    def install(self) -> None:
        with self._lock:
            self._installed += 1
            if self._installed == 1:
                self._before = time.sleep, asyncio.sleep
                time.sleep, asyncio.sleep = self._sleep, self._sleep_async  # type: ignore[assignment]

    def remove(self) -> None:
        with self._lock:
            self._installed -= 1
            if self._installed == 0:
                if time.sleep == self._sleep:
                    time.sleep = self._before[0]
                if asyncio.sleep == self._sleep_async:
                    asyncio.sleep = self._before[1]

    def sleep_really(self, seconds: float) -> None:
        """What `time.sleep` did before."""
        self._before[0](seconds)

    def _sleep(self, seconds: float, /) -> None:
        sleep = sleeps.get(get_ident())
        if sleep is None:
            self._before[0](seconds)
            return
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        sleep(seconds)

    async def _sleep_async(self, delay: float, result: Any = None) -> Any:
        sleep = sleeps.get(get_ident())
        if sleep is None or delay <= 0:
            return await self._before[1](delay, result)
        await _sleepers().add(delay, sleep)
        return result

    # --- `from time import sleep` ------------------------------------------------------------------------------------

    def take_over(self, handlers: Iterable[Any]) -> list[tuple[dict[str, Any], str, Any]]:
        """Exchanges the plain functions in the handlers' modules as well. Returns what `give_back` takes."""
        plain, ours = self._before, (self._sleep, self._sleep_async)
        taken = []
        for names in {id(names): names for handler in handlers for names in _globals_of(handler)}.values():
            for name, value in list(names.items()):
                if value is plain[0] or value is plain[1]:
                    taken.append((names, name, value))
                    names[name] = ours[0] if value is plain[0] else ours[1]
        return taken

    @staticmethod
    def give_back(taken: list[tuple[dict[str, Any], str, Any]]) -> None:
        for names, name, value in taken:
            names[name] = value


def _globals_of(handler: Any) -> Iterator[dict[str, Any]]:
    """Of the module of a function, and of those it wraps; of a callable object's class."""
    while handler is not None:
        names = getattr(handler, "__globals__", None)
        if names is None and callable(handler):
            names = getattr(type(handler).__call__, "__globals__", None)
        if names is not None:
            yield names
        handler = getattr(handler, "__wrapped__", None)


patch = Patch()


class _Sleepers:
    """The coroutines of one event loop that sleep, by the moment at which each wakes, in seconds slept so far."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._slept = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None], Callable[[float], None]]] = []
        self._number = 0
        self._scheduled = False

    def add(self, delay: float, sleep: Callable[[float], None]) -> asyncio.Future[None]:
        future: asyncio.Future[None] = self._loop.create_future()
        self._number += 1
        heapq.heappush(self._waiting, (self._slept + delay, self._number, future, sleep))
        self._schedule()
        return future

    def _schedule(self) -> None:
        if not self._scheduled and self._waiting:
            self._scheduled = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        """Lets time pass if all other coroutines wait for something."""
        self._scheduled = False
        if not getattr(self._loop, "_ready", None):
            wakes, _, future, sleep = heapq.heappop(self._waiting)
            if not future.done():
                self._wake(wakes, future, sleep)
        self._schedule()

    def _wake(self, wakes: float, future: asyncio.Future[None], sleep: Callable[[float], None]) -> None:
        try:
            if wakes > self._slept:
                sleep(wakes - self._slept)
                self._slept = wakes
        except BaseException as error:
            future.set_exception(error)  # The timeout: raised where the coroutine sleeps. A callback would swallow it.
        else:
            future.set_result(None)


_by_loop: WeakKeyDictionary[Any, _Sleepers] = WeakKeyDictionary()


def _sleepers() -> _Sleepers:
    loop = asyncio.get_running_loop()
    found = _by_loop.get(loop)
    if found is None:
        found = _by_loop[loop] = _Sleepers(loop)
    return found
