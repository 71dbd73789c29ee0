"""Many threads on one engine: nothing is lost, nothing is had twice, nobody is blocked by the GIL."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import threading
from collections import Counter
from typing import Any

import pytest
from threads import in_threads

import localsqs
from localsqs import errors

THREADS = 8
MESSAGES = 400
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_every_message_is_received_and_deleted_once(fifo):
    engine = localsqs.Engine()
    name, attributes = ("q.fifo", {"FifoQueue": "true"}) if fifo else ("q", {})
    url = engine.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    seen: Counter[str] = Counter()
    seen_lock = threading.Lock()
    total = THREADS // 2 * MESSAGES

    def produce(number: int) -> None:
        sqs = engine.client("sqs")
        for i in range(0, MESSAGES, 10):
            entries = [{"Id": str(j), "MessageBody": f"{number}-{i + j}"} for j in range(10)]
            if fifo:
                entries = [
                    {**e, "MessageGroupId": str(j % 3), "MessageDeduplicationId": e["MessageBody"]}
                    for j, e in enumerate(entries)
                ]
            assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10

    def consume(number: int) -> None:
        sqs = engine.client("sqs")
        while True:
            with seen_lock:
                if sum(seen.values()) >= total:
                    return
            messages = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=600
            ).get("Messages", [])
            if not messages:
                continue
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
            assert "Failed" not in sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            with seen_lock:
                seen.update(m["Body"] for m in messages)

    in_threads(lambda number: produce(number) if number % 2 == 0 else consume(number), THREADS)
    assert len(seen) == total
    assert set(seen.values()) == {1}
    kinds = Counter(engine.history().kinds())
    assert kinds["Sent"] == kinds["Received"] == kinds["Deleted"] == total


def test_conservation_under_everything_at_once():
    """sent = delayed + visible + in flight + deleted, while eight threads do what they like and one looks."""
    engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=3)
    url = engine.client("sqs").create_queue(QueueName="q", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]

    def work(number: int) -> None:
        sqs = engine.client("sqs")
        for i in range(200):
            sqs.send_message(QueueUrl=url, MessageBody=f"{number}-{i}", DelaySeconds=i % 3)
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2).get("Messages", []):
                handle = message["ReceiptHandle"]
                if i % 4 == 0:
                    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
                elif i % 4 != 1:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
            if i % 10 == number:
                engine.clock.advance(seconds=1)
            if i % 50 == 0:
                engine.history(kind="Sent")
                engine.dump()

    in_threads(work, THREADS)
    kinds = Counter(engine.history().kinds())
    attributes = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert kinds["Sent"] == THREADS * 200
    assert sum(int(attributes[name]) for name in names) + kinds["Deleted"] == kinds["Sent"]


def test_first_errors_in_many_threads_are_of_one_class():
    engine = localsqs.Engine()
    kinds: list[type] = []
    barrier = threading.Barrier(THREADS)

    def work(number: int) -> None:
        sqs = engine.client("sqs")
        barrier.wait(30)
        try:
            sqs.get_queue_url(QueueName="missing")
        except errors.ClientError as error:
            kinds.append(type(error))

    in_threads(work, THREADS)
    assert kinds == [errors.QueueDoesNotExist] * THREADS


_FIRST_ERRORS = """
import contextlib
import subprocess
import sys
import threading
from localsqs import _core, errors

sys.setswitchinterval(1e-6)
last = [row["shape"] for row in _core.error_catalogue() if row["modelled"]][-1]
barrier = threading.Barrier(8)
found = []

def work():
    barrier.wait(30)
    found.append(errors.exceptions.from_code(last))

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(found) == 8 and set(found) == {getattr(errors, last)}, found
"""


def test_no_thread_finds_half_of_the_error_classes():
    """They are made when first asked for: in a process of its own."""
    for _ in range(5):
        subprocess.run([sys.executable, "-c", _FIRST_ERRORS], check=True, timeout=60)


def test_lists_and_dicts_may_change_while_they_are_read():
    """What a call sees of them is another thread's affair, but every call is answered or refused."""
    engine = localsqs.Engine()
    url = engine.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    entries: list[dict[str, Any]] = []
    attributes: dict[str, Any] = {}
    body = bytearray(b"a")
    done = threading.Event()
    # A bytearray that several threads change ends free-threaded Python 3.13, with nothing of ours in the process.
    body_changes = not FREE_THREADED or sys.version_info >= (3, 14)

    def change(number: int) -> None:
        i = 0
        while not done.is_set():
            i += 1
            entries.append({"Id": str(i), "MessageBody": "a", "MessageAttributes": attributes})
            attributes[f"a{i % 7}"] = {"DataType": "Binary", "BinaryValue": body}
            if body_changes:
                body.extend(b"b" * (i % 5))
            if i % 9 == number:
                del entries[:]
                attributes.clear()
                if body_changes:
                    del body[1:]

    def call(number: int) -> None:
        sqs = engine.client("sqs")
        try:
            for i in range(300):
                with contextlib.suppress(errors.ClientError, errors.ParamValidationError):
                    sqs.send_message_batch(QueueUrl=url, Entries=entries)
                with contextlib.suppress(errors.ClientError, errors.ParamValidationError):
                    sqs.send_message(QueueUrl=url, MessageBody=str(i), MessageAttributes=attributes)
        finally:
            done.set()

    in_threads(lambda number: call(number) if number % 2 == 0 else change(number), THREADS)


def test_a_waiting_receive_does_not_hold_the_gil():
    engine = localsqs.Engine(clock=localsqs.ManualClock(auto_advance=False))
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
    thread.start()
    sqs.send_message(QueueUrl=url, MessageBody="a")  # Would never be reached.
    thread.join(timeout=30)
    assert got[0]["Messages"][0]["Body"] == "a"


@pytest.mark.skipif(not FREE_THREADED, reason="not a free-threaded build")
def test_importing_the_module_does_not_switch_the_gil_on():
    """Nor does a call. In a process of its own, where nothing else is imported and PYTHON_GIL says nothing."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    program = """
import sys
import localsqs
localsqs.client("sqs").create_queue(QueueName="q")
assert not sys._is_gil_enabled()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60, env=environment)
