"""Stops a loop of short polls that never ends: on a manual clock that stands, an empty queue stays empty.

A long poll moves a manual clock, and the clock's `limit` ends such a loop. A poll that does not wait moves nothing. So
the clients of an engine on a manual clock count their empty receives, and the loop is stopped (WaitLimitReached) when

- there were at least 10,000 in a row, and nothing else happened in the engine: no send, no delete, no move of the
  clock;
- they took longer than `poll_limit`, in real time: a loop that counts its polls, or looks at Python's clock, has ended
  before;
- nobody else can change anything: no other thread, no event loop in this thread, no endpoint on the engine. If there
  is one, the loop has 15 times as long.
"""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localsqs import _core

__all__ = ["PollWatch"]

_POLLS = 1_000  # Between two looks at the engine.
_LOOKS = 10
_PATIENCE = 15


class PollWatch:
    """What the clients of an engine tell of their empty receives.

    Attributes:
        served: Whether there was ever an endpoint on the engine.
    """

    def __init__(self, core: _core.Engine, clock: _core.Clock, limit_s: float) -> None:
        self._core = core
        self._clock = clock
        self._limit_s = limit_s
        self.served = False
        self._polls = 0
        self._looks = 0  # In a row at which only empty receives had happened since the one before.
        self._effects = self._at_ns = -1
        self._since_s = 0.0

    def saw_nothing(self) -> None:
        """After an empty receive.

        Threads may count one twice or not at all; the look at the engine then finds another number, and starts anew.

        Raises:
            WaitLimitReached: See the module.
        """
        self._polls += 1
        if self._polls >= _POLLS:
            self._polls = 0
            self._look()

    def _look(self) -> None:
        effects, at_ns = self._core.effect_count(), self._clock.now_ns()
        only_polls = effects == self._effects + _POLLS and at_ns == self._at_ns
        self._effects, self._at_ns = effects, at_ns
        if not only_polls:
            self._looks, self._since_s = 0, monotonic()
            return
        self._looks += 1
        if self._looks >= _LOOKS and monotonic() - self._since_s >= self._patience_s():
            from localsqs._wait_limit import of_short_polls

            polls, self._looks = self._looks * _POLLS, 0
            raise of_short_polls(self._core, polls)

    def _patience_s(self) -> float:
        return self._limit_s * (1 if self._alone() else _PATIENCE)

    def _alone(self) -> bool:
        return not self.served and len(sys._current_frames()) == 1 and not _in_event_loop()


def _in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None
