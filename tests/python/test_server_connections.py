"""Connections of the endpoint: keep-alive, pipelining, framing, limits, and what is thrown at a server.

Whatever comes, the answer is an error or a closed connection, and the server answers the next client.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest
from http_wire import FORM_TYPE, JSON_TYPE, Answer, Wire, http_request, json_request, open_queue, query_request

from localsqs.server import Server

TARGET = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": JSON_TYPE}


@pytest.fixture(autouse=True)
def still_answers(server: Server) -> Iterator[None]:
    """After every test here, the server does its work as before."""
    yield
    with Wire(server.port) as wire:
        assert wire.ask(json_request("ListQueues", {"QueueNamePrefix": "nothing"})).body == b"{}"


def throw(server: Server, data: bytes) -> Answer | None:
    """What the server says to some bytes that end there; None if it closes without a word."""
    with Wire(server.port) as wire:
        try:
            wire.send(data)
            wire.socket.shutdown(socket.SHUT_WR)
            answer = wire.answer()
        except OSError:
            return None
        assert answer.status >= 400
        assert wire.is_closed()
        return answer


# --- Keep-alive and pipelining ---------------------------------------------------------------------------------------


def test_a_connection_is_kept(wire):
    for _ in range(100):
        assert wire.ask(json_request("ListQueues", {})).status == 200


def test_a_connection_is_kept_after_an_error(wire):
    assert wire.ask(json_request("FooBar", {})).status == 400
    assert wire.ask(json_request("ListQueues", b"{")).status == 400
    assert wire.ask(json_request("ListQueues", {})).status == 200


def test_a_connection_is_closed_when_the_client_says_so(wire):
    answer = wire.ask(json_request("ListQueues", {}, Connection="close"))
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert wire.is_closed()


def test_http_1_0_closes(wire):
    answer = wire.ask(b"GET /?Action=ListQueues HTTP/1.0\r\nHost: x\r\n\r\n")
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert wire.is_closed()


def test_pipelined_requests_are_answered_in_order(wire):
    wire.send(*(json_request("CreateQueue", {"QueueName": f"q{i}"}) for i in range(200)))
    urls = [wire.answer().json()["QueueUrl"] for _ in range(200)]
    assert urls == [f"http://sqs.test/000000000000/q{i}" for i in range(200)]


def test_pipelined_requests_of_both_protocols(wire):
    open_queue(wire)
    requests = [
        json_request("ListQueues", {}),
        query_request("ListQueues"),
        json_request("FooBar", {}),
        http_request("HEAD", "/", {}),
        http_request("GET", "/?Action=FooBar", {}),
        json_request("ListQueues", {}),
    ]
    wire.send(*requests)
    statuses = [wire.answer(to_head=i == 3).status for i in range(len(requests))]
    assert statuses == [200, 200, 400, 200, 400, 200]


def test_nothing_is_answered_behind_a_request_to_close(wire):
    wire.send(json_request("ListQueues", {}, Connection="close"), json_request("CreateQueue", {"QueueName": "q"}))
    assert wire.answer().body == b"{}"
    assert wire.is_closed()


def test_requests_byte_by_byte(wire):
    for byte in json_request("CreateQueue", {"QueueName": "jobs"}) + query_request("ListQueues"):
        wire.send(bytes([byte]))
    assert wire.answer().json() == {"QueueUrl": "http://sqs.test/000000000000/jobs"}
    assert "/jobs</QueueUrl>" in wire.answer().text


def test_a_slow_reader_gets_every_answer(server):
    """Answers of many MiB wait in the server until they are read, none of them is lost."""
    with Wire(server.port, receive_buffer=4096) as wire:
        url = open_queue(wire, VisibilityTimeout="0")
        body = "x" * 1_000_000
        wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": body}))
        receive = json_request("ReceiveMessage", {"QueueUrl": url})
        wire.send(*[receive] * 20, json_request("CreateQueue", {"QueueName": "last"}))
        for _ in range(20):
            assert wire.answer().json()["Messages"][0]["Body"] == body
        assert wire.answer().json()["QueueUrl"].endswith("/last")


def test_many_connections(server):
    wires = [Wire(server.port) for _ in range(300)]
    try:
        for wire in wires:
            wire.send(json_request("ListQueues", {}))
        assert {wire.answer().status for wire in wires} == {200}
    finally:
        for wire in wires:
            wire.close()


# --- Bodies ----------------------------------------------------------------------------------------------------------


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_chunked_bodies(wire, size):
    body = b'{"QueueName":"jobs","Attributes":{"DelaySeconds":"5"}}'
    headers = {**TARGET, "X-Amz-Target": "AmazonSQS.CreateQueue", "Transfer-Encoding": "chunked"}
    request = http_request("POST", "/", headers, chunked(body, size))
    wire.send(request, request)
    for _ in range(2):
        assert wire.answer().json()["QueueUrl"].endswith("/jobs")


def test_a_message_of_one_mebibyte(wire):
    url = open_queue(wire)
    for body in ("x" * 1_048_576, "\x7f" * 1_048_576, "☃" * 349_525):
        assert wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": body})).status == 200
        assert wire.ask(query_request("SendMessage", "/000000000000/jobs", {"MessageBody": body})).status == 200
    answer = wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "x" * 1_048_577}))
    assert answer.json()["__type"] == "com.amazon.coral.service#InvalidParameterValueException"


def test_expect_100_continue(wire):
    body = b'{"QueueNamePrefix":"a"}'
    head = http_request("POST", "/", {**TARGET, "Expect": "100-continue", "Content-Length": str(len(body))})
    assert wire.ask(head).status == 100
    assert wire.ask(body).body == b"{}"
    assert wire.ask(json_request("ListQueues", {})).status == 200


def test_expect_100_continue_with_the_body_at_once(wire):
    body = b'{"QueueNamePrefix":"a"}'
    answer = wire.ask(http_request("POST", "/", {**TARGET, "Expect": "100-continue"}, body))
    if answer.status == 100:
        answer = wire.answer()
    assert answer.body == b"{}"


# --- Methods and origins ---------------------------------------------------------------------------------------------


def test_head_has_no_body(wire):
    wire.send(http_request("HEAD", "/", {}))
    assert wire.answer(to_head=True).status == 200
    assert wire.ask(json_request("ListQueues", {})).status == 200


def test_options_allow_nothing_to_other_origins(wire):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = wire.ask(http_request("OPTIONS", "/", headers))
    assert answer.status in (200, 204, 403)
    assert not any(name.startswith("access-control-") for name in answer.headers)
    assert wire.ask(json_request("ListQueues", {})).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(wire, method):
    assert wire.ask(http_request(method, "/?Action=ListQueues", {})).status in (400, 405)
    assert wire.ask(json_request("ListQueues", {})).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://sqs.test.evil.example", "http://sqs.test:81", "null"]
)
def test_a_web_page_of_another_origin_is_refused(engine, wire, origin):
    for request in (
        json_request("CreateQueue", {"QueueName": "jobs"}, Origin=origin),
        query_request("CreateQueue", parameters={"QueueName": "jobs"}, Origin=origin),
        http_request("GET", "/?Action=CreateQueue&QueueName=jobs", {"Origin": origin}),
    ):
        assert wire.ask(request).status == 403
    assert engine.client("sqs").list_queues().get("QueueUrls") is None


def test_the_own_origin_is_allowed(wire):
    own = {"Host": "localhost:9324", "Origin": "http://localhost:9324"}
    assert wire.ask(json_request("ListQueues", {}, **own)).status == 200


def test_a_name_that_somebody_else_gave_this_machine_is_no_own_origin(wire):
    """DNS rebinding: the page's host resolves to the loopback address, so origin and host agree."""
    rebound = {"Host": "evil.example:9324", "Origin": "http://evil.example:9324"}
    assert wire.ask(json_request("ListQueues", {}, **rebound)).status == 403


def test_an_image_of_another_site_is_refused(wire):
    """Browsers send no Origin with a plain GET, but they say where the page comes from."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert wire.ask(http_request("GET", "/?Action=CreateQueue&QueueName=jobs", headers)).status == 403


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_a_header_that_is_too_long(server):
    answer = throw(server, http_request("GET", "/?Action=ListQueues", {"X-Long": "x" * 100_000}))
    assert answer is None or answer.status == 431


def test_headers_of_16_kib_are_not_too_long(wire):
    assert wire.ask(http_request("GET", "/?Action=ListQueues", {"X-Long": "x" * 16_000})).status == 200


def test_100_000_headers(server):
    headers = {f"X-{i}": "x" for i in range(100_000)}
    answer = throw(server, http_request("GET", "/?Action=ListQueues", headers))
    assert answer is None or answer.status == 431


def test_the_limit_of_headers_is_told(wire):
    answer = wire.ask(http_request("GET", "/?Action=ListQueues", {"X-Long": "x" * 17_000}))
    assert answer.status == 431
    assert wire.is_closed()


def test_a_body_that_is_too_long_is_refused_before_it_comes(wire):
    answer = wire.ask(http_request("POST", "/", {**TARGET, "Content-Length": "100000000"}))
    assert answer.status == 413
    assert wire.is_closed()


@pytest.mark.parametrize("length", ["9223372036854775807", "18446744073709551616", "99999999999999999999999999"])
def test_absurd_lengths(server, length):
    answer = throw(server, http_request("POST", "/", {**TARGET, "Content-Length": length}))
    assert answer is None or answer.status in (400, 413)


def test_an_endless_chunked_body_is_cut_off(server):
    headers = {**TARGET, "Transfer-Encoding": "chunked"}
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    answer = throw(server, http_request("POST", "/", headers) + chunk * 20)
    assert answer is None or answer.status == 413


REFUSED = {
    "too long": http_request("POST", "/", {**TARGET, "Content-Length": "100000000"}),
    "no HTTP": b"nonsense\r\n\r\n",
    "other origin": http_request("GET", "/", {"Origin": "https://evil.example", "Connection": "close"}),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_a_refusal_has_a_request_id(server, data):
    """As every answer, success or error (1.1)."""
    answer = throw(server, data)
    assert answer is not None
    assert "x-amzn-requestid" in answer.headers


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_a_refusal_that_closes_says_so(server, data):
    answer = throw(server, data)
    assert answer is not None
    assert answer.headers["connection"] == "close"


# --- Bad input -------------------------------------------------------------------------------------------------------

SOUND = json_request("CreateQueue", {"QueueName": "jobs"})
BODY = b'{"QueueNamePrefix":"a"}'


@pytest.mark.parametrize("length", [*range(0, len(SOUND), 13), len(SOUND) - 1])
def test_truncated_requests_do_nothing(server, engine, length):
    throw(server, SOUND[:length])
    assert engine.client("sqs").list_queues().get("QueueUrls") is None


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 23\r\nContent-Length: 5\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 23, 5\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 23\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 23\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +23\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x17\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 23\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\nContent-Length: 23\r\nContent-Length: 22\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nBad Name: a\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nNo colon\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Null: a\x00b\r\n",
        b"POST / HTTP/2.0\r\nHost: x\r\n",
        b"POST  / HTTP/1.1\r\nHost: x\r\n",
        b"POST / \r\nHost: x\r\n",
    ],
    ids=repr,
)
def test_requests_that_may_be_read_in_two_ways_are_refused(server, head):
    """One answer at most: what would be smuggled behind the request is no request."""
    target = b"X-Amz-Target: AmazonSQS.ListQueues\r\nContent-Type: application/x-amz-json-1.0\r\n\r\n"
    answer = throw(server, head + target + BODY + SOUND)
    assert answer is None or 400 <= answer.status < 600


@pytest.mark.parametrize(
    "body",
    [b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n", b"fffffffffffffffff\r\n{}", b"2\r\n{}XX0\r\n\r\n", b"\r\n\r\n"],
    ids=repr,
)
def test_bad_chunks(server, body):
    throw(server, http_request("POST", "/", {**TARGET, "Transfer-Encoding": "chunked"}, body))


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 10_000, b"\r\n" * 10_000, b"A" * 100_000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b" ", b"\n"],
    ids=lambda data: repr(data[:16]),
)  # fmt: skip
def test_what_is_no_http(server, data):
    throw(server, data)


def test_binary_noise(server):
    noise = random.Random(11)
    for _ in range(200):
        throw(server, noise.randbytes(noise.randrange(1, 3000)))


def test_noise_in_sound_requests(server):
    """Bytes changed, left out, doubled: never a crash; what is answered is an answer."""
    noise = random.Random(12)
    sound = [
        json_request("CreateQueue", {"QueueName": "nothing.else", "Attributes": {"DelaySeconds": "1"}}),
        query_request("CreateQueue", parameters={"QueueName": "nothing.else", "Attribute.1.Name": "DelaySeconds"}),
        http_request("POST", "/", {**TARGET, "Transfer-Encoding": "chunked"}, chunked(BODY, 5)),
    ]
    for number in range(400):
        data = bytearray(sound[number % len(sound)])
        for _ in range(noise.randrange(1, 5)):
            at = noise.randrange(len(data))
            data[at : at + noise.randrange(2)] = noise.randbytes(noise.randrange(3))
        with Wire(server.port) as wire:
            wire.send(bytes(data))
            wire.socket.shutdown(socket.SHUT_WR)
            try:
                while not wire.is_closed():
                    pass
            except TimeoutError:
                pytest.fail(f"neither answered nor closed: {bytes(data)!r}")


@pytest.mark.parametrize(
    "form",
    [
        "&".join(f"Attribute.{i}.Name=a" for i in range(100_000)),
        "Action=CreateQueue&" + ".".join("a" * 1000) + "=b",
        "Action=CreateQueue&QueueName=%&Attribute..=x&=&&.=.&Attribute.99999999999999999999.Name=x&Attribute.-1.Name=y",
        "Action=SendMessage&MessageBody=%ff%fe&QueueUrl=%00",
        "Action=%41" * 50,
    ],
    ids=lambda form: form[:40],
)
def test_bad_forms(wire, form):
    answer = wire.ask(http_request("POST", "/", {"Content-Type": FORM_TYPE}, form.encode()))
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "text/xml"
    assert wire.ask(json_request("ListQueues", {})).status == 200


def test_clients_that_go_away_without_reading(server):
    for _ in range(50):
        with Wire(server.port) as wire:
            wire.send(*[json_request("ListQueues", {})] * 20)
