"""Threads that take turns, so that several handlers can be in progress while only one runs at a time.

In virtual time a handler that sleeps lets the rest of the world go on: time passes, other handlers run, and it
continues at its own instant. Its stack must be kept meanwhile, so it needs a thread. One that never sleeps needs none:
it runs as a plain call of whoever leads.

    lead       the one carrier that does the turns of the agenda. When the handler it runs goes to sleep, another
               carrier takes the lead, with a call stack of its own.
    sleeper    a carrier in a handler that sleeps. When its instant comes the lead lets it run and waits; when it sleeps
               again, or its turn is over, the lead goes on.
    idle       a carrier without work; the next lead.

Exactly one carrier runs at any time: it holds the baton, and hands it on by name. So the order of everything is that of
the agenda, whatever the scheduler of the system does.
"""

from __future__ import annotations

from threading import Lock, Thread, get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Carriers", "Closed"]

# A thread that nobody has needed for so long (real time) ends; an engine that is never closed leaves none behind.
_IDLE_SECONDS = 5.0


class Closed(BaseException):
    """Raised where a handler sleeps when its engine is closed. No Exception, so that handlers do not swallow it."""


class _Carrier:
    """A thread that may hold the baton."""

    def __init__(self) -> None:
        self.thread_id = get_ident()
        self.asleep = False
        self._baton = Lock()
        self._baton.acquire()

    def wake(self) -> None:
        self._baton.release()

    def wait(self, seconds: float = -1) -> bool:
        return self._baton.acquire(timeout=seconds)


class Carriers:
    """The carriers of one agenda. See the module.

    Args:
        turn: Does one thing: an entry, a step, a move of the clock. Calls `finish` when the run is over.
    """

    def __init__(self, turn: Callable[[], None]) -> None:
        self._turn = turn
        self._owner: _Carrier | None = None  # Whose run it is.
        self._lead: _Carrier | None = None
        self._holder: _Carrier | None = None  # Who has the baton.
        self._idle: list[_Carrier] = []
        self._sleepers: list[_Carrier] = []
        self._finished = False
        self._closed = False
        self._error: BaseException | None = None
        self._interrupt: BaseException | None = None

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return self._owner is not None

    @property
    def owner_asleep(self) -> bool:
        """Whether the thread that called `run` is in a handler that sleeps: the run cannot end now."""
        return self._owner is not None and self._owner.asleep

    @property
    def held_here(self) -> bool:
        """Whether the calling thread is the one whose turn it is."""
        return self._holder is not None and self._holder.thread_id == get_ident()

    # --- A run -------------------------------------------------------------------------------------------------------

    def run(self, *, inline: bool) -> None:
        """Takes turns until one of them calls `finish`.

        Args:
            inline: The calling thread takes them as well, so handlers run in it; the run then lasts until none of its
                own handlers is asleep. Otherwise it only waits, and handlers may be left asleep for the next run.

        Raises:
            RuntimeError: If a run is in progress.
            Exception: What a turn raised.
        """
        if self.running:
            raise RuntimeError("the engine is being run already: a handler cannot run it, nor can another thread")
        owner = self._owner = _Carrier()
        self._finished, self._error, self._interrupt = False, None, None
        try:
            if inline:
                self._lead = self._holder = owner
                self._take_turns(owner)
            else:
                self._lead = self._idle_or_new()
                self._switch(self._lead, owner)
        finally:
            self._owner = self._lead = self._holder = None
        error = self._interrupt or self._error
        if error is not None:
            raise error

    def finish(self) -> None:
        """The run ends after this turn, or as soon as its owner is awake."""
        self._finished = True

    def _take_turns(self, me: _Carrier) -> None:
        """Until this carrier is needed no more: the owner when its run is over, a thread when it ends."""
        while True:
            if self._lead is not me and not self._await_lead(me):
                return
            if self._over():
                if me is self._owner or not self._end_run(me):
                    return
                continue
            try:
                self._turn()
            except BaseException as error:
                self._error = self._error or error
                self._finished = True

    def _over(self) -> bool:
        return (self._finished or self._interrupt is not None) and not self.owner_asleep

    def _await_lead(self, me: _Carrier) -> bool:
        """Gives the baton back to the lead. True when this carrier is to lead, False when it is needed no more."""
        assert self._lead is not None
        if self._closed:
            self._hand_over(self._lead)
            return False
        self._idle.append(me)
        self._hand_over(self._lead)
        return self._wait_idle(me)

    def _end_run(self, me: _Carrier) -> bool:
        """The lead is not the owner, which may return now: gives it the baton for good. True as for `_await_lead`."""
        owner = self._owner
        assert owner is not None
        if owner in self._idle:
            self._idle.remove(owner)
        self._idle.append(me)
        self._lead = None
        self._hand_over(owner)
        return self._wait_idle(me)

    def _wait_idle(self, me: _Carrier) -> bool:
        if me is self._owner:
            self._wait(me)
            return self._lead is me
        while not me.wait(_IDLE_SECONDS):
            try:
                self._idle.remove(me)
            except ValueError:
                continue  # Just chosen: the baton is on its way.
            return False
        return self._lead is me

    # --- Sleeping ----------------------------------------------------------------------------------------------------

    def sleep(self, schedule: Callable[[Callable[[], None]], object]) -> None:
        """Called by a handler: others run until the action handed to `schedule` has been done by the agenda.

        Raises:
            Closed: If the engine is closed meanwhile.
        """
        me = self._holder
        assert me is not None
        assert me.thread_id == get_ident()
        if self._closed:
            raise Closed
        schedule(lambda: self._resume(me))
        me.asleep = True
        self._sleepers.append(me)
        if me is self._lead:
            self._lead = self._idle_or_new()
        assert self._lead is not None
        self._switch(self._lead, me)
        if self._closed:
            raise Closed

    def _resume(self, sleeper: _Carrier) -> None:
        """Done by the lead: lets the sleeper run until it sleeps again or its turn is over."""
        lead = self._holder
        assert lead is not None
        self._sleepers.remove(sleeper)
        sleeper.asleep = False
        self._switch(sleeper, lead)

    # --- The baton ---------------------------------------------------------------------------------------------------

    def _hand_over(self, to: _Carrier) -> None:
        self._holder = to
        to.wake()

    def _switch(self, to: _Carrier, me: _Carrier) -> None:
        self._hand_over(to)
        self._wait(me)

    def _wait(self, me: _Carrier) -> None:
        while True:
            try:
                me.wait()
                return
            except KeyboardInterrupt as interrupt:
                # Only the main thread gets it. The baton is elsewhere: the run ends as soon as it can.
                if self._interrupt is not None:
                    raise
                self._interrupt = interrupt

    def _idle_or_new(self) -> _Carrier:
        try:
            return self._idle.pop()
        except IndexError:
            return self._new()

    def _new(self) -> _Carrier:
        carrier = _Carrier()
        carrier.thread_id = 0
        Thread(target=self._thread_main, args=(carrier,), name="localsqs-handlers", daemon=True).start()
        return carrier

    def _thread_main(self, me: _Carrier) -> None:
        me.thread_id = get_ident()
        me.wait()
        self._take_turns(me)

    # --- The end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends the handlers that sleep, in the order in which they went to sleep, and all threads."""
        if self._closed or self.running:
            return
        self._closed = True
        self._owner = self._lead = self._holder = _Carrier()
        while self._sleepers:
            self._resume(self._sleepers[0])
        self._owner = self._lead = self._holder = None
        while True:
            try:
                self._idle.pop().wake()
            except IndexError:
                return
