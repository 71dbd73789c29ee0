"""The poller on a SystemClock: some threads, each with one batch at a time, as the pollers of the service.

A thread waits in a long poll. It takes what has come, runs the function in the same thread, deletes, and polls again.
"""

from __future__ import annotations

import atexit
import math
import sys
import weakref
from threading import Event, Lock, Thread, current_thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.batch import Gathering
from localsqs.lambda_.poller import Poller, retry_delay_s

if TYPE_CHECKING:
    from localsqs.lambda_.batch import Batch
    from localsqs.lambda_.event import Record
    from localsqs.lambda_.invocation import Invocation
    from localsqs.lambda_.outcome import Outcome

__all__ = ["RealTimePoller"]

_LONG_POLL_S = 20
_THREADS = 5
_THREADS_MAX = 100
# After an error of the queue: it may have been deleted, and may come back.
_PAUSE_S = 1.0
_JOIN_SECONDS = 1.0


class RealTimePoller(Poller):
    """See the module."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._lock = Lock()
        self._stop = Event()
        self._stop.set()
        self._threads: list[Thread] = []
        _close_at_exit(self)

    @property
    def idle(self) -> bool:
        return not self.in_progress and (not self.enabled or not any(self.counts()))

    def step(self) -> bool:
        """Its threads do the work."""
        return False

    def start(self) -> None:
        """Begins to poll; does nothing if it does already."""
        if not self._stop.is_set():
            return
        self._stop = Event()
        count = min(self.settings.maximum_concurrency or _THREADS, _THREADS_MAX)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for number in range(count):
            name = f"localsqs-{self.queue_name}-{number}"
            thread = Thread(target=self._work, args=(self._stop,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self) -> None:
        """Waits a moment for its threads, once the engine is closed. One in a handler may need longer."""
        ends_at = monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            if thread is not current_thread():
                thread.join(max(0.0, ends_at - monotonic()))

    def drop(self) -> None:
        """Polls no more. Receives in progress end with their long poll; what they receive is still handled."""
        self._stop.set()

    # --- A thread ----------------------------------------------------------------------------------------------------

    def _work(self, stop: Event) -> None:
        while not stop.is_set():
            try:
                for batch in self._next_batches():
                    self._run_or_retry(batch, stop)
            except self._client.exceptions.ClientError:
                if self.engine.closed:
                    return
                stop.wait(_PAUSE_S)
            except BaseException:  # pytest.fail() in a handler, say. The thread goes on.
                if self.engine.closed:
                    return
                sys.excepthook(*sys.exc_info())
            self._agenda.notify()

    def _next_batches(self) -> list[Batch]:
        size = self.settings.batch_size
        records = self.admit(self.receive(min(10, size), _LONG_POLL_S))
        if not records:
            return []
        return self._gather(records) if self.settings.window_s else self.batches(records)

    def _gather(self, records: list[Record]) -> list[Batch]:
        """Receives on until the window ends or the batch is full."""
        now_ns = self._agenda.now_ns()
        ends_ns = now_ns + self.settings.window_s * 1_000_000_000
        gathering = Gathering(self.settings.batch_size, now_ns)
        full: list[Batch] = []
        while True:
            for record in records:
                if not gathering.add(record):
                    full.append(gathering.close())
                    gathering = Gathering(self.settings.batch_size, self._agenda.now_ns())
                    gathering.add(record)
            left_s = (ends_ns - self._agenda.now_ns()) / 1e9
            if left_s <= 0 or gathering.room == 0 or full or self.engine.closed:
                return [*full, gathering.close()]
            records = self.admit(self.receive(min(10, gathering.room), min(_LONG_POLL_S, math.ceil(left_s))))

    def _run_or_retry(self, batch: Batch, stop: Event) -> None:
        ends_ns = batch.received_ns + round(self.visibility_timeout_s() * 1e9)
        while not self.run(batch):
            left_s = (ends_ns - self._agenda.now_ns()) / 1e9
            if stop.wait(max(0.0, min(left_s, retry_delay_s(batch.attempts)))) or left_s <= 0:
                return

    # --- Several threads at a time -----------------------------------------------------------------------------------

    def _begin(self, batch: Batch) -> Invocation:
        with self._lock:
            return super()._begin(batch)

    def _ended(self, batch: Batch, invocation: Invocation) -> None:
        with self._lock:
            super()._ended(batch, invocation)

    def _complete(self, batch: Batch, invocation: Invocation, outcome: Outcome) -> None:
        with self._lock:
            super()._complete(batch, invocation, outcome)


# --- The end of the program ------------------------------------------------------------------------------------------

_pollers: weakref.WeakSet[RealTimePoller] = weakref.WeakSet()


def _close_at_exit(poller: RealTimePoller) -> None:
    if not _pollers:
        atexit.unregister(_close_all)
        atexit.register(_close_all)
    _pollers.add(poller)


def _close_all() -> None:
    """A thread that is in a long poll when the interpreter goes away would end the process with an error."""
    pollers = list(_pollers)
    for poller in pollers:
        poller.engine.close()
