"""dramatiq with dramatiq-sqs: actors, retries and dead letters, with the endpoint named by the first argument."""

from __future__ import annotations

import sys
import threading
from typing import Any

import boto3
import dramatiq
from dramatiq.middleware import Retries
from dramatiq_sqs import SQSBroker

TIMEOUT = 60
JOBS = 30


def main(endpoint: str) -> None:
    options = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    broker = SQSBroker(
        namespace="dramatiq",
        dead_letter=True,
        tags={"team": "blue"},
        middleware=[Retries(max_retries=1, min_backoff=1, max_backoff=1)],
        **options,
    )
    dramatiq.set_broker(broker)
    done: list[int] = []
    attempts: list[str] = []
    late = threading.Event()

    @dramatiq.actor
    def job(number: int) -> None:
        done.append(number)

    @dramatiq.actor
    def poison() -> None:
        attempts.append("once more")
        raise RuntimeError("meant to fail")

    @dramatiq.actor
    def delayed() -> None:
        late.set()

    for number in range(JOBS):
        job.send(number)
    poison.send()
    delayed.send_with_options(delay=1000)

    worker = dramatiq.Worker(broker, worker_threads=4, worker_timeout=1000)
    worker.start()
    try:
        same("the delayed job", late.wait(TIMEOUT), True)
        broker.join("default", timeout=TIMEOUT)
    finally:
        worker.stop()
    same("jobs", sorted(done), list(range(JOBS)))
    print("ok jobs")
    same("attempts", len(attempts), 2)
    sqs = boto3.client("sqs", **options)
    dead = sqs.get_queue_url(QueueName="dramatiq_default_dlq")["QueueUrl"]
    same("dead letters", len(sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]), 1)
    same("tags", sqs.list_queue_tags(QueueUrl=dead)["Tags"], {"team": "blue"})
    print("ok dead letters")


def same(what: str, got: Any, expected: Any) -> None:
    if got != expected:
        sys.exit(f"{what}: got {got!r}, want {expected!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
