"""Where a poller's batches go: a Lambda function, or the target of a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from localsqs.lambda_.outcome import Outcome, failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.lambda_.event import Record
    from localsqs.lambda_.function import Function

__all__ = ["CallableSink", "FunctionSink", "Sink"]


class Sink(Protocol):
    """Takes batches.

    Attributes:
        timeout_s: How long a batch may take; 0 if it takes no time.
        function: The function that gets them; None if it is none, or was deleted.
    """

    @property
    def timeout_s(self) -> float: ...

    @property
    def function(self) -> Function | None: ...

    def begin(self) -> bool:
        """Takes a place for one batch. False: throttled."""

    def event(self, records: list[Record]) -> Any:
        """What is delivered of these records."""

    def deliver(self, event: Any, request_id: str) -> Outcome:
        """Delivers it and gives the place back."""


class FunctionSink:
    """A function, looked up at each batch: it may be registered anew meanwhile.

    Args:
        find: The function, or None if it was deleted.
        qualifier: The version or alias that the mapping names.
    """

    def __init__(self, find: Callable[[], Function | None], qualifier: str | None) -> None:
        self._find = find
        self._qualifier = qualifier

    @property
    def function(self) -> Function | None:
        return self._find()

    @property
    def timeout_s(self) -> float:
        function = self._find()
        return 0 if function is None else function.timeout

    def begin(self) -> bool:
        function = self._find()
        return function is not None and function.begin()

    def event(self, records: list[Record]) -> Any:
        return {"Records": records}

    def deliver(self, event: Any, request_id: str) -> Outcome:
        function = self._find()
        assert function is not None  # Between begin and here nobody else has a turn.
        try:
            return function.run(event, request_id, self._qualifier)
        finally:
            function.end()


class CallableSink:
    """The target of a pipe: called with the bare list of records; what it raises makes the batch fail."""

    timeout_s = 0.0
    function = None

    def __init__(self, target: Callable[[list[Record]], Any]) -> None:
        self._target = target

    def begin(self) -> bool:
        return True

    def event(self, records: list[Record]) -> Any:
        return records

    def deliver(self, event: Any, request_id: str) -> Outcome:
        try:
            return Outcome("ok", self._target(event))
        except Exception as error:
            return Outcome("error", failure(type(error).__name__, str(error), request_id), error=error)
