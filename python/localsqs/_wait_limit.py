"""The report of a loop that waits for ever: the text of WaitLimitReached."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from localsqs.clock import WaitLimitReached, to_datetime

if TYPE_CHECKING:
    from localsqs import _core
    from localsqs.clock import ManualClock

_HOW_TO_GO_ON = (
    "If it is to go on longer: ManualClock(limit=...) or @pytest.mark.localsqs(limit=...), a timedelta or None for no\n"
    "limit, or localsqs_limit_days in pytest's ini file. If it runs beside the test in a thread of its own:\n"
    "ManualClock(auto_advance=False), and it waits until the test moves the clock."
)


def of_a_wait(core: _core.Engine) -> WaitLimitReached:
    """For a long poll. Called by _core."""
    from localsqs.history import History
    from localsqs.testing import core_report

    history = History(core.effects())
    passed = core.now_ns() - (history[0].at_ns if len(history) else core.now_ns())
    last = history[-1000:]
    empty = Counter(event.queue or "a deleted queue" for event in last if event.kind == "ReceivedNothing")
    polls = ", ".join(f"{count} empty receives of {queue}" for queue, count in empty.items())
    return WaitLimitReached(
        "a loop that never ends? Long polls have moved the ManualClock as far as they may, and nobody else\n"
        "has moved it. "
        f"{timedelta(microseconds=passed // 1000)} of engine time have passed since the first effect; "
        f"of the last {len(last)} effects: {polls or 'no empty receives'}\n"
        f"{core_report(core)}\n{_HOW_TO_GO_ON}"
    )


def of_a_sleep(clock: ManualClock) -> WaitLimitReached:
    """For a patched sleep."""
    return WaitLimitReached(
        "a loop that never ends? Sleeps and long polls have moved the ManualClock as far as they may, and nobody else\n"
        f"has moved it. It is {to_datetime(clock.now_ns()).isoformat()} of engine time.\n{_HOW_TO_GO_ON}"
    )
