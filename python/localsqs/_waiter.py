"""Waiters of the neighbours' clients: `client.get_waiter("stack_create_complete").wait(StackName="orders")`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from localsqs import errors
from localsqs._service import ServiceError
from localsqs.clock import ManualClock

if TYPE_CHECKING:
    from localsqs._service import ServiceClient, Waiter

__all__ = ["ServiceWaiter"]


class ServiceWaiter:
    """Calls an operation until what it waits for is so."""

    def __init__(self, client: ServiceClient, name: str, waiter: Waiter) -> None:
        self._client = client
        self.name = name
        self._waiter = waiter

    def wait(self, **kwargs: Any) -> None:
        """Waits.

        Args:
            WaiterConfig: A dict with any of Delay (seconds) and MaxAttempts.
            **kwargs: Of the operation.

        Raises:
            WaiterError: If the answer says that it will never be so, or there were too many attempts.
            ClientError: If the operation fails with something else.
        """
        config = kwargs.pop("WaiterConfig", {})
        delay = config.get("Delay", self._waiter.delay)
        for attempt in range(config.get("MaxAttempts", self._waiter.max_attempts)):
            if attempt:
                self._pause(delay)
            answer, state = self._look(kwargs)
            if state == "success":
                return
            if state == "failure":
                raise self._error("Waiter encountered a terminal failure state", answer)
        raise self._error("Max attempts exceeded", answer)

    def _look(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], str]:
        operation = self._client.meta.service_model.operation(self._waiter.operation)
        try:
            answer = getattr(self._client, operation.method)(**kwargs)
        except errors.ClientError as error:
            said = error.response["Error"]
            state = self._waiter.state(ServiceError(said["Code"], said["Message"]))
            if state == "error":
                raise
            return error.response, state
        return answer, self._waiter.state(answer)

    def _pause(self, seconds: float) -> None:
        clock = self._client._service.engine.clock
        if isinstance(clock, ManualClock):
            clock.advance(seconds=seconds)
        else:
            time.sleep(seconds)

    def _error(self, reason: str, last: dict[str, Any]) -> Exception:
        return errors.WaiterError(name=self.name, reason=reason, last_response=last)
