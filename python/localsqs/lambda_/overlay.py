"""The environment variables of a function in this process, while it is invoked.

As in Lambda, a handler finds its function's environment, and what one invocation does to `os.environ` is gone for the
next. Between two invocations of one function its variables stay in place, since exchanging them costs more than a small
handler; `uninstall` puts back what was there. One function's are in place at a time, also where several handlers sleep
in virtual time: each leaves before it sleeps and enters again afterwards.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Overlay", "uninstall"]

# Encoded names and values, as os.environ keeps them; None for a variable that is not there.
Changes = dict[Any, Any]


class Overlay:
    """The environment of one function.

    Args:
        variables: What it adds to the environment of the process.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables: Changes = {_encode(name): _encode(value) for name, value in variables.items()}
        self._hidden: Changes = {}  # What it hides.
        self._inside: Changes = {}  # The whole environment that an invocation begins with.

    def enter(self, trace_id: str = "", changes: Changes | None = None) -> None:
        """An invocation begins, or goes on.

        Args:
            trace_id: _X_AMZN_TRACE_ID; "" for none.
            changes: What `leave` gave back, for one that goes on.
        """
        global _installed
        if _installed is not self:
            uninstall()
            self._hidden = _apply(self._variables)
            self._inside = _data().copy()
            _installed = self
        elif self._inside != _data():
            self._inside = _data().copy()  # Somebody else has changed it since, and may.
        if trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        if changes:
            _apply(changes)

    def leave(self) -> Changes | None:
        """It ends or sleeps: the environment is as it was. Gives back what the invocation had changed."""
        data = _data()
        if data == self._inside:
            return None
        before = self._inside
        changes = {key: data.get(key) for key in data.keys() | before.keys() if data.get(key) != before.get(key)}
        _apply({key: before.get(key) for key in changes})
        return changes


def uninstall() -> None:
    """The variables are as they were before the first `enter`."""
    global _installed
    if _installed is not None:
        _apply(_installed._hidden)
        _installed = None


_installed: Overlay | None = None


def _data() -> Changes:
    """The dict behind os.environ: encoded, and cheap to copy and to compare."""
    data: Changes = os.environ._data  # type: ignore[attr-defined]
    return data


def _encode(text: str) -> Any:
    return os.fsencode(text) if os.supports_bytes_environ else text


def _apply(changes: Changes) -> Changes:
    """Sets variables, or removes them. Returns what undoes it."""
    data = _data()
    before = {key: data.get(key) for key in changes}
    for key, value in changes.items():
        if value is not None:
            os.environ[os.fsdecode(key)] = os.fsdecode(value)
        else:
            os.environ.pop(os.fsdecode(key), None)
    return before
