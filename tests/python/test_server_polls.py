"""Long polls over HTTP, and many clients at once: nothing is lost, nothing is had twice, nobody hangs.

A manual clock that only moves when told makes polls wait without any real time passing; a system clock is used where
real time is the point.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from http_wire import Wire, counts, http_request, json_request, open_queue, query_request
from threads import in_threads

import localsqs
from localsqs.server import Server


@pytest.fixture
def clock() -> localsqs.ManualClock:
    return localsqs.ManualClock(auto_advance=False)


@pytest.fixture
def still(clock: localsqs.ManualClock) -> Iterator[Server]:
    """A server whose time stands still until a test moves it."""
    with localsqs.Engine(clock=clock, seed=7) as engine, engine.serve() as server:
        yield server


@pytest.fixture
def wire(still: Server) -> Iterator[Wire]:
    with Wire(still.port) as wire:
        yield wire


@pytest.fixture
def url(wire: Wire) -> str:
    return open_queue(wire)


def poll(url: str, seconds: int = 20, **members: object) -> bytes:
    return json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": seconds, **members})


def send(url: str, body: str = "a", **members: object) -> bytes:
    return json_request("SendMessage", {"QueueUrl": url, "MessageBody": body, **members})


def let_all_be_read(server: Server) -> None:
    """Returns when the server, which has one thread, has dealt with everything that was sent to it before."""
    for _ in range(2):
        with Wire(server.port) as other:
            other.ask(json_request("ListQueues", {}))


def has_answered(wire: Wire) -> bool:
    wire.socket.setblocking(False)
    try:
        return bool(wire.socket.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        wire.socket.settimeout(20)


# --- How a poll ends -------------------------------------------------------------------------------------------------


def test_a_send_answers_a_parked_poll(still, wire, url):
    with Wire(still.port) as poller:
        poller.send(poll(url))
        let_all_be_read(still)
        assert not has_answered(poller)
        wire.ask(send(url))
        assert poller.answer().json()["Messages"][0]["Body"] == "a"
        assert poller.ask(json_request("ListQueues", {})).status == 200
    assert counts(wire, url) == (0, 1)


def test_a_parked_poll_in_query(still, wire, url):
    with Wire(still.port) as poller:
        poller.send(query_request("ReceiveMessage", "/000000000000/jobs", {"WaitTimeSeconds": "20"}))
        let_all_be_read(still)
        wire.ask(send(url))
        assert "<Body>a</Body>" in poller.answer().text


def test_a_send_within_the_process_answers_a_parked_poll(clock):
    with localsqs.Engine(clock=clock) as engine, engine.serve() as server, Wire(server.port) as poller:
        url = open_queue(poller)
        poller.send(poll(url))
        let_all_be_read(server)
        engine.client("sqs").send_message(QueueUrl=url, MessageBody="a")
        assert poller.answer().json()["Messages"][0]["Body"] == "a"


def test_a_poll_ends_empty_at_its_deadline(clock, still, wire, url):
    wire.send(poll(url, seconds=20))
    let_all_be_read(still)
    clock.advance(seconds=19.9)
    let_all_be_read(still)
    assert not has_answered(wire)
    clock.advance(seconds=0.1)
    assert wire.answer().body == b"{}"


def test_a_poll_gets_what_becomes_visible(clock, still, wire, url):
    with Wire(still.port) as poller:
        wire.ask(send(url, DelaySeconds=5))
        poller.send(poll(url))
        let_all_be_read(still)
        assert not has_answered(poller)
        clock.advance(seconds=5)
        assert poller.answer().json()["Messages"][0]["Body"] == "a"


def test_a_deleted_queue_ends_its_polls(still, wire, url):
    with Wire(still.port) as poller:
        poller.send(poll(url))
        let_all_be_read(still)
        wire.ask(json_request("DeleteQueue", {"QueueUrl": url}))
        assert poller.answer().body == b"{}"


def test_stopping_ends_parked_polls_empty(still, url):
    with Wire(still.port) as one, Wire(still.port) as two:
        one.send(poll(url))
        two.send(query_request("ReceiveMessage", "/000000000000/jobs", {"WaitTimeSeconds": "20"}))
        let_all_be_read(still)
        still.stop()
        assert one.answer().body == b"{}"
        assert "<ReceiveMessageResult></ReceiveMessageResult>" in two.answer().text
        assert one.is_closed()
        assert two.is_closed()


def test_closing_the_engine_ends_parked_polls(clock):
    with localsqs.Engine(clock=clock) as engine, engine.serve() as server, Wire(server.port) as poller:
        url = open_queue(poller)
        poller.send(poll(url))
        let_all_be_read(server)
        engine.close()
        assert poller.answer().body == b"{}"


@pytest.mark.parametrize("attribute", [True, False], ids=["attribute", "parameter"])
def test_a_poll_in_real_time(attribute):
    """The one place where a poll waits for a second of real time, by either way to ask for it."""
    with localsqs.Engine() as engine, engine.serve() as server, Wire(server.port) as wire:
        url = open_queue(wire, ReceiveMessageWaitTimeSeconds="1" if attribute else "0")
        members = {"QueueUrl": url} if attribute else {"QueueUrl": url, "WaitTimeSeconds": 1}
        start = time.monotonic()
        assert wire.ask(json_request("ReceiveMessage", members)).body == b"{}"
        assert 0.95 < time.monotonic() - start < 5


def test_polls_one_after_the_other_in_real_time():
    with localsqs.Engine() as engine, engine.serve() as server, Wire(server.port) as wire:
        url = open_queue(wire)
        for _ in range(3):
            assert wire.ask(poll(url, 1)).body == b"{}"


def test_a_delayed_message_that_is_sent_while_a_poll_waits():
    """Real time: the message's second is over long before the poll's twenty."""
    with localsqs.Engine() as engine, engine.serve() as server, Wire(server.port) as wire, Wire(server.port) as poller:
        url = open_queue(wire)
        poller.send(poll(url, seconds=20))
        let_all_be_read(server)
        wire.ask(send(url, DelaySeconds=1))
        poller.socket.settimeout(5)
        assert poller.answer().json()["Messages"][0]["Body"] == "a"


def test_a_message_that_is_given_back_while_a_poll_waits(still, wire, url):
    with Wire(still.port) as poller:
        wire.ask(send(url))
        handle = wire.ask(json_request("ReceiveMessage", {"QueueUrl": url})).json()["Messages"][0]["ReceiptHandle"]
        poller.send(poll(url))
        let_all_be_read(still)
        give_back = {"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 0}
        wire.ask(json_request("ChangeMessageVisibility", give_back))
        assert poller.answer().json()["Messages"][0]["Body"] == "a"


# --- Clients that go away --------------------------------------------------------------------------------------------


def test_a_client_that_goes_away_takes_no_message(still, wire, url):
    poller = Wire(still.port)
    poller.send(poll(url))
    let_all_be_read(still)
    poller.close()
    let_all_be_read(still)
    wire.ask(send(url))
    assert counts(wire, url) == (1, 0)


def test_a_client_that_resets_takes_no_message(still, wire, url):
    poller = Wire(still.port)
    poller.send(poll(url))
    let_all_be_read(still)
    poller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    poller.close()
    let_all_be_read(still)
    wire.ask(send(url))
    assert counts(wire, url) == (1, 0)


def test_a_client_that_goes_away_with_requests_behind_its_poll(still, wire, url):
    """So many that the server stops reading them: it must notice all the same."""
    poller = Wire(still.port)
    poller.send(poll(url), *[json_request("ListQueues", {"QueueNamePrefix": "x" * 70})] * 200)
    let_all_be_read(still)
    poller.close()
    let_all_be_read(still)
    wire.ask(send(url))
    assert counts(wire, url) == (1, 0)


def test_of_many_pollers_only_those_that_are_left_take_messages(still, wire, url):
    pollers = [Wire(still.port) for _ in range(40)]
    for poller in pollers:
        poller.send(poll(url))
    let_all_be_read(still)
    for poller in pollers[::2]:
        poller.close()
    let_all_be_read(still)
    for i in range(20):
        wire.ask(send(url, str(i)))
    bodies = {poller.answer().json()["Messages"][0]["Body"] for poller in pollers[1::2]}
    assert bodies == {str(i) for i in range(20)}
    for poller in pollers[1::2]:
        poller.close()


# --- Pipelining behind a poll ----------------------------------------------------------------------------------------


def test_answers_wait_behind_a_parked_poll(clock, still, wire, url):
    wire.send(json_request("ListQueues", {}), poll(url), json_request("GetQueueUrl", {"QueueName": "jobs"}))
    assert "QueueUrls" in wire.answer().json()
    let_all_be_read(still)
    assert not has_answered(wire)
    clock.advance(seconds=20)
    assert wire.answer().body == b"{}"
    assert wire.answer().json() == {"QueueUrl": url}


def test_requests_that_come_while_a_poll_is_parked(still, wire, url):
    with Wire(still.port) as poller:
        poller.send(poll(url))
        let_all_be_read(still)
        poller.send(json_request("GetQueueUrl", {"QueueName": "jobs"}), poll(url), json_request("FooBar", {}))
        let_all_be_read(still)
        assert not has_answered(poller)
        wire.ask(send(url, "first"))
        assert poller.answer().json()["Messages"][0]["Body"] == "first"
        assert poller.answer().json() == {"QueueUrl": url}
        wire.ask(send(url, "second"))
        assert poller.answer().json()["Messages"][0]["Body"] == "second"
        assert poller.answer().status == 400


def test_more_requests_behind_a_poll_than_the_server_keeps(clock, still, wire, url):
    """Back-pressure, and they are answered when the poll is over."""
    wire.send(poll(url), *[json_request("GetQueueUrl", {"QueueName": "jobs"})] * 500)
    let_all_be_read(still)
    clock.advance(seconds=20)
    assert wire.answer().body == b"{}"
    for _ in range(500):
        assert wire.answer().json() == {"QueueUrl": url}


@pytest.mark.parametrize("behind", ["sent_later", "pipelined"])
def test_a_poll_is_answered_while_an_earlier_answer_is_not_read_yet(still, wire, url, behind):
    """The client reads late: nothing of what it was sent may be lost or mixed up."""
    big = "x" * 1_000_000
    other = open_queue(wire, "big", VisibilityTimeout="0")
    wire.ask(send(other, big))
    with Wire(still.port, receive_buffer=4096) as poller:
        receive = json_request("ReceiveMessage", {"QueueUrl": other})
        if behind == "pipelined":
            poller.send(*[receive] * 8, poll(url))
        else:
            poller.send(poll(other, VisibilityTimeout=0), *[receive] * 7)
            let_all_be_read(still)
            poller.send(poll(url))
        let_all_be_read(still)
        wire.ask(send(url, "small"))
        for _ in range(8):
            assert poller.answer().json()["Messages"][0]["Body"] == big
        assert poller.answer().json()["Messages"][0]["Body"] == "small"


def test_a_parked_poll_with_a_big_answer_and_requests_that_come_before_it_is_read(still, wire, url):
    body = "x" * 1_000_000
    with Wire(still.port, receive_buffer=4096) as poller:
        for number in range(4):
            poller.send(poll(url))
            let_all_be_read(still)
            wire.ask(send(url, body))
            poller.send(json_request("CreateQueue", {"QueueName": f"behind-{number}"}))
            let_all_be_read(still)
        for number in range(4):
            assert poller.answer().json()["Messages"][0]["Body"] == body
            assert poller.answer().json()["QueueUrl"].endswith(f"/behind-{number}")


# --- Many ------------------------------------------------------------------------------------------------------------


def test_200_parked_polls(still, wire, url):
    pollers = [Wire(still.port) for _ in range(200)]
    for poller in pollers:
        poller.send(poll(url))
    let_all_be_read(still)
    for i in range(0, 200, 10):
        entries = [{"Id": str(j), "MessageBody": str(i + j)} for j in range(10)]
        wire.ask(json_request("SendMessageBatch", {"QueueUrl": url, "Entries": entries}))
    bodies = Counter(m["Body"] for poller in pollers for m in poller.answer().json()["Messages"])
    assert bodies == {str(i): 1 for i in range(200)}
    for poller in pollers:
        poller.close()


def test_200_parked_polls_end_together(clock, still, url):
    pollers = [Wire(still.port) for _ in range(200)]
    for poller in pollers:
        poller.send(poll(url))
    let_all_be_read(still)
    clock.advance(seconds=20)
    for poller in pollers:
        assert poller.answer().body == b"{}"
        poller.close()


@pytest.mark.parametrize("server_threads", [1, 3])
@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_16_threads_lose_and_double_nothing(fifo, server_threads):
    """Half of them send, half receive by long polls and delete, until every message is gone."""
    each = 60
    name, attributes = ("jobs.fifo", {"FifoQueue": "true"}) if fifo else ("jobs", {})
    seen: Counter[str] = Counter()
    lock = threading.Lock()
    with localsqs.Engine() as engine, engine.serve(threads=server_threads) as server:
        with Wire(server.port) as wire:
            url = open_queue(wire, name, **attributes)

        def work(number: int) -> None:
            with Wire(server.port) as wire:
                produce(wire, number) if number % 2 else consume(wire)

        def produce(wire: Wire, number: int) -> None:
            for i in range(each):
                body = f"{number}-{i}"
                group = {"MessageGroupId": str(number), "MessageDeduplicationId": body} if fifo else {}
                assert wire.ask(send(url, body, **group)).status == 200

        def total() -> int:
            with lock:
                return sum(seen.values())

        def consume(wire: Wire) -> None:
            while total() < 8 * each:
                answer = wire.ask(poll(url, 1, MaxNumberOfMessages=3)).json()
                for message in answer.get("Messages", []):
                    with lock:
                        seen[message["Body"]] += 1
                    deletion = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
                    assert wire.ask(json_request("DeleteMessage", deletion)).status == 200

        in_threads(work, 16)
        assert seen == {f"{number}-{i}": 1 for number in range(1, 16, 2) for i in range(each)}
        with Wire(server.port) as wire:
            assert counts(wire, url) == (0, 0)


# --- Stopping --------------------------------------------------------------------------------------------------------


def stops_in_time(server: Server) -> bool:
    stopper = threading.Thread(target=server.stop, daemon=True)
    stopper.start()
    stopper.join(timeout=10)
    return not stopper.is_alive()


def test_a_stopped_server_can_be_stopped_again_and_refuses_connections(still):
    still.stop()
    still.stop()
    with pytest.raises(ConnectionRefusedError):
        Wire(still.port)


def test_the_port_is_free_after_stopping(engine):
    with engine.serve() as server:
        port = server.port
        with Wire(port) as wire:
            wire.ask(json_request("ListQueues", {}))
    with engine.serve(port=port) as again, Wire(again.port) as wire:
        assert wire.ask(json_request("ListQueues", {})).status == 200


def test_a_port_that_is_taken(engine):
    with engine.serve() as server, pytest.raises(OSError, match="cannot listen on"):
        engine.serve(port=server.port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_kept_out_unless_asked_for(engine, host):
    with pytest.raises(OSError, match="insecure"):
        engine.serve(host=host)


def test_stopping_with_requests_half_sent_and_answers_half_read(engine):
    server = engine.serve()
    with Wire(server.port) as half, Wire(server.port) as idle, Wire(server.port) as other:
        half.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert idle.ask(json_request("ListQueues", {})).status == 200
        assert other.ask(http_request("GET", "/?Action=ListQueues", {})).status == 200
        assert stops_in_time(server)
        assert half.is_closed()
        assert idle.is_closed()


def test_stopping_does_not_wait_for_a_client_that_does_not_read(engine):
    server = engine.serve()
    with Wire(server.port, receive_buffer=4096) as wire, Wire(server.port) as other:
        url = open_queue(wire, VisibilityTimeout="0")
        wire.ask(send(url, "x" * 1_000_000))
        wire.send(*[json_request("ReceiveMessage", {"QueueUrl": url})] * 20)
        other.ask(json_request("ListQueues", {}))
        assert stops_in_time(server)


class Crowd:
    """Clients that connect one after the other, for as long as they are let in, and say nothing."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.held: list[socket.socket] = []
        self.first_is_in = threading.Event()
        self.over = False
        self.threads = [threading.Thread(target=self.connect) for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def connect(self) -> None:
        while not self.over and len(self.held) < 500:
            try:
                self.held.append(socket.create_connection(("127.0.0.1", self.port), timeout=5))
            except OSError:
                return
            self.first_is_in.set()

    def go(self) -> None:
        self.over = True
        for thread in self.threads:
            thread.join()
        for connection in self.held:
            connection.close()


def test_stopping_while_clients_connect(engine):
    """A connection that is accepted at the last moment must not keep the server from ending."""
    for threads in (1, 3):
        for _ in range(10):
            server = engine.serve(threads=threads)
            over = threading.Event()
            held: list[socket.socket] = []

            def connect(
                port: int = server.port, over: threading.Event = over, held: list[socket.socket] = held
            ) -> None:
                while not over.is_set() and len(held) < 500:
                    try:
                        held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
                    except OSError:
                        return

            clients = [threading.Thread(target=connect) for _ in range(3)]
            for client in clients:
                client.start()
            while not held and any(client.is_alive() for client in clients):
                pass
            stopped = stops_in_time(server)
            over.set()
            for client in clients:
                client.join()
            for connection in held:
                connection.close()
            assert stopped


def test_an_engine_outlives_its_servers():
    engine = localsqs.Engine()
    for _ in range(5):
        with engine.serve(), engine.serve(threads=2) as server, Wire(server.port) as wire:
            open_queue(wire)
    assert len(engine.client("sqs").list_queues()["QueueUrls"]) == 1
    engine.close()


def test_a_server_that_is_let_go_of_stops():
    engine = localsqs.Engine()
    server = engine.serve()
    port = server.port
    with Wire(port) as wire:
        wire.ask(json_request("ListQueues", {}))
    del server
    with pytest.raises(ConnectionRefusedError):
        Wire(port)
    engine.close()


# --- Answers that nobody reads ---------------------------------------------------------------------------------------


def receive_count(wire: Wire, url: str) -> str | None:
    """That of the message, which is then in flight; None if nothing is visible."""
    names = {"MessageSystemAttributeNames": ["ApproximateReceiveCount"]}
    messages = wire.ask(poll(url, 0, **names)).json().get("Messages")
    return messages[0]["Attributes"]["ApproximateReceiveCount"] if messages else None


def reset(wire: Wire) -> None:
    """Closes with what came in unread, of which the system tells the other side by a reset."""
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def test_a_receive_whose_answer_was_left_unread_counts_as_none(still, wire, url):
    wire.ask(send(url))
    client = Wire(still.port)
    client.send(poll(url, 0))
    let_all_be_read(still)
    assert has_answered(client)
    reset(client)
    let_all_be_read(still)
    assert receive_count(wire, url) == "1"


def test_an_answer_that_does_not_fit_is_taken_back_with_its_connection(still, wire, url):
    # Ten answers of 900 KB, more than the system's buffers, to a client that reads none of them.
    for _ in range(10):
        wire.ask(send(url, "x" * 900_000))
    client = Wire(still.port, receive_buffer=4096)
    client.send(*[poll(url, 0) for _ in range(10)])
    let_all_be_read(still)
    reset(client)
    let_all_be_read(still)
    counts = []
    while (count := receive_count(wire, url)) is not None:
        counts.append(count)
    assert counts == ["1"] * 10


def test_an_answer_that_was_read_stands(still, wire, url):
    wire.ask(send(url))
    client = Wire(still.port)
    assert client.ask(poll(url, 0)).json()["Messages"]
    client.ask(json_request("ListQueues", {}))
    reset(client)
    let_all_be_read(still)
    assert receive_count(wire, url) is None


def test_a_client_that_ends_its_stream_after_its_answer_keeps_the_message(still, wire, url):
    wire.ask(send(url))
    client = Wire(still.port)
    assert client.ask(poll(url, 0)).json()["Messages"]
    client.close()
    let_all_be_read(still)
    assert receive_count(wire, url) is None


def test_a_receive_that_can_be_repeated_is_not_taken_back(still, wire):
    url = wire.ask(json_request("CreateQueue", {"QueueName": "jobs.fifo", "Attributes": {"FifoQueue": "true"}})).json()[
        "QueueUrl"
    ]
    wire.ask(send(url, MessageGroupId="g", MessageDeduplicationId="d"))
    client = Wire(still.port)
    client.send(poll(url, 0, ReceiveRequestAttemptId="attempt"))
    let_all_be_read(still)
    reset(client)
    let_all_be_read(still)
    assert receive_count(wire, url) is None
    again = wire.ask(poll(url, 0, ReceiveRequestAttemptId="attempt")).json()["Messages"]
    assert [message["Body"] for message in again] == ["a"]
