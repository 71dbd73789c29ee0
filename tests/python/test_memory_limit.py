"""Engines that keep some bodies in their file only: `memory_limit`."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from http_wire import Wire, http_request

import localsqs
from localsqs import _serve, look
from localsqs.errors import ClientError, StoreError

BODY_BYTES = 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queues.db"


def opened(path: Path, limit: int | None) -> localsqs.Engine:
    return localsqs.Engine(path=path, clock=localsqs.ManualClock(), seed=7, durability="os", memory_limit=limit)


def body(number: int) -> str:
    return f"{number:04}" + "x" * (BODY_BYTES - 4)


def fill(engine: localsqs.Engine, count: int) -> str:
    sqs = engine.client("sqs")
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for begin in range(0, count, 10):
        entries = [{"Id": str(n), "MessageBody": body(n)} for n in range(begin, min(begin + 10, count))]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return url


def drain(engine: localsqs.Engine, url: str) -> list[str]:
    sqs = engine.client("sqs")
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        bodies += [message["Body"] for message in messages]
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return bodies


def memory(engine: localsqs.Engine) -> dict[str, int]:
    """The engine's own counts, as Prometheus gets them."""
    with engine.serve() as server, urllib.request.urlopen(server.endpoint_url + "/metrics") as page:
        text = page.read().decode()
    names = "memory_limit_bytes|memory_bytes|stored_bytes|stored_reads_total"
    return {name: int(value) for name, value in re.findall(rf"^localsqs_({names}) (\d+)$", text, re.MULTILINE)}


def test_memory_is_bounded_and_every_body_comes_back(path: Path) -> None:
    with opened(path, 100 * BODY_BYTES) as engine:
        url = fill(engine, 500)
        counts = memory(engine)
        assert counts["memory_limit_bytes"] == 75 * BODY_BYTES  # A quarter is the history's.
        assert counts["memory_bytes"] <= counts["memory_limit_bytes"]
        assert counts["memory_bytes"] + counts["stored_bytes"] == 500 * BODY_BYTES
    with opened(path, 20 * BODY_BYTES) as engine:
        assert memory(engine)["memory_bytes"] == 15 * BODY_BYTES
        assert drain(engine, url) == [body(n) for n in range(500)]
        assert memory(engine) == {
            "memory_limit_bytes": 15 * BODY_BYTES,
            "memory_bytes": 0,
            "stored_bytes": 0,
            "stored_reads_total": 485,
        }


def test_without_a_limit_nothing_is_counted(path: Path) -> None:
    with opened(path, None) as engine:
        assert memory(engine) == {}


def test_a_look_reads_what_it_shows(path: Path) -> None:
    """Through pages that end where a hundred bodies were read."""
    with opened(path, 0) as engine:
        fill(engine, 250)
        assert [message.body for message in look.messages(engine, "orders")] == [body(n) for n in range(250)]
        with engine.serve() as server, Wire(server.port) as wire:
            target = "/_localsqs/queues/us-east-1/000000000000/orders/messages?limit=1000"
            page = wire.ask(http_request("GET", target, {})).json()
        assert len(page["messages"]) == 100
        assert page["next"] == 100


def test_attributes_are_read_too(path: Path) -> None:
    value = {"DataType": "String.kind", "StringValue": "v" * 200}
    with opened(path, 100) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sent = sqs.send_message(QueueUrl=url, MessageBody="b", MessageAttributes={"a": value}, MessageGroupId="g")
        assert memory(engine)["stored_bytes"] > 200
        assert look.messages(engine, "orders")[0].message_attributes["a"]["StringValue"] == "v" * 200
        (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])[
            "Messages"
        ]
    assert message["MessageAttributes"] == {"a": value}
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["MessageGroupId"] == "g"


def test_the_history_shows_bodies_as_long_as_their_messages_are_there(path: Path) -> None:
    with opened(path, 0) as engine:
        url = fill(engine, 3)
        assert [event.details["body"] for event in engine.history(kind="Sent")] == [body(n) for n in range(3)]
        history = engine.history()
        drain(engine, url)
        assert all("body" not in event.details for event in history if event.kind == "Sent")
        assert "Deleted" in str(engine.history().of(history[1].message_id))
        with pytest.raises(ValueError, match="memory_limit"):
            localsqs.rebuild(engine.history())
    assert "body" not in history[1].details  # Nor is there anything to be had from a closed engine.


def test_a_damaged_body_is_refused_and_ends_the_engine(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with opened(path, 0) as engine:
        url = fill(engine, 2)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE messages SET body = 'other' WHERE id = 2")
        connection.close()
        with pytest.raises(ClientError, match=r"InternalFailure.*table messages, id 2"):
            engine.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=2)
        with pytest.raises(ClientError, match="InternalFailure"):
            engine.client("sqs").list_queues()
        with pytest.raises(StoreError, match="table messages, id 2"):
            look.messages(engine, "orders")
    assert "THE STORE HAS FAILED" in capfd.readouterr().err


def test_a_limit_needs_a_file() -> None:
    with pytest.raises(ValueError, match="memory_limit needs a path"):
        localsqs.Engine(memory_limit=1000)


@pytest.mark.parametrize(("wrong", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("1G", TypeError)])
def test_a_limit_is_a_number_of_bytes(path: Path, wrong: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="memory_limit must be"):
        opened(path, wrong)  # type: ignore[arg-type]
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("1000", 1000), ("8K", 8 << 10), ("256M", 256 << 20), ("2G", 2 << 30)]
)
def test_sizes_of_the_command_line(text: str, size: int) -> None:
    assert _serve._size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1T", "1.5G", "G", "9223372036854775808", "8589934592G", "²"])
def test_what_is_no_size(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as status:
        _serve.main([f"--memory-limit={text}", "--db=unused.db"])
    assert status.value.code == 2
    assert "--memory-limit" in capsys.readouterr().err


def test_serve_with_a_limit_and_no_file_says_so() -> None:
    command = [sys.executable, "-m", "localsqs", "serve", "--memory-limit=1M", "--port=0"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "memory_limit needs a path" in ended.stderr
