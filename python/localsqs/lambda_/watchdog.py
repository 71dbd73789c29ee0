"""Watchdog: ends handlers that use too much real time.

Virtual time does not pass while a handler computes, so a handler that hangs would hang the run. And on a SystemClock a
handler must end at its timeout. One thread for all, which sleeps until the earliest end it knows of; when an invocation
ends in time, that is only forgotten.

Python can end a thread only between two bytecodes. One that blocks inside a C function (a socket, a lock) goes on until
that returns; the watchdog then says on standard error where it hangs.
"""

from __future__ import annotations

import ctypes
import sys
from threading import Condition, Lock, Thread, get_ident
from time import monotonic

__all__ = ["HandlerHangs", "TimedOut", "watchdog"]

_REPORT_AFTER_SECONDS = 5.0
_IDLE_SECONDS = 10.0


class TimedOut(BaseException):
    """Raised in a handler at its timeout. No Exception, so that handlers do not swallow it by accident."""


class HandlerHangs(TimedOut):
    """Raised in a handler that has used too much real time in virtual time."""


# When it ends, on the monotonic clock, and what is raised then.
_Watch = tuple[float, type[BaseException]]


class Watchdog:
    """See the module. Thread-safe.

    A watch belongs to whoever takes it out of the table: `forget`, or the watchdog that raises.
    """

    def __init__(self) -> None:
        self._watches: dict[int, _Watch] = {}
        self._interrupted: dict[int, float] = {}
        self._raising = Lock()  # Held while an exception is on its way to a thread.
        self._condition = Condition()
        self._wakes_at = 0.0  # 0: there is no thread.

    def watch(self, seconds: float, kind: type[BaseException]) -> None:
        """Raises `kind` in the calling thread unless it calls `forget` within `seconds` of real time."""
        ends_at = monotonic() + seconds
        self._watches[get_ident()] = ends_at, kind
        if not 0.0 < self._wakes_at <= ends_at:
            self._wake(ends_at)

    def forget(self) -> bool:
        """The calling thread is done. True if it was done in time; else the exception was raised, or is within a few
        bytecodes, also in here. May be called again.
        """
        thread_id = get_ident()
        with self._raising:
            self._interrupted.pop(thread_id, None)
            return self._watches.pop(thread_id, None) is not None

    def _wake(self, ends_at: float) -> None:
        with self._condition:
            if not self._wakes_at:
                self._wakes_at = ends_at
                Thread(target=self._run, name="localsqs-watchdog", daemon=True).start()
            else:
                self._wakes_at = min(self._wakes_at, ends_at)
                self._condition.notify()

    def _run(self) -> None:
        with self._condition:
            while True:
                now = monotonic()
                self._interrupt_late(now)
                self._report_stuck(now)
                ends = [ends_at for ends_at, _ in list(self._watches.values())] + list(self._interrupted.values())
                self._wakes_at = min(ends, default=now + _IDLE_SECONDS)
                self._condition.wait(max(0.0, self._wakes_at - monotonic()))
                if not ends and not self._watches:
                    self._wakes_at = 0.0
                    return

    def _interrupt_late(self, now: float) -> None:
        for thread_id, watch in list(self._watches.items()):
            if watch[0] <= now:
                with self._raising:
                    self._interrupt(thread_id, watch, now)

    def _interrupt(self, thread_id: int, watch: _Watch, now: float) -> None:
        mine = self._watches.pop(thread_id, None)
        if mine is watch:
            self._interrupted[thread_id] = now + _REPORT_AFTER_SECONDS
            kind = ctypes.py_object(watch[1])
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), kind)
        elif mine is not None:
            self._watches.setdefault(thread_id, mine)  # A new one, just begun.

    def _report_stuck(self, now: float) -> None:
        for thread_id, report_at in list(self._interrupted.items()):
            if report_at <= now and self._interrupted.pop(thread_id, None) is not None:
                _report(thread_id)


def _report(thread_id: int) -> None:
    import traceback

    frame = sys._current_frames().get(thread_id)
    where = "".join(traceback.format_stack(frame)) if frame is not None else ""
    sys.stderr.write(f"localsqs: a handler does not end: it blocks where Python cannot interrupt it\n{where}")


watchdog = Watchdog()
