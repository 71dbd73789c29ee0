"""Clocks: what an engine takes its time from.

    SystemClock()                       real time
    ManualClock()                       moves only when told to: tests, simulation
    PythonClock()                       follows Python's time.time_ns(): freezegun and time-machine drive the engine

A clock belongs to an engine, never to the process. Instants are aware datetimes in UTC, to the microsecond; inside,
everything is whole nanoseconds.
"""

from __future__ import annotations

from localsqs import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from weakref import WeakMethod

    from localsqs._sleep import SleepPatch

__all__ = ["Clock", "ManualClock", "PythonClock", "SystemClock", "WaitLimitReached"]

Clock = _core.Clock

_SECOND_NS = 1_000_000_000
# 2026-01-01T00:00:00Z, where a ManualClock starts unless told otherwise.
_DEFAULT_START_NS = 1_767_225_600 * _SECOND_NS
_NS_MAX = 2**63 - 1
_DEFAULT_LIMIT_S = 100 * 86_400
_DEFAULT_POLL_LIMIT_S = 20.0


class WaitLimitReached(BaseException):
    """A loop that never ends: waits alone have moved a ManualClock as far as its `limit` lets them, or polls that do
    not wait have found nothing for as long as its `poll_limit`.

    Its text tells the queues and the last effects. No Exception, so that a consumer that catches every Exception and
    goes on is stopped as well; pytest and unittest report it as the failure of the test.
    """


class _ReadsNow:
    """`now()` for the clocks below."""

    def now(self: _core.Clock) -> datetime:  # type: ignore[misc]
        """The time as an aware datetime in UTC."""
        return to_datetime(self.now_ns())


class SystemClock(_ReadsNow, _core.SystemClock):
    """Real time. A long poll on it really waits, and Ctrl-C ends it within about 50 ms."""


class PythonClock(_ReadsNow, _core.PythonClock):
    """Python's `time.time_ns()`, looked up at each call, so that freezegun and time-machine drive the engine.

    A long poll looks at it every 5 ms of real time. On time that stands still for 100 ms of real time the poll ends
    empty: nobody seems about to move it. An engine's own time never goes back, whatever this clock does.
    """


class ManualClock(_ReadsNow, _core.ManualClock):
    """A clock that moves only when it is told to, through every event due on the way.

    Args:
        start: Where it stands at first: a datetime (UTC if it is naive), seconds since the Unix epoch, or None for
            2026-01-01T00:00:00Z.
        auto_advance: What a call does that would wait, such as a long poll on an empty queue. True: it moves the clock
            itself, to the next event or to its own deadline, whichever comes first, and returns at once in real time.
            False: it waits until somebody else moves the clock.
        limit: How far waits (long polls, `sleep`) may move the clock before somebody moves it again, so that a loop
            that waits for ever ends: a timedelta or seconds, None for no limit; 100 days by default. Each wait counts
            20 seconds more than it takes. The wait that would go beyond raises WaitLimitReached; over HTTP it is
            answered with InternalFailure.
        poll_limit: How long receives that do not wait may go on finding nothing, while nothing else happens in the
            engine and the clock stands: a timedelta or seconds, of real time, None for no limit; 20 seconds by default.
            Only 10,000 in a row count, and with other threads, an event loop or an endpoint about it is 15 times as
            long. None also with `limit=None`, and without `auto_advance`: somebody else moves the clock then.

    Example:
        >>> clock = ManualClock()
        >>> clock.advance(minutes=5)
        >>> clock.now().isoformat()
        '2026-01-01T00:05:00+00:00'
    """

    def __init__(
        self,
        start: datetime | float | None = None,
        auto_advance: bool = True,
        limit: timedelta | float | None = _DEFAULT_LIMIT_S,
        poll_limit: timedelta | float | None = _DEFAULT_POLL_LIMIT_S,
    ) -> None:
        super().__init__(_DEFAULT_START_NS if start is None else to_ns(start), bool(auto_advance))
        self._on_the_way: list[WeakMethod[Callable[[int], None]]] = []
        self._sleep_patches: list[SleepPatch] = []
        self.wait_limit_ns = None if limit is None else _span_ns("limit", limit)
        self.poll_limit_ns = None if poll_limit is None else _span_ns("poll_limit", poll_limit)
        if limit is None or not auto_advance:
            self.poll_limit_ns = None

    def sleep(self, seconds: float) -> None:
        """Moves the clock on as a wait of the code under test: what patched sleeps do.

        Raises:
            WaitLimitReached: If waits alone have moved the clock as far as its limit.
        """
        span_ns = _span_ns("sleep length", seconds)
        _in_range(self.now_ns() + span_ns)
        if not self.sleep_ns(span_ns):
            from localsqs._wait_limit import of_a_sleep

            raise of_a_sleep(self)

    def patch_sleep(self) -> SleepPatch:
        """`time.sleep` and `asyncio.sleep` move this clock instead of waiting, from now on.

        Undone by the `stop()` of what is returned, by the end of a `with`, and for the fixture `sqs_clock` by the end
        of the test. Code that imported the function itself (`from time import sleep`) goes on sleeping.
        """
        from localsqs._sleep import SleepPatch

        self._sleep_patches.append(SleepPatch(self))
        return self._sleep_patches[-1]

    def _unpatch_sleep(self) -> None:
        """Undoes all that `patch_sleep` has done, the last first."""
        while self._sleep_patches:
            self._sleep_patches.pop().stop()

    def advance(
        self,
        delta: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> None:
        """Moves the clock on by the sum of what is given.

        Everything due on the way happens at its own instant, in order: messages become visible or expire, long polls
        end. Waiting calls in other threads are answered.

        Raises:
            ValueError: If the sum is negative: time does not go back.
        """
        span_ns = (0 if delta is None else _timedelta_ns(delta)) + sum(
            _scaled(amount, unit)
            for amount, unit in (
                (days, 86_400 * _SECOND_NS),
                (hours, 3_600 * _SECOND_NS),
                (minutes, 60 * _SECOND_NS),
                (seconds, _SECOND_NS),
                (milliseconds, 1_000_000),
            )
        )
        if span_ns < 0:
            raise ValueError(f"a clock does not go back: {span_ns / _SECOND_NS} seconds")
        self._move_through(_in_range(self.now_ns() + span_ns))

    def move_to(self, at: datetime | float) -> None:
        """Moves the clock on to an instant, as `advance` does.

        Args:
            at: A datetime (UTC if it is naive), or seconds since the Unix epoch.

        Raises:
            ValueError: If the instant has passed: time does not go back.
        """
        at_ns = to_ns(at)
        if at_ns < self.now_ns():
            raise ValueError(f"a clock does not go back: it is {self.now().isoformat()} already")
        self._move_through(at_ns)

    def _move_through(self, at_ns: int) -> None:
        """Moves on; what Python has to do at instants on the way happens at them.

        Whoever has something to do (alarms) puts a weak method into `_on_the_way`. Asked with the instant to reach, it
        moves the clock to instants before it and acts there. The agenda moves the clock without it.
        """
        for reference in list(self._on_the_way):
            go = reference()
            if go is None:
                self._on_the_way.remove(reference)
            else:
                go(at_ns)
        self.move_to_ns(max(at_ns, self.now_ns()))

    def __repr__(self) -> str:
        return f"<ManualClock: {self.now().isoformat()}>"


def to_datetime(at_ns: int) -> datetime:
    """Nanoseconds since the Unix epoch as an aware datetime in UTC, to the microsecond."""
    from datetime import datetime, timedelta, timezone

    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at_ns // 1000)


def to_ns(at: datetime | float) -> int:
    """An instant in nanoseconds since the Unix epoch.

    Args:
        at: A datetime (UTC if it is naive), or seconds.

    Raises:
        ValueError: If it lies beyond what 64 bits hold (the years 1677 to 2262).
    """
    if isinstance(at, (int, float)):
        return _in_range(_scaled(at, _SECOND_NS))
    from datetime import datetime, timezone

    if not isinstance(at, datetime):
        raise TypeError(f"an instant is a datetime or a number of seconds, not {type(at).__name__}")
    aware = at if at.tzinfo is not None else at.replace(tzinfo=timezone.utc)
    return _in_range(_timedelta_ns(aware - datetime(1970, 1, 1, tzinfo=timezone.utc)))


def _timedelta_ns(delta: timedelta) -> int:
    return (delta.days * 86_400 + delta.seconds) * _SECOND_NS + delta.microseconds * 1_000


def _span_ns(name: str, span: timedelta | float) -> int:
    """A timedelta or seconds, in nanoseconds."""
    span_ns = _scaled(span, _SECOND_NS) if isinstance(span, (int, float)) else _timedelta_ns(span)
    if span_ns < 0:
        raise ValueError(f"{name} must be non-negative")
    return _in_range(span_ns)


def _scaled(amount: float, unit_ns: int) -> int:
    """Exact for whole amounts; a float is as exact as it is."""
    return amount * unit_ns if isinstance(amount, int) else round(amount * unit_ns)


def _in_range(at_ns: int) -> int:
    if not -_NS_MAX <= at_ns <= _NS_MAX:
        raise ValueError("an instant must lie in the years 1677 to 2262")
    return at_ns
