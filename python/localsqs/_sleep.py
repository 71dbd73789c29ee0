"""Sleeping as engine time: what `ManualClock.patch_sleep` does."""

from __future__ import annotations

import asyncio
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from localsqs.clock import ManualClock


class SleepPatch:
    """`time.sleep` and `asyncio.sleep` move a clock, from now until `stop` or the end of a `with`."""

    def __init__(self, clock: ManualClock) -> None:
        self._sleep, self._async_sleep = time.sleep, asyncio.sleep

        def sleep(seconds: float) -> None:
            clock.sleep(seconds)

        async def async_sleep(delay: float, result: Any = None) -> Any:
            if delay > 0:
                clock.sleep(delay)
            await self._async_sleep(0)  # Others get their turn.
            return result

        self._mine = sleep, async_sleep
        time.sleep, asyncio.sleep = sleep, async_sleep  # type: ignore[assignment]

    def stop(self) -> None:
        """Puts back what was there, unless somebody has put something else there since."""
        if time.sleep is self._mine[0]:
            time.sleep = self._sleep
        if asyncio.sleep is self._mine[1]:
            asyncio.sleep = self._async_sleep

    def __enter__(self) -> SleepPatch:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
