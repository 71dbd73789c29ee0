"""How an invocation ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Outcome", "Status", "failure", "json_or_text"]

Status = Literal["ok", "error", "timeout", "exit", "unserialisable", "throttled"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended.

    Attributes:
        status: "ok": the handler returned a JSON value. "error": it raised. "timeout": it ran into the function's
            timeout. "exit": its process or `sys.exit` ended it. "unserialisable": what it returned is no JSON.
            "throttled": it was not started, since the reserved concurrency was used up.
        payload: What the handler returned, as a JSON value; of a failure {"errorMessage", "errorType", "requestId",
            "stackTrace"}, as Lambda answers it (members that do not apply are absent).
        duration_ms: On the clock of the runner: engine time in this process, real time in a process of its own.
        max_memory_mb: The most memory used; 0 if it was not measured.
        log: What the handler wrote, if the runner captures it.
        error: The exception, if the handler ran in this process.
    """

    status: Status
    payload: Any = None
    duration_ms: float = 0.0
    max_memory_mb: int = 0
    log: str = ""
    error: BaseException | None = field(default=None, compare=False)

    @property
    def ok(self) -> bool:
        """Whether the function ended without a FunctionError. What it says of single messages is another matter."""
        return self.status == "ok"


def failure(
    error_type: str, message: str, request_id: str = "", stack_trace: list[str] | None = None
) -> dict[str, Any]:
    """The payload of a failed invocation, as Lambda answers it."""
    payload: dict[str, Any] = {"errorMessage": message, "errorType": error_type}
    if request_id:
        payload["requestId"] = request_id
    if stack_trace is not None:
        payload["stackTrace"] = stack_trace
    return payload


def json_or_text(body: bytes) -> Any:
    """What a runtime answered, which may be anything: what is no JSON stays text, nothing is null."""
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
