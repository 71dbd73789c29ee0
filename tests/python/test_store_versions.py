"""A file of every version of the format that was ever committed opens, with everything in it.

    PYTHONPATH=python python tests/python/test_store_versions.py      writes store_versions/vN.sql and .json anew

for the version that the engine writes now. Run it once for a new version, before it is released, and never again.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

import localsqs

VERSIONS = Path(__file__).with_name("store_versions")
START = 1_767_225_600
NEWEST = max(int(path.stem.removeprefix("v")) for path in VERSIONS.glob("*.sql"))


def engine_on(path: Path) -> localsqs.Engine:
    return localsqs.Engine(path=path, clock=localsqs.ManualClock(start=START), seed=7, strict=True)


def fill(engine: localsqs.Engine) -> dict[str, Any]:
    """Something in every table; what a client knows of it."""
    sqs = engine.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "1"})
    orders = sqs.create_queue(
        QueueName="orders", Attributes={"RedrivePolicy": policy, "DelaySeconds": "0"}, tags={"b": "1", "a": "2"}
    )["QueueUrl"]
    fifo = sqs.create_queue(QueueName="f.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    gone = sqs.create_queue(QueueName="gone")["QueueUrl"]
    attributes = {
        "n": {"DataType": "Number", "StringValue": "1"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sqs.send_message(QueueUrl=orders, MessageBody="poison", MessageAttributes=attributes)
    sqs.receive_message(QueueUrl=orders, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=orders)  # Moves it to the dead-letter queue.
    sqs.start_message_move_task(SourceArn=dead_arn, MaxNumberOfMessagesPerSecond=1)
    sqs.send_message(QueueUrl=dead, MessageBody="not from a source")
    engine.clock.advance(seconds=3)
    sqs.send_message(QueueUrl=orders, MessageBody="delayed", DelaySeconds=900)
    sqs.send_message(QueueUrl=orders, MessageBody="tenant", MessageGroupId="t1")
    sent = sqs.send_message(QueueUrl=fifo, MessageBody="one", MessageGroupId="g", MessageDeduplicationId="d1")
    sqs.send_message(QueueUrl=fifo, MessageBody="two", MessageGroupId="g", MessageDeduplicationId="d2")
    got = sqs.receive_message(QueueUrl=fifo, ReceiveRequestAttemptId="try1", VisibilityTimeout=600)["Messages"]
    sqs.delete_queue(QueueUrl=gone)
    return {
        "fifo_id": sent["MessageId"],
        "fifo_sequence": sent["SequenceNumber"],
        "fifo_handle": got[0]["ReceiptHandle"],
        "now_ns": engine.clock.now_ns(),
    }


def keep_busy(engine: localsqs.Engine, db: sqlite3.Connection) -> str:
    """The file as SQL at a moment at which commits of many threads are in its journal."""
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="busy")["QueueUrl"]
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            sqs.send_message(QueueUrl=url, MessageBody="busy")
            for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    while True:  # What is read between BEGIN and COMMIT is of one moment.
        db.execute("BEGIN")
        if db.execute("SELECT count(*) FROM journal").fetchone()[0] > 3:
            break
        db.execute("COMMIT")
    sql = "\n".join(db.iterdump()) + "\n"
    done.set()
    for thread in threads:
        thread.join()
    return sql


def busy_counts(engine: localsqs.Engine) -> list[str]:
    """Messages of the busy queue, visible and in flight."""
    sqs = engine.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName="busy")["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return [counts[name] for name in names]


def restored(name: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "queues.db"
    db = sqlite3.connect(path)
    db.executescript((VERSIONS / f"{name}.sql").read_text())
    db.close()
    return path


@pytest.mark.parametrize("name", sorted(path.stem for path in VERSIONS.glob("*.sql")))
def test_a_file_of_each_version_opens_with_everything_in_it(name: str, tmp_path: Path) -> None:
    known = json.loads((VERSIONS / f"{name}.json").read_text())
    path = restored(name, tmp_path)
    with engine_on(path) as engine:
        sqs = engine.client("sqs")
        assert engine.clock.now_ns() == known["now_ns"]
        urls = {url.rpartition("/")[2]: url for url in sqs.list_queues()["QueueUrls"]}
        assert set(urls) - {"busy"} == {"dead", "orders", "f.fifo"}
        if "busy" in known:
            assert busy_counts(engine) == known["busy"]
        assert sqs.list_queue_tags(QueueUrl=urls["orders"])["Tags"] == {"b": "1", "a": "2"}
        with pytest.raises(sqs.exceptions.QueueDeletedRecently):
            sqs.create_queue(QueueName="gone")

        repeat = sqs.send_message(
            QueueUrl=urls["f.fifo"], MessageBody="one", MessageGroupId="g", MessageDeduplicationId="d1"
        )
        assert (repeat["MessageId"], repeat["SequenceNumber"]) == (known["fifo_id"], known["fifo_sequence"])
        again = sqs.receive_message(QueueUrl=urls["f.fifo"], ReceiveRequestAttemptId="try1")["Messages"]
        assert [message["ReceiptHandle"] for message in again] == [known["fifo_handle"]]
        sqs.delete_message(QueueUrl=urls["f.fifo"], ReceiptHandle=known["fifo_handle"])
        assert sqs.receive_message(QueueUrl=urls["f.fifo"])["Messages"][0]["Body"] == "two"

        counts = sqs.get_queue_attributes(QueueUrl=urls["orders"], AttributeNames=["All"])["Attributes"]
        assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
        assert json.loads(counts["RedrivePolicy"])["maxReceiveCount"] == 1
        dead_arn = json.loads(counts["RedrivePolicy"])["deadLetterTargetArn"]
        task = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"][0]
        assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
        bodies = sqs.receive_message(QueueUrl=urls["orders"], MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        by_body = {message["Body"]: message for message in bodies["Messages"]}
        assert set(by_body) == {"poison", "tenant"}
        assert by_body["poison"]["MessageAttributes"]["b"]["BinaryValue"] == b"\x00\xff"
        engine.clock.advance(minutes=15)
        assert sqs.receive_message(QueueUrl=urls["orders"])["Messages"][0]["Body"] == "delayed"
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT version FROM format").fetchone() == (NEWEST,)
        assert db.execute("SELECT count(checksum) FROM engine").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    db.close()


def write_version() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queues.db"
        with engine_on(path) as engine:
            known = fill(engine)
            db = sqlite3.connect(path, isolation_level=None)
            (version,) = db.execute("SELECT version FROM format").fetchone()
            VERSIONS.mkdir(exist_ok=True)
            (VERSIONS / f"v{version}.sql").write_text(keep_busy(engine, db))
            db.close()
        with engine_on(restored(f"v{version}", Path(folder) / "again")) as engine:
            known["busy"] = busy_counts(engine)
        (VERSIONS / f"v{version}.json").write_text(json.dumps(known, indent=1) + "\n")
    print(f"wrote version {version}")


if __name__ == "__main__":
    sys.exit(write_version())
