"""Runner: what runs a handler. In this process (`InProcessRunner`), or in one of its own (`process_runner`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from localsqs.lambda_.context import ContextFields
    from localsqs.lambda_.outcome import Outcome

__all__ = ["Runner"]


class Runner(Protocol):
    """Runs one function's handler. Thread-safe: on a SystemClock several invocations run at a time.

    A runner never raises for what the handler does: every end is an Outcome.
    """

    def invoke(self, event: Any, context: ContextFields) -> Outcome:
        """Runs the handler once, to its end or its timeout."""

    def close(self) -> None:
        """Ends what it holds; `invoke` is not called any more."""
