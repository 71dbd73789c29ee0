"""`localsqs bench`: what calls of the native client cost on this machine. Informs, asserts nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from localsqs.clock import ManualClock
from localsqs.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.sqs_client import SQS

_BODY = "x" * 256


def table(seconds: float) -> str:
    """A table of microseconds a call, best of five slices of `seconds` in all, 256-byte bodies, one thread."""
    lines = [f"{'call':<52}{'us':>8}{'a second':>12}"]
    for name, make in _ROWS:
        with Engine(clock=ManualClock(), seed=1, history_limit=0) as engine:
            sqs = engine.client("sqs")
            url = sqs.create_queue(QueueName="bench")["QueueUrl"]
            cost = _best_cost(make(sqs, url), seconds)
        lines.append(f"{name:<52}{cost * 1e6:>8.2f}{1 / cost:>12,.0f}")
    return "\n".join(lines)


def _best_cost(call: Callable[[], object], seconds: float) -> float:
    return min(_cost(call, seconds / 5) for _ in range(5))


def _cost(call: Callable[[], object], seconds: float) -> float:
    """Seconds a call, measured in runs of 100."""
    calls = 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds or not calls:
        for _ in range(100):
            call()
        calls += 100
    return spent / calls


def _send(sqs: SQS, url: str) -> Callable[[], object]:
    return lambda: sqs.send_message(QueueUrl=url, MessageBody=_BODY)


def _cycle(sqs: SQS, url: str) -> Callable[[], object]:
    def cycle() -> None:
        sqs.send_message(QueueUrl=url, MessageBody=_BODY)
        message = sqs.receive_message(QueueUrl=url)["Messages"][0]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    return cycle


def _batch_cycle(sqs: SQS, url: str) -> Callable[[], object]:
    def cycle() -> None:
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": _BODY} for i in range(10)])
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)],
        )

    return cycle


_ROWS: list[tuple[str, Callable[[SQS, str], Callable[[], object]]]] = [
    ("send_message", _send),
    ("send_message, receive_message, delete_message", _cycle),
    ("the same in batches of 10, for all 30 calls", _batch_cycle),
]
