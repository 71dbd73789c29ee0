"""What will happen in an engine, by instant: a discrete-event agenda on the engine's clock, one an engine.

    agenda.at(agenda.now_ns() + 5_000_000_000, action)     # an entry
    agenda.add_actor(mapping)                              # something that acts whenever it can
    agenda.run_until_idle()                                # in virtual time, until nothing more will happen

On a ManualClock the agenda moves the clock itself: it does what is due, then moves to the earliest of its entries and
the engine's own timers (visibility timeouts, delays, move tasks), and so on. The order at one instant is fixed: entries
by instant and arrival, then handlers that wake, in an order drawn from the engine's seed, then actors in the order they
were added, until none does anything.

`clock.advance(...)` moves time and nothing else: entries that have come due meanwhile are done by the next run.

On a SystemClock a background thread does the same as real time passes; see `_agenda_thread`. There runs only wait.
"""

from __future__ import annotations

import gc
import heapq
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from itertools import count
from random import Random
from typing import TYPE_CHECKING, NamedTuple, Protocol

from localsqs._carriers import Carriers
from localsqs.clock import ManualClock, _timedelta_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from localsqs._agenda_thread import RealTimeAgenda
    from localsqs.engine import Engine

__all__ = ["Actor", "Agenda", "Entry", "RunEnd"]

# Every message is gone by then: the longest retention period.
DEFAULT_LIMIT = timedelta(days=14)
# Turns at one instant that mean that time will never move on: a handler that sends to the queue it serves, say.
_TURNS_AT_ONE_INSTANT_MAX = 1_000_000
_COLLECTION_THRESHOLD = 10_000


class Actor(Protocol):
    """Something that acts whenever it can: an event source mapping, a simulated consumer.

    What waits for an instant puts an entry on the agenda for it; time then stops there.
    """

    def step(self) -> bool:
        """Does one thing that can be done at the present instant. False if there is none."""

    @property
    def idle(self) -> bool:
        """Whether nothing is in progress and nothing is to be expected unless somebody else does something."""


class Entry:
    """An action at an instant. `cancel()` takes it off the agenda."""

    __slots__ = ("_agenda", "action", "at_ns", "background")

    def __init__(self, agenda: Agenda, at_ns: int, action: Callable[[], object], background: bool) -> None:
        self._agenda = agenda
        self.at_ns = at_ns
        self.action: Callable[[], object] | None = action
        self.background = background

    def cancel(self) -> None:
        """Nothing happens if it has been done already."""
        if self.action is not None:
            self.action = None
            self._agenda._count(self, -1)


@contextmanager
def _rarer_collection() -> Iterator[None]:
    """A run makes and keeps many objects: to look for garbage after every 700 of them took a quarter of its time."""
    before = gc.get_threshold()
    if 0 < before[0] < _COLLECTION_THRESHOLD:
        gc.set_threshold(_COLLECTION_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class RunEnd(NamedTuple):
    """How a run ended.

    Attributes:
        reason: "idle", "time" (the span is over), "done" (`run_until`), "limit" (of engine time), "stuck" (too much at
            one instant) or "stopped" (`stop_run`).
        started_ns, ended_ns: Engine time.
    """

    reason: str
    started_ns: int
    ended_ns: int


class Agenda:
    """See the module. One thread at a time runs it; entries may be added from any.

    Attributes:
        now_ns: Called without arguments: nanoseconds since the Unix epoch on the engine's clock.
        virtual: Whether time passes only as the agenda moves the clock.
    """

    def __init__(self, engine: Engine) -> None:
        self._core = engine._core
        self._clock: Any = engine.clock
        self.now_ns: Callable[[], int] = engine.clock.now_ns
        self.virtual = isinstance(engine.clock, ManualClock)
        self._around: list[tuple[Callable[[], object], Callable[[], object]]] = []
        # (instant, draw, number of arrival, entry): the first three decide, and nothing of Python's is called.
        self._heap: list[tuple[int, float, int, Entry]] = []
        self._random = Random(f"{engine.seed}:agenda")
        self._numbers = count(1)
        self._foreground = 0
        self._actors: list[Actor] = []
        self._next_actor = 0
        self._acted = False  # In this round of the actors.
        self._turns_at_instant = 0
        self._goal_ns = 0
        self._to_idle = False
        self._until: Callable[[], bool] | None = None
        self._reason = ""
        self.carriers = Carriers(self._turn)

    # --- What will happen --------------------------------------------------------------------------------------------

    def at(self, at_ns: int, action: Callable[[], object], *, background: bool = False) -> Entry:
        """Puts an action on the agenda; one of the past is due at once.

        Args:
            at_ns: When, in nanoseconds since the Unix epoch.
            action: Called without arguments.
            background: It does not keep `run_until_idle` going: an evaluation of alarms, say.
        """
        return self._put(at_ns, action, background, 0.0)

    def _put(self, at_ns: int, action: Callable[[], object], background: bool, draw: float) -> Entry:
        entry = Entry(self, at_ns, action, background)
        item = at_ns, draw, next(self._numbers), entry
        if self.virtual:
            heapq.heappush(self._heap, item)
            self._count(entry, 1)
        else:
            self._real_time.add(item)
        return entry

    @cached_property
    def _real_time(self) -> RealTimeAgenda:
        """What does the same as real time passes, where the clock cannot be moved."""
        from localsqs._agenda_thread import RealTimeAgenda

        return RealTimeAgenda(self)

    def notify(self) -> None:
        """On a SystemClock: something has happened, so that somebody who waits for idleness may look."""
        if not self.virtual:
            self._real_time.notify()

    def add_actor(self, actor: Actor) -> None:
        """From now on the actor is stepped after every advance, behind those that were added before."""
        self._actors.append(actor)

    def remove_actor(self, actor: Actor) -> None:
        """Does nothing if it is not there."""
        if actor in self._actors:
            index = self._actors.index(actor)
            del self._actors[index]
            self._next_actor -= index < self._next_actor

    def around_runs(self, before: Callable[[], object], after: Callable[[], object]) -> None:
        """Two actions to be called when a run begins and when it has ended."""
        self._around.append((before, after))

    @property
    def idle(self) -> bool:
        """Whether nothing more will happen unless somebody does something."""
        return (
            not self._foreground and all(actor.idle for actor in self._actors) and not self._core.move_tasks_running()
        )

    def _count(self, entry: Entry, change: int) -> None:
        if not entry.background:
            self._foreground += change

    # --- Running, in virtual time ------------------------------------------------------------------------------------

    def run_until_idle(self, limit: timedelta | None = None) -> RunEnd:
        """Runs until nothing more will happen, at most for `limit` of engine time (14 days if None)."""
        return self._run(DEFAULT_LIMIT if limit is None else limit, to_idle=True)

    def run_for(self, span: timedelta) -> RunEnd:
        """Runs for a span of engine time; the clock stands at its end afterwards."""
        return self._run(span, to_idle=False)

    def run_until(self, done: Callable[[], bool], limit: timedelta | None = None) -> RunEnd:
        """Runs until `done` says so, which is asked before each action, or until nothing more will happen."""
        return self._run(DEFAULT_LIMIT if limit is None else limit, to_idle=True, until=done)

    def run_now(self, action: Callable[[], object]) -> None:
        """Does one thing that may take time: an invocation that sleeps. Runs until it is done.

        For callers outside a run, and for handlers within one, whose turn it is anyway.
        """
        if self.carriers.held_here:
            action()
            return
        done: list[bool] = []

        def act() -> None:
            try:
                action()
            finally:
                done.append(True)

        self.at(self.now_ns(), act)
        self.run_until(lambda: bool(done))

    def sleep_until(self, at_ns: int) -> None:
        """Called by a handler in a run: time passes until `at_ns`, and others go on meanwhile."""
        self._next_actor, self._acted = 0, False  # The caller has acted, within its step.
        # Handlers that wake at one instant race, as they do on AWS: another seed, another winner.
        draw = self._random.random() + 1
        self.carriers.sleep(lambda wake: self._put(at_ns, wake, False, draw))

    def stop_run(self) -> None:
        """Ends the run in progress after the present action."""
        self._finish("stopped")

    def close(self) -> None:
        """Ends what sleeps, and the threads."""
        self.carriers.close()
        if "_real_time" in self.__dict__:
            self._real_time.close()

    def _run(self, span: timedelta, to_idle: bool, until: Callable[[], bool] | None = None) -> RunEnd:
        span_ns = _timedelta_ns(span)
        if span_ns < 0:
            raise ValueError(f"time does not go back: {span}")
        if not self.virtual:
            return self._real_time.wait(span_ns, to_idle, until)
        if self.carriers.running:
            raise RuntimeError("the engine is being run already: a handler cannot run it, nor can another thread")
        started_ns = self.now_ns()
        self._goal_ns, self._to_idle, self._until, self._reason = started_ns + span_ns, to_idle, until, ""
        self._next_actor, self._acted, self._turns_at_instant = 0, False, 0
        # A run to idleness ends only when all work is done, so it may use the caller's own thread for it. One that
        # ends at an instant may have to return in the midst of an invocation.
        begun = []
        try:
            for before, after in self._around:
                before()
                begun.append(after)
            with _rarer_collection():
                self.carriers.run(inline=to_idle)
        finally:
            for after in reversed(begun):
                after()
        return RunEnd(self._reason, started_ns, self.now_ns())

    def _turn(self) -> None:
        """One action: an entry that is due, a step of an actor, or a move of the clock."""
        if self._until is not None and self._until():
            self._finish("done")
            return
        now_ns = self._clock.now_ns()
        if self._heap and self._heap[0][0] <= now_ns:
            self._do_first()
        elif self._next_actor < len(self._actors):
            actor = self._actors[self._next_actor]
            self._next_actor += 1
            if actor.step():
                self._acted = True
        elif self._acted:
            self._next_actor, self._acted = 0, False
        else:
            self._move_on(now_ns)
            return
        self._turns_at_instant += 1
        if self._turns_at_instant > _TURNS_AT_ONE_INSTANT_MAX:
            self._finish("stuck")
            if self.carriers.owner_asleep:
                self._move_on(now_ns)  # To where it wakes.

    def _do_first(self) -> None:
        entry = heapq.heappop(self._heap)[3]
        action = entry.action
        if action is None:
            return
        entry.action = None
        self._count(entry, -1)
        self._next_actor, self._acted = 0, False
        action()

    def _move_on(self, now_ns: int) -> None:
        """Nothing is left to do at this instant."""
        if self._to_idle and self.idle:
            self._finish("idle")
            return
        next_ns = self._next_ns()
        if next_ns is None and self._to_idle:
            # Something is in progress, and no instant will end it.
            self._finish("stuck")
        elif (next_ns is None or next_ns > self._goal_ns) and not self.carriers.owner_asleep:
            self._clock.move_to_ns(self._goal_ns)
            self._finish("limit" if self._to_idle else "time")
        else:
            assert next_ns is not None  # A sleeper has an entry.
            self._clock.move_to_ns(max(next_ns, now_ns))
            self._next_actor, self._acted, self._turns_at_instant = 0, False, 0

    def _next_ns(self) -> int | None:
        while self._heap and self._heap[0][3].action is None:
            heapq.heappop(self._heap)
        instants = [self._heap[0][0]] if self._heap else []
        timer_ns = self._core.next_event_ns()
        if timer_ns is not None:
            instants.append(timer_ns)
        return min(instants, default=None)

    def _finish(self, reason: str) -> None:
        self._reason = self._reason or reason
        self.carriers.finish()
