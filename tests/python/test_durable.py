"""Engines on a file: what was answered is there again, one owner, damage, the tools."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from http_wire import Wire, json_request

import localsqs
from localsqs import cli
from localsqs.errors import ClientError, StoreError

OpenEngine = Callable[..., localsqs.Engine]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queues.db"


def opened(path: Path, **options: object) -> localsqs.Engine:
    return localsqs.Engine(path=path, clock=localsqs.ManualClock(), seed=7, **options)


def fill(engine: localsqs.Engine, count: int = 5) -> str:
    sqs = engine.client("sqs")
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=f"order {number}")
    return url


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("durability", ["commit", "interval", "os"])
def test_a_closed_engine_goes_on(path: Path, durability: str) -> None:
    with opened(path, durability=durability) as engine:
        url = fill(engine)
        engine.client("sqs").receive_message(QueueUrl=url)
        before = engine.dump()
    with opened(path) as engine:
        assert engine.dump() == before
        assert engine.client("sqs").list_queues()["QueueUrls"] == [url]


def test_what_was_answered_is_there_after_kill_9(path: Path) -> None:
    """One process sends until it is killed; whatever it told us of is in the file."""
    code = """
import sys, localsqs
sqs = localsqs.Engine(path=sys.argv[1]).client("sqs")
url = sqs.create_queue(QueueName="orders")["QueueUrl"]
while True:
    print(sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"], flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        told += [line.strip() for line in process.stdout if len(line) == 37]
    with localsqs.Engine(path=path) as engine:
        assert {line.split()[1] for line in engine.dump().splitlines() if " visible received " in line} >= set(told)


def test_an_unknown_durability_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="durability must be"):
        opened(path, durability="sometimes")
    assert not path.exists()


def test_a_history_goes_on_with_its_numbers(path: Path) -> None:
    with opened(path) as engine:
        fill(engine)
        count = engine.history()[-1].number
    with opened(path) as engine:
        assert len(engine.history()) == 0
        fill(engine)
        assert engine.history()[0].number == count + 1
        assert engine.history()[0].queue == "orders"
        with pytest.raises(ValueError, match="complete"):
            localsqs.rebuild(engine.history())


# --- One owner -------------------------------------------------------------------------------------------------------


def test_a_second_engine_is_told_who_has_the_file(path: Path) -> None:
    with opened(path) as engine:
        with pytest.raises(StoreError, match=f"in use by another engine: pid {os.getpid()} "):
            opened(path)
        fill(engine)  # Undisturbed.
    opened(path).close()


def test_an_engine_of_another_process_is_refused(path: Path) -> None:
    with opened(path):
        other = python("import sys, localsqs; localsqs.Engine(path=sys.argv[1])", path)
    assert other.returncode == 1
    assert f"StoreError: {path} is in use by another engine: pid {os.getpid()} " in other.stderr


READ_AND_LEAVE = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("SELECT count(*) FROM messages").fetchone()[0])
db.close()
"""


def test_others_may_read_the_live_file(path: Path) -> None:
    with opened(path) as engine:
        url = fill(engine)
        assert python(READ_AND_LEAVE, path).stdout == "5\n"
        engine.client("sqs").send_message(QueueUrl=url, MessageBody="another")
        assert python(READ_AND_LEAVE, path).stdout == "6\n"


def close_behind_the_back(path: Path) -> None:
    """What another copy of SQLite in this process does: opens the files and closes them, which ends every POSIX lock
    that this process has on them."""
    for suffix in ("", "-wal", "-shm"):
        os.close(os.open(f"{path}{suffix}", os.O_RDWR))


def test_locks_survive_another_sqlite_in_the_process(path: Path) -> None:
    """SQLite's POSIX locks are gone; the next program that reads the file and leaves must not delete the log."""
    with opened(path) as engine:
        url = fill(engine)
        sqs = engine.client("sqs")
        for number in range(20):
            db = sqlite3.connect(path)
            assert db.execute("SELECT count(*) FROM messages").fetchone() == (5 + number,)
            db.close()
            close_behind_the_back(path)
            assert python(READ_AND_LEAVE, path).stdout == f"{5 + number}\n"
            assert path.with_name("queues.db-wal").exists(), "the log was deleted under the engine"
            sqs.send_message(QueueUrl=url, MessageBody="x")
        before = engine.dump()
    with opened(path) as engine:
        assert engine.dump() == before


# --- Damage and tools ------------------------------------------------------------------------------------------------


def damage(path: Path, text: bytes) -> None:
    """Flips one bit of the body `text` in the file."""
    data = bytearray(path.read_bytes())
    data[data.index(text)] ^= 1
    path.write_bytes(data)


def test_a_flipped_bit_is_found_and_the_rest_saved(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as engine:
        fill(engine)
    assert cli.main(["check", str(path)]) == 0
    damage(path, b"order 3")
    with pytest.raises(StoreError, match=r"queues.db: damaged: table messages, id 4"):
        opened(path)
    assert cli.main(["check", str(path)]) == 1
    assert "checksum: table messages, row 4 1" in capsys.readouterr().out

    saved = path.with_name("saved.db")
    assert cli.main(["salvage", str(path), str(saved)]) == 0
    assert "table messages, row 4 1: checksum" in capsys.readouterr().out
    assert cli.main(["check", str(saved)]) == 0
    with opened(saved) as engine:
        bodies = engine.client("sqs").receive_message(
            QueueUrl=engine.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"], MaxNumberOfMessages=10
        )["Messages"]
    assert [message["Body"] for message in bodies] == ["order 0", "order 1", "order 2", "order 4"]


def test_a_changed_row_of_the_engine_is_found_and_the_messages_saved(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(path) as engine:
        fill(engine)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE engine SET now = now + 1000000000")
    db.close()
    with pytest.raises(StoreError, match=r"queues.db: damaged: table engine, id 1 \(see localsqs check, salvage\)"):
        opened(path)
    assert cli.main(["check", str(path)]) == 1
    assert "checksum: table engine" in capsys.readouterr().out

    saved = path.with_name("saved.db")
    assert cli.main(["salvage", str(path), str(saved)]) == 0
    assert "table engine: the file's own row" in capsys.readouterr().out
    assert cli.main(["check", str(saved)]) == 0
    with opened(saved) as engine:
        assert all(f"{number}" in engine.dump() for number in range(1, 6))


def test_salvage_says_that_the_new_file_cannot_be_written(path, tmp_path):
    with opened(path) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        for _ in range(200):  # More than SQLite keeps in memory before it writes.
            sqs.send_message(QueueUrl=url, MessageBody="x" * 50_000)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
        "from localsqs import cli; sys.exit(cli.main(['salvage', sys.argv[1], sys.argv[2]]))"
    )
    done = python(code, path, tmp_path / "saved.db")
    assert done.returncode != 0, done.stdout
    assert "saved.db: writing messages: " in done.stderr
    assert "lost" not in done.stdout  # Nothing of the old file is: it is sound.


def test_a_page_that_cannot_be_read_costs_only_its_rows(path: Path) -> None:
    with opened(path, durability="os") as engine:
        fill(engine, 500)
    page = 4096
    data = bytearray(path.read_bytes())
    broken = data.index(b"order 250") // page
    data[broken * page : (broken + 1) * page] = bytes(page)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="messages"):
        opened(path)
    saved = path.with_name("saved.db")
    assert cli.main(["salvage", str(path), str(saved)]) == 0
    with opened(saved) as engine:
        bodies = {body.split()[-1] for body in _bodies(saved)}
        assert engine.client("sqs").list_queues()["QueueUrls"]
    assert 450 < len(bodies) < 500
    assert {"0", "100", "249", "499"} - {"249"} <= bodies


def _bodies(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    bodies = [row[0] for row in db.execute("SELECT body FROM messages ORDER BY id")]
    db.close()
    return bodies


def test_export_writes_each_message(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as engine:
        url = fill(engine, 2)
        sqs = engine.client("sqs")
        sqs.send_message(
            QueueUrl=url, MessageBody="ä", MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": b"\xff"}}
        )
        sqs.receive_message(QueueUrl=url)
        assert cli.main(["export", str(path), "--to", "jsonl"]) == 0  # While it is in use.
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["Body"] for line in lines] == ["order 0", "order 1", "ä"]
    assert [line["State"] for line in lines] == ["in flight", "visible", "visible"]
    assert lines[2]["MessageAttributes"] == {"a": {"DataType": "Binary", "BinaryValue": "/w=="}}
    assert {line["QueueName"] for line in lines} == {"orders"}


def test_a_backup_is_taken_while_the_engine_works(path: Path) -> None:
    copies = [path.with_name("copy.db"), path.with_name("another.db")]
    with opened(path) as engine:
        url = fill(engine)
        before = engine.dump()
        engine.backup(copies[0])
        assert cli.main(["backup", str(path), str(copies[1])]) == 0
        with pytest.raises(StoreError, match="there already"):
            engine.backup(copies[0])
        engine.client("sqs").send_message(QueueUrl=url, MessageBody="later")
    for copy in copies:
        with opened(copy) as engine:
            assert engine.dump() == before


def test_an_engine_in_memory_has_nothing_to_back_up(engine: localsqs.Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="in memory"):
        engine.backup(tmp_path / "copy.db")


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    opened(path).close()
    db = sqlite3.connect(path)
    db.execute("UPDATE format SET version = 99")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="version 99 of the format"):
        opened(path)


def test_a_file_of_somebody_else_is_refused(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (x)")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="not one of localsqs"):
        opened(path)
    path.write_text("no database at all, but long enough to be looked at " * 10)
    with pytest.raises(StoreError, match="not a database"):
        opened(path)


def test_another_owner_ends_the_engine(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Somebody took the file over: nothing more is committed, and nobody is told otherwise."""
    engine = opened(path)
    sqs = engine.client("sqs")
    url = fill(engine)
    db = sqlite3.connect(path)
    db.execute("UPDATE engine SET epoch = epoch + 1, checksum = NULL")
    db.commit()
    db.close()
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            sqs.send_message(QueueUrl=url, MessageBody="x")
        assert error.value.response["Error"]["Code"] == "InternalFailure"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    engine.close()
    said = capfd.readouterr().err
    assert said.count("THE STORE HAS FAILED") == 1
    assert "another engine has become the owner" in said
    with opened(path) as again:
        assert again.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])[
            "Attributes"
        ] == {"ApproximateNumberOfMessages": "5"}


def test_a_forked_process_has_no_part_in_the_engine(path: Path) -> None:
    code = """
import os, sys, localsqs
engine = localsqs.Engine(path=sys.argv[1])
sqs = engine.client("sqs")
url = sqs.create_queue(QueueName="orders")["QueueUrl"]
child = os.fork()
try:
    sqs.send_message(QueueUrl=url, MessageBody="x")
except sqs.exceptions.ClientError as error:
    print(error.response["Error"]["Message"])
if child:
    print(os.waitpid(child, 0)[1], flush=True)
engine.close()
"""
    done = python(code, path)
    assert done.returncode == 0, done.stderr
    assert "belongs to the process that this one was forked from" in done.stdout
    assert done.stdout.splitlines()[-1] == "0"
    with localsqs.Engine(path=path) as engine:
        assert engine.dump().count(" visible received ") == 1


# --- Serving ---------------------------------------------------------------------------------------------------------


def test_a_served_engine_is_durable(path: Path) -> None:
    boto3 = pytest.importorskip("boto3")
    keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    with localsqs.Engine(path=path) as engine, engine.serve() as server:
        sqs = boto3.client("sqs", endpoint_url=server.endpoint_url, **keys)
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        ids = [sqs.send_message(QueueUrl=url, MessageBody=str(number))["MessageId"] for number in range(20)]
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)["Messages"]
        for message in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert python(READ_AND_LEAVE, path).stdout == f"{20 - len(got)}\n"
    with localsqs.Engine(path=path) as engine:
        dump = engine.dump()
        assert {i for i in ids if i in dump} == set(ids) - {message["MessageId"] for message in got}


def test_nothing_is_acknowledged_over_http_once_the_store_failed(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with localsqs.Engine(path=path) as engine, engine.serve() as server:
        url = fill(engine)
        db = sqlite3.connect(path)
        db.execute("UPDATE engine SET epoch = epoch + 1, checksum = NULL")
        db.commit()
        db.close()
        for _ in range(2):
            with Wire(server.port) as wire:
                answer = wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "x"}))
            assert answer.status == 500
            assert answer.json()["__type"].endswith("#InternalFailure")
    assert "THE STORE HAS FAILED" in capfd.readouterr().err
    assert len(_bodies(path)) == 5
