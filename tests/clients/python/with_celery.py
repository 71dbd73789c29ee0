"""Celery with kombu's SQS transport: a worker and its callers, with the endpoint named by the first argument.

The worker is a process of its own that celery starts; it receives through kombu's asynchronous HTTP client, not through
botocore. Results come back through files below the folder named by the second argument. Worker and callers have both
arguments in their environment, since they import this module each for itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

from celery import Celery, Task, chain, group

TIMEOUT = 60


def application(endpoint: str, results: str) -> Celery:
    app = Celery("jobs", broker=endpoint.replace("http://", "sqs://test:test@"), backend=f"file://{results}")
    app.conf.update(
        task_default_queue="celery",
        task_routes={"ordered": {"queue": "celery-ordered.fifo"}},
        task_acks_late=True,
        worker_enable_remote_control=False,  # Would want a queue for each worker.
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "is_secure": False,
            "region": "us-east-1",
            "queue_name_prefix": "test-",
            "wait_time_seconds": 2,
            "visibility_timeout": 600,
            "polling_interval": 0,
        },
    )
    return app


if __name__ == "__main__":
    os.environ["LOCALSQS_ENDPOINT"], os.environ["LOCALSQS_RESULTS"] = sys.argv[1:]
app = application(os.environ["LOCALSQS_ENDPOINT"], os.environ["LOCALSQS_RESULTS"])


@app.task(name="add")
def add(a: int, b: int) -> int:
    return a + b


@app.task(name="flaky", bind=True, max_retries=3)
def flaky(self: Task) -> int:
    """Fails twice, and comes again each time with a delay."""
    if self.request.retries < 2:
        raise self.retry(countdown=1)
    return self.request.retries


@app.task(name="ordered")
def ordered(path: str, number: int) -> None:
    with open(path, "a", encoding="utf-8") as file:
        print(number, file=file)


def main() -> None:
    same("sums", group(add.s(i, i) for i in range(20))().get(timeout=TIMEOUT), [2 * i for i in range(20)])
    print("ok group")
    same("sum of a chain", chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=TIMEOUT), 10)
    print("ok chain")
    same("sum after a delay", add.apply_async((1, 2), countdown=1).get(timeout=TIMEOUT), 3)
    same("retries", flaky.delay().get(timeout=TIMEOUT), 2)
    print("ok delays")
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
        sent = [ordered.apply_async((file.name, i), MessageGroupId="one") for i in range(10)]
        for result in sent:
            result.get(timeout=TIMEOUT)
        same("order", file.read().split(), [str(i) for i in range(10)])
    print("ok fifo")


def same(what: str, got: Any, expected: Any) -> None:
    if got != expected:
        sys.exit(f"{what}: got {got!r}, want {expected!r}")


if __name__ == "__main__":
    command = [sys.executable, "-m", "celery", "-A", "with_celery", "worker"]
    command += ["--pool", "solo", "--queues", "celery,celery-ordered.fifo", "--loglevel", "WARNING"]
    with subprocess.Popen(command, cwd=os.path.dirname(os.path.abspath(__file__))) as worker:
        try:
            main()
        finally:
            worker.terminate()
        same("exit code of the worker", worker.wait(TIMEOUT), 0)
