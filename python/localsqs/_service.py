"""Clients of the neighbours (Lambda, CloudWatch, SNS, CloudFormation) in boto3's shapes, from a table a service.

A service is a `ServiceModel`, which says what its operations take and which errors they answer, and a subclass of
`Service` with a method for each operation:

    MODEL = ServiceModel(
        service_name="sns", class_name="SNS", api_version="2010-03-31",
        operations=[Operation("Publish", structure("Message", TopicArn=string(), Message=string())), ...],
        errors=[ErrorShape("NotFoundException", code="NotFound", status=404), ...],
    )

    class SnsService(Service):
        model = MODEL
        def publish(self, region, account, params):      # Parameters are checked, as botocore checks them.
            raise ServiceError("NotFound", "Topic does not exist")
            return {"MessageId": ...}                     # ResponseMetadata is added.

`Service.call` is an operation for whoever comes from outside: it answers with a dict or raises `ServiceError`. The
native client (`ServiceClient`) and a patched boto3 (`Service.respond`) stand on it.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from localsqs import errors
from localsqs._validate import check_shape
from localsqs.paginate import Pages, Paginator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from localsqs.engine import Engine

__all__ = [
    "SERVICES",
    "ErrorShape",
    "Operation",
    "Pages",
    "Service",
    "ServiceClient",
    "ServiceError",
    "ServiceModel",
    "Waiter",
    "blob",
    "boolean",
    "double",
    "integer",
    "list_of",
    "make_client",
    "make_service",
    "map_of",
    "string",
    "structure",
    "timestamp",
]

# Where the class of each service is. Imported when the service is first used.
SERVICES = {
    "cloudformation": "localsqs.cloudformation.service:CloudFormationService",
    "cloudwatch": "localsqs.cloudwatch.service:CloudWatchService",
    "lambda": "localsqs.lambda_.service:LambdaService",
    "sns": "localsqs.sns.service:SnsService",
    "stepfunctions": "localsqs.task_tokens:TaskTokenService",
}

Shape = dict[str, Any]

# --- Shapes: what an operation takes ---------------------------------------------------------------------------------


def structure(required: str = "", /, **members: Shape) -> Shape:
    """A dict with these members.

    Args:
        required: Names of the members that must be there, separated by blanks, in the order of botocore's model.
        **members: The members, in the order of botocore's model: error texts list them.
    """
    return {"type": "structure", "required": required.split(), "members": members}


def list_of(member: Shape, min: int | None = None) -> Shape:
    """A list. `min` here and below is what botocore itself checks: least length, or least value of a number."""
    return _shape("list", min, member=member)


def map_of(value: Shape, key: Shape | None = None) -> Shape:
    return _shape("map", None, key=key or string(), value=value)


def string(min: int | None = None) -> Shape:
    return _shape("string", min)


def integer(min: int | None = None) -> Shape:
    return _shape("integer", min)


def double(min: float | None = None) -> Shape:
    return _shape("double", min)


def boolean() -> Shape:
    return _shape("boolean", None)


def blob() -> Shape:
    return _shape("blob", None)


def timestamp() -> Shape:
    """What `localsqs._timestamps.parse` reads."""
    return _shape("timestamp", None)


def _shape(kind: str, min: float | None, **parts: Shape) -> Shape:
    return {"type": kind, **parts} if min is None else {"type": kind, "min": min, **parts}


# --- The model of a service ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One operation: its name, what it takes, and how its answers come in pages."""

    name: str
    input: Shape = field(default_factory=structure)
    pages: Pages | None = None
    status: int = 200

    @property
    def method(self) -> str:
        """The name of the client's method: "put_metric_alarm"."""
        return _snake_case(self.name)


def _snake_case(name: str) -> str:
    """botocore's name of an operation: "ListTagsForResource" -> "list_tags_for_resource"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@dataclass(frozen=True)
class ErrorShape:
    """An error of the service's model: `client.exceptions.<shape>`.

    Attributes:
        shape: The class: "NotFoundException".
        code: Error.Code; the shape if None.
        status: HTTP status.
        message_member: The member of the answer with the text again: "message", "Message", or None for none.
        type: Lambda's member "Type": "User" or "Service".
    """

    shape: str
    code: str | None = None
    status: int = 400
    message_member: str | None = "message"
    type: str | None = None

    @property
    def wire_code(self) -> str:
        return self.code or self.shape


class ServiceError(Exception):
    """What an operation answers instead of a result.

    Args:
        code: Error.Code, which need not be in the table: then the caller gets a plain ClientError.
        message: Error.Message.
        status: HTTP status; that of the table if None, else 400.
        **members: Further members of the answer.
    """

    def __init__(self, code: str, message: str, status: int | None = None, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


@dataclass(frozen=True)
class Waiter:
    """Calls an operation until it says that something is so.

    Attributes:
        operation: "DescribeStacks".
        state: Takes the answer, or the ServiceError; gives "success", "failure", "retry", or "error" to raise it.
        delay: Seconds between two calls, on the engine's clock.
        max_attempts: Calls before it gives up.
    """

    operation: str
    state: Callable[[dict[str, Any] | ServiceError], str]
    delay: int = 5
    max_attempts: int = 60


@dataclass(frozen=True)
class ServiceModel:
    """What a service is called and what it offers; the parts that programs look at are named as in botocore.

    Attributes:
        service_name: "cloudwatch".
        class_name: The class of boto3's client, which is also the service id: "CloudWatch".
        endpoint_prefix: "monitoring" in https://monitoring.us-east-1.amazonaws.com; the service's name if empty.
        query_compatible: Errors also have Error.QueryErrorCode, the shape.
        error_types: Errors have Error.Type, "Sender" or "Receiver" (the query protocol).
    """

    service_name: str
    class_name: str
    api_version: str
    operations: Sequence[Operation]
    errors: Sequence[ErrorShape]
    endpoint_prefix: str = ""
    query_compatible: bool = False
    error_types: bool = True
    content_type: str = "text/xml"
    waiters: Mapping[str, Waiter] = field(default_factory=dict)

    @property
    def service_id(self) -> str:
        return self.class_name

    @property
    def signing_name(self) -> str:
        return self.endpoint_prefix or self.service_name

    @property
    def operation_names(self) -> list[str]:
        return [operation.name for operation in self.operations]

    def operation(self, name: str) -> Operation:
        """By its name. KeyError if there is none."""
        found = next((operation for operation in self.operations if operation.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def error(self, code: str) -> ErrorShape | None:
        """The error with this code or shape."""
        return next((error for error in self.errors if code in (error.wire_code, error.shape)), None)


# --- A service -------------------------------------------------------------------------------------------------------


class Service:
    """The state of one service on one engine, for all regions and accounts, and its operations.

    Subclasses set `model` and have a method for each operation: `def publish(self, region, account, params)`, which
    returns a fresh dict or raises ServiceError.

    Attributes:
        engine: Whose it is.
        lock: Held while an operation runs, unless the class sets `locks = False`. Let go of it before calling users'
            code.
        random: Seeded by the engine's seed and the service's name.
    """

    model: ServiceModel
    locks = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lock = RLock()
        self.random = Random(f"{engine.seed}:{self.model.service_name}")
        self._methods = {operation.name: getattr(self, operation.method) for operation in self.model.operations}
        # Request ids come from a source of their own, so that looking does not change what is drawn next.
        self._request_ids = Random(f"{engine.seed}:{self.model.service_name}:requests")

    def call(self, operation: str, params: dict[str, Any], region: str, account: str) -> dict[str, Any]:
        """One operation.

        Args:
            operation: "Publish".
            params: The keyword arguments; already checked against the shape of the operation's input.

        Raises:
            ServiceError: What the service answers instead.
            KeyError: If there is no such operation.
        """
        method = self._methods[operation]
        if not self.locks:
            return dict(method(region, account, params))
        with self.lock:
            return dict(method(region, account, params))

    def respond(self, operation: str, params: dict[str, Any], region: str, account: str) -> tuple[int, dict[str, Any]]:
        """One operation as botocore parses it: the HTTP status and the answer, an error's too."""
        try:
            answer = self.call(operation, params, region, account)
        except ServiceError as error:
            return self._error_answer(error)
        status = self.model.operation(operation).status
        answer["ResponseMetadata"] = self._metadata(status)
        return status, answer

    def new_uuid(self) -> str:
        """A UUID of version 4 from the service's seed."""
        return _uuid(self.random)

    def _error_answer(self, error: ServiceError) -> tuple[int, dict[str, Any]]:
        shape = self.model.error(error.code)
        status = error.status or (shape.status if shape else 400)
        about: dict[str, Any] = {"Message": error.message, "Code": shape.wire_code if shape else error.code}
        if self.model.error_types:
            about["Type"] = "Sender" if status < 500 else "Receiver"
        if self.model.query_compatible and shape:
            about["QueryErrorCode"] = shape.shape
        answer = {"Error": about, "ResponseMetadata": self._metadata(status), **error.members}
        if shape and shape.message_member:
            answer.setdefault(shape.message_member, error.message)
        if shape and shape.type:
            answer.setdefault("Type", shape.type)
        return status, answer

    def _metadata(self, status: int) -> dict[str, Any]:
        request_id = _uuid(self._request_ids)
        return {
            "RequestId": request_id,
            "HTTPStatusCode": status,
            "HTTPHeaders": {"x-amzn-requestid": request_id, "content-type": self.model.content_type},
            "RetryAttempts": 0,
        }


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def make_service(engine: Engine, name: str) -> Service:
    """A new service for an engine. Engine._service keeps it.

    Raises:
        KeyError: If there is no such service.
    """
    module, _, class_name = SERVICES[name].partition(":")
    service: Service = getattr(importlib.import_module(module), class_name)(engine)
    return service


# --- Its client ------------------------------------------------------------------------------------------------------


def make_client(service: Service, region_name: str, account: str, endpoint_url: str = "") -> Any:
    """boto3's client of a service, without boto3: its class is named as boto3's and has its methods."""
    return _client_class(service.model)(service, region_name, account, endpoint_url)


_classes: dict[int, type[ServiceClient]] = {}  # By the id of the model, which the class keeps.


def _client_class(model: ServiceModel) -> type[ServiceClient]:
    made = _classes.get(id(model))
    if made is None:
        methods = {operation.method: _method(operation) for operation in model.operations}
        doc = f"The client of {model.class_name} on an engine. Made by `Engine.client({model.service_name!r})`."
        namespace = {**methods, "exceptions": ServiceExceptions(model), "__doc__": doc, "__module__": __name__}
        made = _classes.setdefault(id(model), type(model.class_name, (ServiceClient,), namespace))
    return made


def _method(operation: Operation) -> Callable[..., dict[str, Any]]:
    def call(self: ServiceClient, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if args:
            raise TypeError(f"{operation.method}() only accepts keyword arguments.")
        return self._call(operation, kwargs)

    members = operation.input["members"]
    required = operation.input["required"]
    call.__name__ = operation.method
    call.__qualname__ = operation.method
    call.__doc__ = f"{operation.name}: {', '.join(n + (' (required)' if n in required else '') for n in members)}."
    return call


class ServiceClient:
    """The part that the clients of all services have. Thread-safe.

    Attributes:
        exceptions: The error classes: `except client.exceptions.NotFoundException`.
        meta: What a boto3 client says of itself.
    """

    exceptions: ServiceExceptions

    def __init__(self, service: Service, region_name: str, account: str, endpoint_url: str = "") -> None:
        self._service = service
        self._account = account
        self.meta = ServiceMeta(service.model, region_name, endpoint_url)

    @property
    def waiter_names(self) -> list[str]:
        return list(self._service.model.waiters)

    def _call(self, operation: Operation, params: dict[str, Any]) -> dict[str, Any]:
        check_shape(params, operation.input)
        status, answer = self._service.respond(operation.name, params, self.meta.region_name, self._account)
        if status < 300:
            return answer
        error = answer["Error"]
        raise self.exceptions.from_code(error.get("QueryErrorCode") or error["Code"])(answer, operation.name)

    def __getattr__(self, name: str) -> Any:
        model = self._service.model if "_service" in self.__dict__ else None
        if model is None or name.startswith("_"):
            raise AttributeError(name)
        known = ", ".join(sorted(self.meta.method_to_api_mapping))
        raise AttributeError(f"{model.class_name!r} object has no attribute {name!r}; localsqs has: {known}")

    def can_paginate(self, operation_name: str) -> bool:
        """Whether `get_paginator` has one for a method, by its Python name. KeyError if there is no such method."""
        return self._operation(operation_name).pages is not None

    def get_paginator(self, operation_name: str) -> Paginator:
        """A paginator of a method, by its Python name.

        Raises:
            KeyError: If there is no such method.
            OperationNotPageableError: If the method has no pages.
        """
        pages = self._operation(operation_name).pages
        if pages is None:
            raise errors.OperationNotPageableError(operation_name=operation_name)
        return Paginator(getattr(self, operation_name), pages)

    def get_waiter(self, waiter_name: str) -> Any:
        """A waiter; between two calls it moves a clock that can be moved, and sleeps on one that cannot.

        Raises:
            ValueError: If there is none of this name, in boto3's words.
        """
        from localsqs._waiter import ServiceWaiter

        waiter = self._service.model.waiters.get(waiter_name)
        if waiter is None:
            raise ValueError(f"Waiter does not exist: {waiter_name}")
        return ServiceWaiter(self, waiter_name, waiter)

    def close(self) -> None:
        """Does nothing: there are no connections."""

    def _operation(self, method: str) -> Operation:
        return self._service.model.operation(self.meta.method_to_api_mapping[method])

    def __repr__(self) -> str:
        return f"<localsqs.{self._service.model.class_name}: {self.meta.endpoint_url}>"


class ServiceMeta:
    """`client.meta`."""

    def __init__(self, model: ServiceModel, region_name: str, endpoint_url: str) -> None:
        self.service_model = model
        self.region_name = region_name
        self.endpoint_url = endpoint_url or f"https://{model.signing_name}.{region_name}.amazonaws.com"

    @property
    def method_to_api_mapping(self) -> dict[str, str]:
        """{"put_metric_alarm": "PutMetricAlarm", ...}"""
        return {operation.method: operation.name for operation in self.service_model.operations}

    @property
    def partition(self) -> str:
        return partition(self.region_name)


def partition(region: str) -> str:
    """The second word of an ARN: "aws", "aws-cn" or "aws-us-gov"."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


# --- Its errors ------------------------------------------------------------------------------------------------------


class ServiceExceptions:
    """`client.exceptions`: a class for each error of the service's model, and ClientError."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._made: dict[str, type[errors.ClientError]] = {}

    def from_code(self, error_code: str) -> type[errors.ClientError]:
        """The class for an error's code or shape, ClientError if it has none of its own."""
        shape = self._model.error(error_code)
        return self._class(shape) if shape else errors.ClientError

    def _class(self, shape: ErrorShape) -> type[errors.ClientError]:
        made = self._made.get(shape.shape)
        if made is None:
            members = {
                "__module__": __name__,
                "__doc__": f"{shape.shape}: Error.Code {shape.wire_code}, HTTP status {shape.status}.",
                "__reduce__": _reduce,
                "_service_name": self._model.service_name,
            }
            made = self._made.setdefault(shape.shape, type(shape.shape, (errors.ClientError,), members))
        return made

    def __getattr__(self, name: str) -> Any:
        if name == "ClientError":
            return errors.ClientError
        if name.startswith("_"):
            raise AttributeError(name)
        shape = next((error for error in self._model.errors if error.shape == name), None)
        if shape is None:
            valid = ", ".join(error.shape for error in self._model.errors)
            raise AttributeError(f"{self!r} object has no attribute {name}. Valid exceptions are: {valid}")
        return self._class(shape)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), "ClientError", *(error.shape for error in self._model.errors)})


def _reduce(error: Any) -> tuple[Any, ...]:
    return _unpickle, (error._service_name, type(error).__name__, error.response, error.operation_name)


def _unpickle(service_name: str, shape: str, response: dict[str, Any], operation: str) -> errors.ClientError:
    module, _, class_name = SERVICES[service_name].partition(":")
    model: ServiceModel = getattr(importlib.import_module(module), class_name).model
    return _client_class(model).exceptions.from_code(shape)(response, operation)
