"""Catches what handlers in this process write, and passes it on.

    with Capture() as capture:
        handler(event, context)
    capture.text

Each thread's text goes to its own capture, so that handlers which overlap in virtual time do not mix. `sys.stdout` and
`sys.stderr` are stand-ins while a capture is open, or between `hold` and `release`, and only then. A logger that is
made meanwhile keeps the stand-in: so it is caught in later invocations too, and at other times it writes to whatever
`sys.stdout` then is. That is why handler modules are imported inside a capture (`handler_loader`).
"""

from __future__ import annotations

import sys
from threading import Lock, current_thread, get_ident, main_thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Capture", "hold", "release"]


class Capture:
    """Text written by this thread, between entering and leaving. One use each; captures of a thread may nest."""

    __slots__ = ("_outer", "_parts")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._outer: Capture | None = None

    @property
    def text(self) -> str:
        """Both streams, in the order in which they were written."""
        return "".join(self._parts)

    def __enter__(self) -> Capture:
        hold()
        thread_id = get_ident()
        self._outer = _open.get(thread_id)
        _open[thread_id] = self
        return self

    def __exit__(self, *error: object) -> None:
        if self._outer is None:
            del _open[get_ident()]
        else:
            _open[get_ident()] = self._outer
        release()


def hold() -> None:
    """Puts the stand-ins in place. For a run of many invocations; more than once is fine."""
    global _installed
    with _lock:
        _installed += 1
        if _installed == 1:
            for stand_in in _stand_ins:
                stand_in.install()


def release() -> None:
    """Undoes one `hold`; the last puts back what was there."""
    global _installed
    with _lock:
        _installed -= 1
        if _installed == 0:
            for stand_in in _stand_ins:
                stand_in.remove()


class _StandIn:
    """In the place of `sys.stdout` or `sys.stderr`: writes there, and to the capture of the thread that writes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._target: Any = None  # What was there before.
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        capture = _capture()
        if capture is not None:
            text.encode()  # On Lambda the output is UTF-8: half of a surrogate pair is an error there too.
            capture._parts.append(text)
        self._pass_on(text)
        return len(text)

    def _pass_on(self, text: str) -> None:
        target = self._real()
        if target is None or getattr(target, "closed", False):
            return
        try:
            target.write(text)
        except UnicodeEncodeError:  # A terminal that knows less than UTF-8.
            encoding = getattr(target, "encoding", None) or "ascii"
            target.write(text.encode(encoding, errors="backslashreplace").decode(encoding))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        target = self._real()
        if target is not None and not getattr(target, "closed", False):
            target.flush()

    def close(self) -> None:
        """A handler does not close the output of the whole process."""

    def install(self) -> None:
        self._target = getattr(sys, self._name)
        setattr(sys, self._name, self)

    def remove(self) -> None:
        if getattr(sys, self._name) is self:
            setattr(sys, self._name, self._target)
        self._target = None

    def _real(self) -> Any:
        if self._target is not None:
            return self._target
        current = getattr(sys, self._name)
        return current if current is not self else getattr(sys, f"__{self._name}__")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)


class _Bytes:
    """`sys.stdout.buffer` of a stand-in. What is no UTF-8 shows as replacement characters."""

    def __init__(self, stand_in: _StandIn) -> None:
        self._stand_in = stand_in

    def write(self, data: bytes) -> int:
        self._stand_in.write(bytes(data).decode("utf-8", errors="replace"))
        return len(data)

    def flush(self) -> None:
        self._stand_in.flush()


def _capture() -> Capture | None:
    """Whose text it is. A thread that the handler itself has started writes for the handler, if only one is open."""
    own = _open.get(get_ident())
    if own is None and len(_open) == 1 and current_thread() is not main_thread():
        return next(iter(_open.values()), None)
    return own


_lock = Lock()
_installed = 0
_open: dict[int, Capture] = {}  # By thread, the innermost of each.
_stand_ins = (_StandIn("stdout"), _StandIn("stderr"))
