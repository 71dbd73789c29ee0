"""The Lambda Runtime API on loopback: what a function's process asks for its next event, and tells what came of it.

    GET  /2018-06-01/runtime/invocation/next            waits; 200 with the event, the rest in headers
    POST /2018-06-01/runtime/invocation/ID/response     202; what the handler returned
    POST /2018-06-01/runtime/invocation/ID/error        202; {"errorMessage", "errorType", "stackTrace"}
    POST /2018-06-01/runtime/init/error                 202; the process could not get ready

One API serves one process, as on Lambda: `AWS_LAMBDA_RUNTIME_API` names a host and a port, no path. Any runtime that
speaks version 2018-06-01 works: awslambdaric, aws-lambda-ric, the runtimes of Go and Rust, a `bootstrap` of one's own.

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Answer", "Invocation", "RuntimeApi"]

# Lambda quotas, "Invocation payload (request and response)": 6 MB, of which the service takes a little for itself.
RESPONSE_BYTES_MAX = 6_291_556

# A client drops a stack above 1 MiB.
_HEADER_BYTES_MAX = 2 << 20

_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a process is told of an invocation.

    Attributes:
        request_id: A UUID.
        event: JSON text.
        deadline_ms: When the function times out, in milliseconds since the Unix epoch, of real time.
        function_arn: With the qualifier that was invoked.
        trace_id: The value of _X_AMZN_TRACE_ID; "" if there is none.
        client_context: JSON text; "" if there is none.
    """

    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str = ""
    client_context: str = ""

    def headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
        }
        if self.trace_id:
            headers["Lambda-Runtime-Trace-Id"] = self.trace_id
        if self.client_context:
            headers["Lambda-Runtime-Client-Context"] = self.client_context
        return headers


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process said.

    Attributes:
        kind: "response": the handler returned. "error": it raised. "init_error": the process could not get ready.
            "too_large": it returned more than Lambda takes.
        body: As it was sent; of a response that was too large nothing.
        error_type: The header Lambda-Runtime-Function-Error-Type; "" if there was none.
    """

    kind: Literal["response", "error", "init_error", "too_large"]
    body: bytes = b""
    error_type: str = ""


class RuntimeApi:
    """The Runtime API of one process. Thread-safe, one invocation at a time. A context manager.

    Example:
        >>> with RuntimeApi() as api:
        ...     api.address.startswith("127.0.0.1:")
        True
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._offered: Invocation | None = None  # Not taken yet.
        self._in_hand: Invocation | None = None  # Taken, not answered.
        self._answer: Answer | None = None
        self._ready = False  # The process waits for an invocation.
        self._ended = False  # Nothing will come any more: the process is gone, or we are.
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="runtime-api", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API: "127.0.0.1:40123"."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    # --- Our side ----------------------------------------------------------------------------------------------------

    def wait_ready(self, timeout_s: float) -> bool:
        """Waits until the process asks for an invocation, says that it cannot get ready, or is gone.

        Returns:
            False if none of these happened in time.
        """
        return self._wait(lambda: self._ready or self._answer is not None or self._ended, timeout_s)

    def offer(self, invocation: Invocation) -> None:
        """Gives the process its next invocation; it takes it when it asks."""
        with self._changed:
            if self._offered is not None or self._in_hand is not None:
                raise RuntimeError("one invocation at a time")
            self._offered, self._answer = invocation, None
            self._changed.notify_all()

    def wait_answer(self, timeout_s: float) -> bool:
        """Waits for the answer to what was offered, or for the end of the process. False if neither came in time."""
        return self._wait(lambda: self._answer is not None or self._ended, timeout_s)

    def take_answer(self) -> Answer | None:
        """What the process said of its initialisation or its invocation; None if it has said nothing."""
        with self._changed:
            answer, self._answer = self._answer, None
            return answer

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._ended

    def process_ended(self) -> None:
        """To be called when the process is gone: nobody needs to wait for it."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def is_ready(self) -> bool:
        """Whether the process waits for an invocation."""
        return self._ready and not self._ended

    def close(self) -> None:
        """Ends waiting requests and the server. Once is enough."""
        self.process_ended()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> RuntimeApi:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        deadline = monotonic() + timeout_s
        with self._changed:
            # wait_for() takes no more than threading.TIMEOUT_MAX, which any timeout of Lambda's is below.
            return self._changed.wait_for(condition, max(0.0, deadline - monotonic()))

    # --- The process's side: called by the threads of the server -----------------------------------------------------

    def _take(self) -> Invocation | None:
        """The next invocation; None once nothing will come any more."""
        with self._changed:
            self._ready = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._offered is not None or self._ended)
            if self._ended:
                return None
            self._in_hand, self._offered = self._offered, None
            self._ready = False
            return self._in_hand

    def _answered(self, request_id: str, answer: Answer) -> str:
        """Takes an answer. Returns the error type if it is out of place, "" otherwise."""
        with self._changed:
            if self._in_hand is None or self._in_hand.request_id != request_id:
                return "InvalidRequestID"
            self._in_hand, self._answer = None, answer
            self._changed.notify_all()
            return ""

    def _init_failed(self, answer: Answer) -> None:
        with self._changed:
            self._answer = answer
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    """On a free port of the loopback interface."""

    daemon_threads = True
    block_on_close = False  # A runtime that was killed may leave its connection open.

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that was killed in the midst of a request: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    """Requests of the process. A connection is kept for as long as the process likes."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # Head and body in one segment, and not held back: else each answer waits for a delayed ACK.
    disable_nagle_algorithm = True
    server: _Server
    raw_requestline: bytes

    def parse_request(self) -> bool:
        """With lines longer than http.server's 64 KiB: AWS's client sends the stack of an error in a header."""
        words = self.raw_requestline.decode("latin-1").split()
        if len(words) != 3:
            return False
        self.command, self.path, self.request_version = words
        self.headers = HTTPMessage()
        while line := self.rfile.readline(_HEADER_BYTES_MAX).strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name] = value.strip()
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.handle_expect_100()
            self.wfile.flush()
        return True

    def do_GET(self) -> None:
        if self.path != _PREFIX + "invocation/next":
            self._refuse(404, "NotFound", f"no such path: {self.path}")
            return
        invocation = self.server.api._take()
        if invocation is None:
            self.close_connection = True
            return
        self._send(200, invocation.event, invocation.headers())

    def do_POST(self) -> None:
        body = self._body()
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        path = self.path.removeprefix(_PREFIX)
        if path == "init/error":
            self.server.api._init_failed(Answer("init_error", body, error_type))
            self._accept()
            return
        kind, request_id, verb = (*path.split("/"), "", "", "")[:3]
        if kind != "invocation" or verb not in ("response", "error"):
            self._refuse(404, "NotFound", f"no such path: {self.path}")
        elif verb == "response":
            too_large = len(body) > RESPONSE_BYTES_MAX
            self._answer(request_id, Answer("too_large") if too_large else Answer("response", body))
        else:
            self._answer(request_id, Answer("error", body, error_type))

    def _answer(self, request_id: str, answer: Answer) -> None:
        fault = self.server.api._answered(request_id, answer)
        if fault:
            self._refuse(400, fault, "no such invocation is in progress")
        elif answer.kind == "too_large":
            self._refuse(413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX}).")
        else:
            self._accept()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks: list[bytes] = []  # A runtime that streams its response.
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # Trailers.
        return b"".join(chunks)

    def _accept(self) -> None:
        self._send(202, b'{"status":"OK"}\n', {"Content-Type": "application/json"})

    def _refuse(self, status: int, error_type: str, message: str) -> None:
        body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
        self._send(status, body, {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the caller of `RuntimeApi` sees each answer."""
