"""HTTP by hand, for tests of the endpoint: bytes out, answers back, nothing that an SDK would smooth over."""

from __future__ import annotations

import json
import socket
import urllib.parse
from dataclasses import dataclass
from typing import Any

JSON_TYPE = "application/x-amz-json-1.0"
FORM_TYPE = "application/x-www-form-urlencoded"
# Nothing takes that long: a test that waits for it has failed.
PATIENCE = 20.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # Names in lower case.
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection. A context manager."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:  # For a client that reads slowly; must stand before the connection.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *requests: bytes) -> None:
        self.socket.sendall(b"".join(requests))

    def answer(self, to_head: bool = False) -> Answer:
        line = self.file.readline()
        if not line:
            raise ConnectionResetError("closed without an answer")
        version, status, _ = line.decode().split(" ", 2)
        assert version == "HTTP/1.1"
        headers: dict[str, str] = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            assert name.lower() not in headers, f"{name} stands twice"
            headers[name.lower()] = value
        has_body = not to_head and int(status) >= 200 and int(status) != 204
        body = self.file.read(int(headers["content-length"])) if has_body else b""
        return Answer(int(status), headers, body)

    def ask(self, request: bytes) -> Answer:
        self.send(request)
        return self.answer()

    def is_closed(self) -> bool:
        """Whether the server closes the connection without a further byte."""
        try:
            return self.file.read(1) == b""
        except ConnectionError:
            return True


def authorization(key: str = "AKIDEXAMPLE", region: str = "us-east-1") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/sqs/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    )


def http_request(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = {"Host": "sqs.test", **headers}
    if body and "Transfer-Encoding" not in lines:
        lines.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body


def json_request(operation: str, members: Any, target: str = "/", **headers: str) -> bytes:
    """`members` is the body's object, or the body as bytes. Headers: X_Amzn_Trace_Id="..."."""
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    all_headers = {"X-Amz-Target": f"AmazonSQS.{operation}", "Content-Type": JSON_TYPE, **_named(headers)}
    return http_request("POST", target, all_headers, body)


def query_request(action: str, target: str = "/", parameters: dict[str, Any] | None = None, **headers: str) -> bytes:
    form = urllib.parse.urlencode({"Action": action, "Version": "2012-11-05", **(parameters or {})})
    return http_request("POST", target, {"Content-Type": FORM_TYPE, **_named(headers)}, form.encode())


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def open_queue(wire: Wire, name: str = "jobs", **attributes: str) -> str:
    """Creates a queue and returns its URL."""
    answer = wire.ask(json_request("CreateQueue", {"QueueName": name, "Attributes": attributes}))
    assert answer.status == 200
    url: str = answer.json()["QueueUrl"]
    return url


def counts(wire: Wire, url: str) -> tuple[int, int]:
    """Messages visible and in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = wire.ask(json_request("GetQueueAttributes", {"QueueUrl": url, "AttributeNames": names}))
    visible, in_flight = (int(answer.json()["Attributes"][name]) for name in names)
    return visible, in_flight
