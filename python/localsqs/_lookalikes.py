"""The base classes of localsqs.errors where botocore is not installed. Same names, texts and attributes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ClientError(Exception):
    """The service answered with an error.

    Attributes:
        response: boto3's dict: "Error" (Code, Message, QueryErrorCode, Type) and "ResponseMetadata".
        operation_name: "SendMessage".
    """

    def __init__(self, error_response: dict[str, Any], operation_name: str) -> None:
        error = error_response.get("Error", {})
        super().__init__(
            f"An error occurred ({error.get('Code', 'Unknown')}) when calling the {operation_name} operation: "
            f"{error.get('Message', 'Unknown')}"
        )
        self.response = error_response
        self.operation_name = operation_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.response, self.operation_name)


class BotoCoreError(Exception):
    """Something was wrong on this side.

    Attributes:
        kwargs: What the text was made from.
    """

    fmt = "An unspecified error occurred"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(self.fmt.format(**kwargs))
        self.kwargs = kwargs

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self), self.kwargs)


class ParamValidationError(BotoCoreError):
    """Parameters were unknown, missing or of the wrong type; nothing was sent."""

    fmt = "Parameter validation failed:\n{report}"


class PaginationError(BotoCoreError):
    """Pages do not come to an end."""

    fmt = "Error during pagination: {message}"


class OperationNotPageableError(BotoCoreError):
    """The operation has no pages."""

    fmt = "Operation cannot be paginated: {operation_name}"


class WaiterError(BotoCoreError):
    """What a waiter waits for did not come.

    Attributes:
        last_response: The answer of its last call.
    """

    fmt = "Waiter {name} failed: {reason}"

    def __init__(self, name: str, reason: str, last_response: dict[str, Any]) -> None:
        super().__init__(name=name, reason=reason)
        self.last_response = last_response

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kwargs["name"], self.kwargs["reason"], self.last_response)


class UnknownClientMethodError(BotoCoreError):
    """The client has no such method."""

    fmt = "Client does not have method: {method_name}"


def _remake(kind: type[BotoCoreError], kwargs: dict[str, Any]) -> BotoCoreError:
    return kind(**kwargs)
