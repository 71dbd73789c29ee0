"""The agenda on a clock that passes by itself: one thread that waits for the next entry, and does it.

Event source mappings have threads of their own there (`lambda_.real_time`); a run only waits for its end.
"""

from __future__ import annotations

import heapq
import sys
from threading import Condition, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs._agenda import Agenda, Entry, RunEnd

__all__ = ["RealTimeAgenda"]

# Whoever waits looks again after this time: a visibility timeout of the engine announces itself to nobody here.
_LOOK_SECONDS = 0.25


class RealTimeAgenda:
    """See the module. Thread-safe."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._heap = agenda._heap
        self._condition = Condition()
        self._thread: Thread | None = None
        self._closed = False

    def add(self, item: tuple[int, float, int, Entry]) -> None:
        with self._condition:
            heapq.heappush(self._heap, item)
            self._agenda._count(item[3], 1)
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._run, name="localsqs-agenda", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def notify(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def wait(self, span_ns: int, to_idle: bool, until: Callable[[], bool] | None) -> RunEnd:
        """Waits for idleness, for `until`, or for the end of the span, whichever comes first."""
        from localsqs._agenda import RunEnd

        started_ns = self._agenda.now_ns()
        while True:
            now_ns = self._agenda.now_ns()
            if until is not None and until():
                return RunEnd("done", started_ns, now_ns)
            if to_idle and self._agenda.idle:
                return RunEnd("idle", started_ns, now_ns)
            left_s = (started_ns + span_ns - now_ns) / 1e9
            if left_s <= 0:
                return RunEnd("limit" if to_idle else "time", started_ns, now_ns)
            with self._condition:
                if self._closed:
                    return RunEnd("stopped", started_ns, now_ns)
                self._condition.wait(min(left_s, _LOOK_SECONDS) if to_idle else left_s)

    def _run(self) -> None:
        while True:
            with self._condition:
                entry = self._next()
            if entry is None:
                return
            action = entry.action
            if action is None:
                continue
            try:
                action()
            except Exception:
                sys.excepthook(*sys.exc_info())
            # Counted only now: what is being done is not idleness.
            entry.action = None
            self._agenda._count(entry, -1)
            while sum(actor.step() for actor in list(self._agenda._actors)):
                pass
            self.notify()

    def _next(self) -> Entry | None:
        """Waits for the first entry to come due. None when the agenda is closed."""
        while not self._closed:
            if not self._heap:
                self._condition.wait()
                continue
            left_s = (self._heap[0][0] - self._agenda.now_ns()) / 1e9
            if left_s <= 0:
                return heapq.heappop(self._heap)[3]
            self._condition.wait(left_s)
        return None
