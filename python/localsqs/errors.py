"""What goes wrong, as boto3 raises it.

    Exception
      OSError
        StoreError                      the file of a durable engine: in use, damaged, not writable
      ClientError                       what the service answers; .response, .operation_name
        QueueDoesNotExist, ...          a class for each error of the service model: client.exceptions has them all
      BotoCoreError
        ParamValidationError            refused before it was sent; the text is botocore's, .hint is ours
        PaginationError                 a paginator got the same token twice
        OperationNotPageableError       get_paginator() of an operation that has no pages
        UnknownClientMethodError        generate_presigned_url() of an unknown method
        WaiterError                     what a waiter waits for did not come

Where botocore is installed, ClientError, BotoCoreError and those below it are botocore's own classes, so that
`except botocore.exceptions.ClientError` in the code under test catches them, whenever it imports botocore. Where it is
not, classes of the same names and behaviour stand in. Which of the two is decided when the first one is asked for or
raised, so that `import localsqs` does not import botocore.

An error that the service model does not list, such as InvalidParameterValue, is a plain ClientError, as in boto3: look
at `error.response["Error"]["Code"]`.
"""

from __future__ import annotations

from localsqs import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from localsqs._core import ExceptionAttributes
    from localsqs._lookalikes import (
        BotoCoreError,
        ClientError,
        OperationNotPageableError,
        PaginationError,
        ParamValidationError,
        UnknownClientMethodError,
        WaiterError,
    )
else:
    ExceptionAttributes = object

__all__ = [
    "BotoCoreError",
    "ClientError",
    "Exceptions",
    "OperationNotPageableError",
    "PaginationError",
    "ParamValidationError",
    "StoreError",
    "UnknownClientMethodError",
    "WaiterError",
    "exceptions",
]

# Classes that botocore has too.
_BASES = frozenset(__all__) - {"Exceptions", "StoreError", "exceptions"}


class StoreError(OSError):
    """The file of a durable engine could not be used: the text says which and why."""


class Exceptions(ExceptionAttributes):
    """`client.exceptions`: a class for each error of the service model, and ClientError.

    Example:
        >>> try:
        ...     sqs.get_queue_url(QueueName="missing")
        ... except sqs.exceptions.QueueDoesNotExist:
        ...     pass
    """

    def from_code(self, error_code: str) -> type[ClientError]:
        """The class for an error's shape, ClientError if it has none of its own."""
        return _modelled().get(error_code) or _base("ClientError")

    def __getattr__(self, name: str) -> Any:
        if name == "ClientError":
            return _base(name)
        try:
            return _modelled()[name]
        except KeyError:
            valid = ", ".join(sorted(_modelled()))
            raise AttributeError(f"{self!r} object has no attribute {name}. Valid exceptions are: {valid}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), "ClientError", *_modelled()})


exceptions = Exceptions()


def __getattr__(name: str) -> Any:
    if name in _BASES:
        return _base(name)
    if not name.startswith("_") and name in _modelled():
        return _modelled()[name]
    raise AttributeError(f"module 'localsqs.errors' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_BASES, *_modelled()})


def _source() -> ModuleType:
    """The module with the base classes: botocore's or ours."""
    try:
        import botocore.exceptions
    except ImportError:
        from localsqs import _lookalikes

        return _lookalikes
    return botocore.exceptions  # type: ignore[no-any-return]


def _base(name: str) -> Any:
    # Kept, so that the decision is made once. Two threads at a time put the same class there.
    if name not in globals():
        globals()[name] = getattr(_source(), name)
    return globals()[name]


def _modelled() -> dict[str, type[ClientError]]:
    """The classes of the service model's errors by shape."""
    return _kept.get("classes") or _make_classes()


_kept: dict[str, dict[str, type[ClientError]]] = {}


def _make_classes() -> dict[str, type[ClientError]]:
    classes = {row["shape"]: _make_class(row) for row in _core.error_catalogue() if row["modelled"]}
    # All at once, so that no thread finds half of them; and setdefault: whichever comes first, they are everybody's.
    return _kept.setdefault("classes", classes)


def _make_class(row: dict[str, Any]) -> type[ClientError]:
    members = {
        "__module__": __name__,
        "__doc__": f"{row['shape']}: Error.Code {row['code']}, HTTP status {row['http_status']}.",
        "__reduce__": _reduce,
    }
    return type(row["shape"], (_base("ClientError"),), members)


def _reduce(error: ClientError) -> tuple[Any, ...]:
    return _unpickle, (type(error).__name__, error.response, error.operation_name)


def _unpickle(shape: str, response: dict[str, Any], operation: str) -> ClientError:
    return exceptions.from_code(shape)(response, operation)


# Errors whose shape in the service model has no member `message`.
_WITHOUT_MESSAGE = frozenset({"InvalidIdFormat", "MessageNotInflight"})


def _service_error(row: dict[str, Any], message: str, operation: str, request_id: str) -> ClientError:
    """The exception for an answer of the engine, with the response that boto3 makes of it. Called by _core."""
    response: dict[str, Any] = {
        "Error": {
            "Message": message,
            "Code": row["code"],
            "QueryErrorCode": row["shape"],
            "Type": row["type"],
        },
        "ResponseMetadata": {
            "RequestId": request_id,
            "HTTPStatusCode": row["http_status"],
            "HTTPHeaders": {
                "x-amzn-requestid": request_id,
                "x-amzn-query-error": f"{row['code']};{row['type']}",
                "content-type": "application/x-amz-json-1.0",
            },
            "RetryAttempts": 0,
        },
    }
    # botocore looks for the members of a modelled error by its query code: it finds those whose code is their shape.
    if row["modelled"] and row["code"] == row["shape"] and row["shape"] not in _WITHOUT_MESSAGE:
        response["message"] = message
    error: ClientError = exceptions.from_code(row["shape"])(response, operation)
    return error
