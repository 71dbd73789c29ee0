"""The context of an invocation: what a handler gets as its second argument.

Attributes and types as AWS's own runtime client makes them (shared/spec/around.md, 1.8): `memory_limit_in_mb` is text,
`identity` is an object even without Cognito.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ClientContext", "ContextFields", "CognitoIdentity", "LambdaContext"]

_CLIENT_MEMBERS = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


@dataclass(slots=True)
class ContextFields:
    """What a runner is told of an invocation beside its event; `LambdaContext` is made from it.

    Attributes:
        aws_request_id: A UUID, new for each invocation, from the engine's seed.
        invoked_function_arn: With the qualifier that was invoked.
        deadline_ns: When the function times out, nanoseconds since the epoch on the engine's clock.
        timeout_s: The function's timeout in seconds.
        trace_id: The value of _X_AMZN_TRACE_ID, "" if there is none.
        client_context: A dict for Invoke with a ClientContext; None for event sources.
    """

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline_ns: int
    timeout_s: float
    trace_id: str = ""
    client_context: dict[str, Any] | None = None


class CognitoIdentity:
    """Both members are None: no event source has a Cognito identity."""

    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None

    def __repr__(self) -> str:
        return "CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None])"


class ClientContext:
    """Of a direct invocation with a ClientContext: `custom` and `env` are dicts, `client` has attributes; or None."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.custom: Any = given.get("custom")
        self.env: Any = given.get("env")
        client = given.get("client")
        self.client = None if client is None else SimpleNamespace(**{**dict.fromkeys(_CLIENT_MEMBERS), **client})


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, fields: ContextFields, now_ns: Callable[[], int]) -> None:
        self.aws_request_id = fields.aws_request_id
        self.log_group_name = fields.log_group_name
        self.log_stream_name = fields.log_stream_name
        self.function_name = fields.function_name
        self.memory_limit_in_mb = fields.memory_limit_in_mb
        self.function_version = fields.function_version
        self.invoked_function_arn = fields.invoked_function_arn
        self.client_context = None if fields.client_context is None else ClientContext(fields.client_context)
        self.identity = CognitoIdentity()
        self.tenant_id: str | None = None
        self._deadline_ns = fields.deadline_ns
        self._now_ns = now_ns

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds to the timeout on the engine's clock, never below 0."""
        return max(0, (self._deadline_ns - self._now_ns()) // 1_000_000)

    def log(self, msg: object) -> None:
        """Writes text to standard output, without a newline."""
        sys.stdout.write(str(msg))

    def __repr__(self) -> str:
        return (
            f"LambdaContext([aws_request_id={self.aws_request_id},function_name={self.function_name},"
            f"invoked_function_arn={self.invoked_function_arn},memory_limit_in_mb={self.memory_limit_in_mb}])"
        )
