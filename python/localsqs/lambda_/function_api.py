"""The part of the Lambda API that is about functions: looking, invoking, concurrency, tags.

Functions come from `Engine.register_function`; there is no CreateFunction, since there is no code to upload.
"""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

from localsqs._service import Service, ServiceError
from localsqs.clock import to_datetime
from localsqs.lambda_.names import parse_function_name
from localsqs.lambda_.settings import invalid

if TYPE_CHECKING:
    from localsqs.lambda_.function import Function
    from localsqs.lambda_.outcome import Outcome

__all__ = ["FunctionApi"]

# An asynchronous invocation that fails is tried twice more (Lambda Developer Guide, "Asynchronous invocation").
_ASYNC_RETRY_SECONDS = (60, 120)
_LOG_TAIL_BYTES = 4096


class FunctionApi(Service):
    """Operations on functions."""

    functions: dict[tuple[str, str, str], Function]

    def add_function(self, function: Function) -> None:
        """A function of this name is replaced; mappings go on with the new one."""
        key = (function.region, function.account, function.name)
        with self.lock:
            old = self.functions.pop(key, None)
            self.functions[key] = function
        if old is not None and old.runner is not function.runner:
            old.close()

    def _function(self, text: str, region: str, account: str) -> Function:
        name = parse_function_name(text, region, account)
        function = self.functions.get(name[:3])
        if function is None:
            arn = f"arn:aws:lambda:{name.region}:{name.account}:function:{name.name}"
            raise ServiceError("ResourceNotFoundException", f"Function not found: {arn}")
        return function

    # --- Looking -----------------------------------------------------------------------------------------------------

    def get_function(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        function = self._function(params["FunctionName"], region, account)
        answer: dict[str, Any] = {"Configuration": _configuration(function), "Code": {}}
        if function.tags:
            answer["Tags"] = dict(function.tags)
        if function.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
        return answer

    def get_function_configuration(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return _configuration(self._function(params["FunctionName"], region, account))

    def list_functions(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        from localsqs.lambda_.service import page_of

        found = [function for key, function in self.functions.items() if key[:2] == (region, account)]
        page, marker = page_of(found, params)
        answer: dict[str, Any] = {"Functions": [_configuration(function) for function in page]}
        if marker:
            answer["NextMarker"] = marker
        return answer

    # --- Changing ----------------------------------------------------------------------------------------------------

    def update_function_configuration(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        function = self._function(params["FunctionName"], region, account)
        try:
            function.reconfigure(
                timeout=params.get("Timeout"),
                memory_size=params.get("MemorySize"),
                environment=params.get("Environment", {}).get("Variables"),
                description=params.get("Description"),
            )
        except ValueError as error:
            raise invalid(str(error)) from None
        return _configuration(function)

    def delete_function(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        """Its mappings stay, and stay enabled."""
        function = self._function(params["FunctionName"], region, account)
        del self.functions[function.region, function.account, function.name]
        function.close()
        return {}

    def put_function_concurrency(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        function = self._function(params["FunctionName"], region, account)
        function.reserved_concurrency = params["ReservedConcurrentExecutions"]
        return {"ReservedConcurrentExecutions": function.reserved_concurrency}

    def get_function_concurrency(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        reserved = self._function(params["FunctionName"], region, account).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def delete_function_concurrency(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self._function(params["FunctionName"], region, account).reserved_concurrency = None
        return {}

    # --- Tags --------------------------------------------------------------------------------------------------------

    def _tagged(self, arn: str, region: str, account: str) -> dict[str, str]:
        return self._function(arn, region, account).tags

    def list_tags(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": dict(self._tagged(params["Resource"], region, account))}

    def tag_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self._tagged(params["Resource"], region, account).update(params["Tags"])
        return {}

    def untag_resource(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tagged(params["Resource"], region, account)
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    # --- Invoking ----------------------------------------------------------------------------------------------------

    def invoke(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        name = parse_function_name(params["FunctionName"], region, account)
        function = self._function(params["FunctionName"], region, account)
        event = _payload(params.get("Payload"))
        qualifier = params.get("Qualifier") or name.qualifier
        kind = params.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return {"StatusCode": 204, "Payload": _body("")}
        if kind == "Event":
            self._invoke_later(function, event, qualifier, 0)
            return {"StatusCode": 202, "Payload": _body("")}
        if kind != "RequestResponse":
            raise invalid(f"InvocationType must be Event, RequestResponse or DryRun, not {kind}")
        outcome = function.invoke(event, qualifier=qualifier, client_context=_client_context(params))
        return _answer(outcome, params.get("LogType") == "Tail", qualifier)

    def _invoke_later(self, function: Function, event: Any, qualifier: str | None, attempt: int) -> None:
        agenda = self.engine._agenda
        delay_s = (0, *_ASYNC_RETRY_SECONDS)[attempt]

        def invoke() -> None:
            outcome = function.invoke(event, qualifier=qualifier)
            if not outcome.ok and attempt < len(_ASYNC_RETRY_SECONDS):
                self._invoke_later(function, event, qualifier, attempt + 1)

        agenda.at(agenda.now_ns() + delay_s * 1_000_000_000, invoke)


def _configuration(function: Function) -> dict[str, Any]:
    handler = function.handler
    configuration: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": function.arn,
        "Runtime": "python3.x",
        "Handler": f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', '')}".strip("."),
        "CodeSize": 0,
        "Description": function.description,
        "Timeout": int(function.timeout) if function.timeout == int(function.timeout) else function.timeout,
        "MemorySize": function.memory_size,
        "LastModified": f"{to_datetime(function.modified_ns):%Y-%m-%dT%H:%M:%S.000+0000}",
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
    }
    if function.environment:
        configuration["Environment"] = {"Variables": dict(function.environment)}
    return configuration


def _payload(given: Any) -> Any:
    data = given.read() if hasattr(given, "read") else given
    if data in (None, b"", ""):
        return {}
    try:
        return json.loads(data)
    except (ValueError, UnicodeDecodeError) as error:
        raise ServiceError(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None


def _client_context(params: dict[str, Any]) -> dict[str, Any] | None:
    text = params.get("ClientContext")
    if not text:
        return None
    try:
        context: dict[str, Any] = json.loads(base64.b64decode(text))
    except ValueError:
        raise ServiceError(
            "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."
        ) from None
    return context


def _answer(outcome: Outcome, tail: bool, qualifier: str | None) -> dict[str, Any]:
    if outcome.status == "throttled":
        members = {name: value for name, value in outcome.payload.items() if name != "message"}
        raise ServiceError("TooManyRequestsException", outcome.payload["message"], **members)
    answer: dict[str, Any] = {"StatusCode": 200}
    if not outcome.ok:
        answer["FunctionError"] = "Unhandled"
    if tail:
        answer["LogResult"] = base64.b64encode(outcome.log.encode()[-_LOG_TAIL_BYTES:]).decode()
    answer["ExecutedVersion"] = qualifier if qualifier and qualifier.isdigit() else "$LATEST"
    answer["Payload"] = _body(json.dumps(outcome.payload))
    return answer


def _body(text: str) -> Any:
    """botocore's StreamingBody where botocore is installed, else something with its `read`."""
    data = text.encode()
    try:
        from botocore.response import StreamingBody
    except ImportError:
        return io.BytesIO(data)
    return StreamingBody(io.BytesIO(data), len(data))
