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
_HOW_TO_POLL_ON = (
    "Messages in flight or delayed appear when the clock moves: clock.advance(...), or WaitTimeSeconds. If the loop\n"
    "is to go on longer: ManualClock(poll_limit=...) or @pytest.mark.localsqs(poll_limit=...), seconds of real time\n"
    "or None for no limit."
)


def of_a_wait(core: _core.Engine) -> WaitLimitReached:
    """For a long poll. Called by _core."""
    head = "Long polls have moved the ManualClock as far as they may, and nobody else\nhas moved it."
    return WaitLimitReached(f"a loop that never ends? {head} {_situation(core)}\n{_HOW_TO_GO_ON}")


def of_short_polls(core: _core.Engine, polls: int) -> WaitLimitReached:
    """For receives that do not wait."""
    head = (
        f"{polls:,} receives in a row found nothing, and nothing else has\n"
        "happened: the ManualClock stands, and they do not wait, which would move it (WaitTimeSeconds).\n"
    )
    return WaitLimitReached(f"a loop that never ends? {head}{_situation(core)}\n{_HOW_TO_POLL_ON}")


def _situation(core: _core.Engine) -> str:
    """What has happened of late, and the report of a failed test."""
    from localsqs.history import History
    from localsqs.testing import core_report

    history = History(core.effects())
    passed = core.now_ns() - (history[0].at_ns if len(history) else core.now_ns())
    last = history[-1000:]
    empty = Counter(event.queue or "a deleted queue" for event in last if event.kind == "ReceivedNothing")
    polls = ", ".join(f"{count} empty receives of {queue}" for queue, count in empty.items())
    return (
        f"{timedelta(microseconds=passed // 1000)} of engine time have passed since the first effect; "
        f"of the last {len(last)} effects: {polls or 'no empty receives'}\n{core_report(core)}"
    )


def of_a_sleep(clock: ManualClock) -> WaitLimitReached:
    """For a patched sleep."""
    return WaitLimitReached(
        "a loop that never ends? Sleeps and long polls have moved the ManualClock as far as they may, and nobody else\n"
        f"has moved it. It is {to_datetime(clock.now_ns()).isoformat()} of engine time.\n{_HOW_TO_GO_ON}"
    )
