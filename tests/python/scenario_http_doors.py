"""The doors over HTTP: AWS JSON 1.0 and AWS Query, spoken by hand so that no SDK hides what is on the wire.

Each answer is also held against what the protocol says of every answer (shared/spec/sqs.md, 1.3 and 1.4): its type, its
request id, an empty body for void actions, the header with the query code, the elements around a result.
"""

from __future__ import annotations

import base64
import functools
import http.client
import json
import re
import urllib.parse
import xml.etree.ElementTree as ET
from typing import Any

from scenario_answers import UUID, VOID_OPERATIONS, Failure
from scenario_runner import Caller, NativeDoor

from localsqs import _core

JSON_TYPE = "application/x-amz-json-1.0"
FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"

# --- What Query calls things (1.4) -----------------------------------------------------------------------------------

# A list or map is flattened: its name in the singular, then a number. Those below go by another name.
QUERY_NAMES = {
    "Actions": "ActionName",
    "Entries": "{operation}RequestEntry",
    "Failed": "BatchResultErrorEntry",
    "Results": "ListMessageMoveTasksResultEntry",
    "Successful": "{operation}ResultEntry",
    "queueUrls": "QueueUrl",
    "tags": "Tag",
}
WITHOUT_DETAIL = frozenset({"CreateQueue", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"})

# Where Query says something else than JSON does, on purpose. Scenarios are written in the words of JSON; what cannot be
# translated (AttributeName.N before MessageSystemAttributeName.N; a list that is absent or empty, which are one and the
# same in Query) has a `doors` line of its own.
QUERY_TEXTS = {
    "The specified queue does not exist for this wsdl version.": "The specified queue does not exist.",
}


def query_name(operation: str, member: str) -> str:
    return QUERY_NAMES.get(member, member.removesuffix("s")).format(operation=operation)


def key_name(member: str) -> str:
    return "Key" if member in ("Tags", "tags") else "Name"


@functools.cache
def shapes() -> dict[str, Any]:
    return _core.shapes()


@functools.cache
def shape_of_query_code() -> dict[str, str]:
    return {error["code"]: error["shape"] for error in _core.error_catalogue()}


def form_of(operation: str, parameters: dict[str, Any]) -> dict[str, str]:
    """Members -> flat parameters: {"Attributes": {"DelaySeconds": "1"}} -> Attribute.1.Name, Attribute.1.Value."""
    form: dict[str, str] = {}

    def put_members(prefix: str, members: dict[str, Any]) -> None:
        for member, value in members.items():
            if isinstance(value, dict):
                for number, (key, item) in enumerate(value.items(), 1):
                    entry = f"{prefix}{query_name(operation, member)}.{number}."
                    form[entry + key_name(member)] = key
                    put_value(entry + "Value", item)
            elif isinstance(value, list):
                for number, item in enumerate(value, 1):
                    put_value(f"{prefix}{query_name(operation, member)}.{number}", item)
            else:
                put_value(prefix + member, value)

    def put_value(name: str, value: Any) -> None:
        if isinstance(value, dict):
            put_members(name + ".", value)
        else:
            form[name] = base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)

    put_members("", parameters)
    return form


def structure_of(element: ET.Element, shape: dict[str, Any], operation: str) -> dict[str, Any]:
    """The elements of a result -> its members. What has no element is left out, as JSON leaves it out."""
    members: dict[str, Any] = {}
    known = set()
    for member, of in shape["members"].items():
        tag = NAMESPACE + (query_name(operation, member) if of["type"] in ("list", "map") else member)
        known.add(tag)
        found = element.findall(tag)
        if not found:
            continue
        if of["type"] == "list":
            members[member] = [value_of(item, of["member"], operation) for item in found]
        elif of["type"] == "map":
            members[member] = dict(map_entry(item, member, of["value"], operation) for item in found)
        else:
            assert len(found) == 1, f"{member} stands twice"
            members[member] = value_of(found[0], of, operation)
    assert {child.tag for child in element} <= known, "an element that no member has"
    return members


def map_entry(element: ET.Element, member: str, shape: dict[str, Any], operation: str) -> tuple[str, Any]:
    key, value = element
    assert (key.tag, value.tag) == (NAMESPACE + key_name(member), NAMESPACE + "Value")
    return key.text or "", value_of(value, shape, operation)


def value_of(element: ET.Element, shape: dict[str, Any], operation: str) -> Any:
    if shape["type"] == "structure":
        return structure_of(element, shape, operation)
    text = element.text or ""
    if shape["type"] == "boolean":
        return {"true": True, "false": False}[text]
    return {"integer": int, "blob": base64.b64decode, "string": str}[shape["type"]](text)


# --- What JSON calls things ------------------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def from_json(value: Any, shape: dict[str, Any]) -> Any:
    """Blobs back to bytes; and the types are held against the model."""
    kind = shape["type"]
    if kind == "structure":
        return {key: from_json(item, shape["members"][key]) for key, item in value.items()}
    if kind == "list":
        return [from_json(item, shape["member"]) for item in value]
    if kind == "map":
        return {key: from_json(item, shape["value"]) for key, item in value.items()}
    assert type(value) is {"integer": int, "boolean": bool, "string": str, "blob": str}[kind]
    return base64.b64decode(value, validate=True) if kind == "blob" else value


# --- Doors -----------------------------------------------------------------------------------------------------------


def authorization(caller: Caller) -> str:
    """In the form of SigV4: it names account and region and is not verified by default (1.6)."""
    return (
        f"AWS4-HMAC-SHA256 Credential={caller.account}/20260101/{caller.region}/sqs/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    )


class HttpDoor(NativeDoor):
    """An engine that is served on a port of its own, and one connection to it."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.server = self.engine.serve()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)

    def close(self) -> None:
        self.connection.close()
        self.server.stop()
        super().close()

    def queue_url(self, owner: Caller, name: str) -> str:
        return f"http://sqs.{owner.region}.amazonaws.com/{owner.account}/{name}"

    def queue_name(self, url: str, caller: Caller) -> str:
        return super().queue_name(url.replace("http://", "https://", 1), caller)

    def post(self, caller: Caller, headers: dict[str, str], body: str) -> tuple[http.client.HTTPResponse, bytes]:
        # The host is AWS's own, as with a client that is redirected by its resolver: URLs handed out carry it.
        headers = {
            "Host": f"sqs.{caller.region}.amazonaws.com",
            "Authorization": authorization(caller),
            **headers,
        }
        self.connection.request("POST", "/", body=body.encode(), headers=headers)
        response = self.connection.getresponse()
        content = response.read()
        assert UUID.fullmatch(response.headers["x-amzn-RequestId"])
        return response, content


class JsonDoor(HttpDoor):
    """AWS JSON 1.0."""

    name = "json"

    def call(self, operation: str, parameters: dict[str, Any], caller: Caller) -> dict[str, Any] | Failure:
        headers = {"X-Amz-Target": f"AmazonSQS.{operation}", "Content-Type": JSON_TYPE, "x-amzn-query-mode": "true"}
        response, content = self.post(caller, headers, json.dumps(to_json(parameters)))
        assert response.headers["Content-Type"] == JSON_TYPE
        if response.status != 200:
            return self._failure(response, json.loads(content))
        assert response.headers["x-amzn-query-error"] is None
        if operation in VOID_OPERATIONS:
            assert content == b""
            return {}
        answer: dict[str, Any] = from_json(json.loads(content), shapes()[operation]["output"])
        return answer

    @staticmethod
    def _failure(response: http.client.HTTPResponse, body: dict[str, str]) -> Failure:
        namespace, _, shape = body.pop("__type").partition("#")
        code, _, fault = response.headers["x-amzn-query-error"].partition(";")
        modelled = next(error["modelled"] for error in _core.error_catalogue() if error["shape"] == shape)
        assert namespace == ("com.amazonaws.sqs" if modelled else "com.amazon.coral.service")
        assert fault == "Sender"
        text = body.pop("Message" if code == "AccessDenied" else "message", "")
        assert not body
        return Failure(shape, code, response.status, text)


class QueryDoor(HttpDoor):
    """AWS Query: form parameters and XML."""

    name = "query"

    def call(self, operation: str, parameters: dict[str, Any], caller: Caller) -> dict[str, Any] | Failure:
        form = {"Action": operation, "Version": "2012-11-05", **form_of(operation, parameters)}
        response, content = self.post(caller, {"Content-Type": FORM_TYPE}, urllib.parse.urlencode(form))
        assert response.headers["Content-Type"] == "text/xml"
        root = ET.fromstring(content)
        if response.status != 200:
            return self._failure(operation, response, root)
        assert root.tag == f"{NAMESPACE}{operation}Response"
        *results, metadata = root
        assert metadata.tag == NAMESPACE + "ResponseMetadata"
        assert metadata.findtext(NAMESPACE + "RequestId") == response.headers["x-amzn-RequestId"]
        if operation in VOID_OPERATIONS:
            assert not results
            return {}
        (result,) = results
        assert result.tag == f"{NAMESPACE}{operation}Result"
        return structure_of(result, shapes()[operation]["output"], operation)

    @staticmethod
    def _failure(operation: str, response: http.client.HTTPResponse, root: ET.Element) -> Failure:
        assert root.tag == NAMESPACE + "ErrorResponse"
        error, request_id = root
        assert request_id.tag == NAMESPACE + "RequestId"
        assert request_id.text == response.headers["x-amzn-RequestId"]
        members = {re.sub("{.*}", "", child.tag): child.text or "" for child in error}
        assert ("Detail" in members) == (operation not in WITHOUT_DETAIL)
        assert members["Type"] == "Sender"
        shape = shape_of_query_code()[members["Code"]]
        text = QUERY_TEXTS.get(members["Message"], members["Message"])
        return Failure(shape, members["Code"], response.status, text)
