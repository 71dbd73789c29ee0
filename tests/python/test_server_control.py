"""Control over HTTP, as a test in any language would use it. What each page takes and refuses is control_test.cc's."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from http_wire import PATIENCE, Wire, http_request, json_request, open_queue

import localsqs
from localsqs.server import Server

ORDERS = "/_localsqs/queues/us-east-1/000000000000/orders"


class Control:
    """A client of the control pages."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, target, data, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(text)

    def get(self, target: str) -> Any:
        status, value = self.ask("GET", target)
        assert status == 200, value
        return value

    def post(self, target: str, body: Any = None) -> Any:
        status, value = self.ask("POST", target, body)
        assert status == 200, value
        return value

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def clock() -> localsqs.ManualClock:
    """Stands still until somebody moves it, so that a poll really waits."""
    return localsqs.ManualClock(auto_advance=False)


@pytest.fixture
def engine(clock: localsqs.ManualClock) -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=clock, seed=7) as engine:
        yield engine


@pytest.fixture
def server(engine: localsqs.Engine) -> Iterator[Server]:
    with engine.serve() as server:
        yield server


@pytest.fixture
def control(server: Server) -> Iterator[Control]:
    control = Control(server.port)
    yield control
    control.close()


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.port) as wire:
        yield wire


def let_polls_park(wire: Wire, count: int, control: Control) -> None:
    """Returns once `count` polls wait at the server. It is asked, not slept for."""
    for _ in range(10_000):
        if metric(control, "localsqs_parked_polls") == count:
            return
    raise AssertionError(f"there are no {count} parked polls")


def metrics(control: Control) -> str:
    control._connection.request("GET", "/metrics")
    answer = control._connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.read().decode()


def metric(control: Control, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics(control), re.MULTILINE)
    return 0.0 if found is None else float(found[1])


def test_health_names_the_engine(control, engine):
    assert control.get("/_localsqs/health") == {
        "status": "ok",
        "version": localsqs.__version__,
        "clock": "manual",
        "now": "2026-01-01T00:00:00.000Z",
        "queues": 0,
        "seed": engine.seed,
    }


def test_a_python_clock_is_named():
    with localsqs.Engine(clock=localsqs.PythonClock()) as engine, engine.serve() as server:
        control = Control(server.port)
        assert control.get("/_localsqs/clock")["clock"] == "python"
        assert control.ask("POST", "/_localsqs/clock/advance", {"seconds": 1})[0] == 409
        control.close()


def test_moving_the_clock_over_http_ends_a_visibility_timeout(control, wire, clock):
    url = open_queue(wire, VisibilityTimeout="30")
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}))
    receive = json_request("ReceiveMessage", {"QueueUrl": url})
    assert len(wire.ask(receive).json()["Messages"]) == 1
    assert "Messages" not in wire.ask(receive).json()
    assert control.post("/_localsqs/clock/advance", {"seconds": 30})["now"] == "2026-01-01T00:00:30.000Z"
    assert clock.now().isoformat() == "2026-01-01T00:00:30+00:00"
    assert len(wire.ask(receive).json()["Messages"]) == 1
    moved = control.post("/_localsqs/clock/move_to", {"to": "2026-01-01T00:01:00Z"})
    assert moved["now_ns"] == clock.now_ns() == 1_767_225_660_000_000_000


def test_moving_the_clock_serves_a_parked_poll(control, wire):
    url = open_queue(wire)
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "later", "DelaySeconds": 5}))
    wire.send(json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}))
    let_polls_park(wire, 1, control)
    control.post("/_localsqs/clock/advance", {"minutes": 1})
    assert wire.answer().json()["Messages"][0]["Body"] == "later"
    let_polls_park(wire, 0, control)


def test_reset_ends_polls_and_leaves_nothing(control, wire, engine):
    url = open_queue(wire)
    engine.faults.in_flight_max = 1
    wire.send(json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}))
    let_polls_park(wire, 1, control)
    control.post("/_localsqs/reset")
    assert wire.answer().json().get("Messages", []) == []
    assert control.get("/_localsqs/queues") == {"queues": []}
    assert engine.faults.in_flight_max is None
    assert open_queue(wire) == url


def test_faults_are_those_of_the_engine(control, wire, engine):
    assert control.ask("PUT", "/_localsqs/faults", {"throttle": 1}) == (200, engine.faults.as_dict())
    assert engine.faults.throttle == 1.0
    answer = wire.ask(json_request("ListQueues", {}))
    assert (answer.status, answer.json()["__type"].split("#")[1]) == (403, "RequestThrottled")
    assert control.ask("DELETE", "/_localsqs/faults") == (200, engine.faults.as_dict())
    assert wire.ask(json_request("ListQueues", {})).status == 200
    status, error = control.ask("PUT", "/_localsqs/faults", {"trottle": 1})
    assert status == 400
    assert "trottle" in error["error"]


def test_history_is_the_history_of_the_engine(control, wire, engine):
    """The same members and values as Python's, instants aside: those are given in words too."""
    url = open_queue(wire, "orders", DelaySeconds="3")
    attributes = {
        "Color": {"DataType": "String", "StringValue": "red"},
        "Bits": {"DataType": "Binary", "BinaryValue": "AP8="},
    }
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "é\n", "MessageAttributes": attributes}))
    control.post("/_localsqs/clock/advance", {"seconds": 3})
    wire.ask(json_request("ReceiveMessage", {"QueueUrl": url}))
    effects = control.get("/_localsqs/history")["effects"]
    assert [effect["kind"] for effect in effects] == ["QueueCreated", "Sent", "Received"]
    for effect in effects:
        del effect["at"]
        for name in [name for name in effect["details"] if name + "_ns" in effect["details"]]:
            del effect["details"][name]
    assert effects == json.loads(engine.history().to_json())
    only = control.get("/_localsqs/history?since=1&limit=1&queue=orders")
    assert [effect["number"] for effect in only["effects"]] == [1]
    assert (only["next"], only["count"]) == (2, 3)


def test_a_look_into_a_queue(control, wire, engine):
    url = open_queue(wire, "orders")
    for body in ("a", "b", "c"):
        wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": body}))
    wire.ask(json_request("ReceiveMessage", {"QueueUrl": url}))
    before = engine.dump()
    page = control.get(f"{ORDERS}/messages?limit=2")
    assert [(message["body"], message["state"]) for message in page["messages"]] == [
        ("a", "in_flight"),
        ("b", "visible"),
    ]
    assert page["messages"][0]["receive_count"] == 1
    rest = control.get(f"{ORDERS}/messages?limit=2&cursor={page['next']}")
    assert [message["body"] for message in rest["messages"]] == ["c"]
    assert rest["next"] is None
    assert control.get(ORDERS)["messages"] == {"visible": 2, "in_flight": 1, "delayed": 0}
    assert engine.dump() == before


@pytest.mark.parametrize(
    ("status", "method", "target"),
    [
        (404, "GET", "/_localsqs/nothing"),
        (404, "GET", f"{ORDERS}/messages"),
        (405, "GET", "/_localsqs/reset"),
        (405, "DELETE", "/_localsqs/clock"),
        (405, "PUT", "/_localsqs/history"),
        (400, "POST", "/_localsqs/clock/advance"),
        (400, "GET", "/_localsqs/history?since=x"),
    ],
)
def test_errors_are_json_and_keep_the_connection(control, status, method, target):
    answered, value = control.ask(method, target)
    assert (answered, list(value)) == (status, ["error"])
    assert control.get("/_localsqs/health")["status"] == "ok"


def test_control_answers_stand_in_a_pipeline_in_order(wire):
    wire.send(
        http_request("GET", "/_localsqs/health", {}),
        json_request("ListQueues", {}),
        http_request("POST", "/_localsqs/clock/advance", {}, b'{"seconds": 1}'),
    )
    assert wire.answer().json()["status"] == "ok"
    assert wire.answer().body == b"{}"
    assert wire.answer().json()["now"] == "2026-01-01T00:00:01.000Z"


def test_a_page_of_another_site_does_not_control(wire):
    request = http_request("POST", "/_localsqs/reset", {"Origin": "http://evil.example"}, b"")
    assert wire.ask(request).status == 403


def test_metrics_count_what_was_asked(control, wire):
    url = open_queue(wire, "orders")
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}))
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}))
    wire.ask(json_request("SendMessage", {"QueueUrl": "http://sqs.test/000000000000/none", "MessageBody": "a"}))
    text = metrics(control)
    assert 'localsqs_requests_total{operation="SendMessage",code="2xx"} 2\n' in text
    assert 'localsqs_requests_total{operation="SendMessage",code="4xx"} 1\n' in text
    labels = 'queue="orders",account="000000000000",region="us-east-1"'
    assert f'localsqs_queue_messages{{{labels},state="visible"}} 2\n' in text
    assert f'localsqs_build_info{{version="{localsqs.__version__}"}} 1\n' in text
    assert metric(control, "localsqs_connections") == 2
    assert metric(control, "localsqs_received_bytes_total") > 0
    assert metric(control, "localsqs_sent_bytes_total") > 0


def test_a_client_that_goes_away_is_no_parked_poll(control, wire, server):
    url = open_queue(wire)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as gone:
        gone.sendall(json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}))
        let_polls_park(wire, 1, control)
    let_polls_park(wire, 0, control)
