"""What an SQS call costs from Python, in one process: localsqs beside what one would use instead.

    python tests/bench/client_bench.py [--seconds 1] [--runs 5] [--json FILE] [PEER ...]

Peers: ``localsqs``, its native client; ``stub``, a boto3 client whose HTTP layer answers from memory (serialising,
signing and parsing stay: the floor of any boto3 user); ``moto``, the same client under ``mock_aws``. Each runs in an
interpreter of its own, since moto changes botocore for the whole process. Bodies have 256 bytes. Printed are the
microseconds of a call, median of the runs, and how many times cheaper localsqs is: absolute figures drift with the
machine, ratios hold.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from aims import Aim

BODY = "abcdefghijklmnopqrstuvwxyz012345" * 8
BATCH = [{"Id": str(i), "MessageBody": BODY} for i in range(10)]
BACKLOG = 2_000
PEERS = ["localsqs", "stub", "moto"]
# Row name in the results -> heading.
ROWS = {
    "send": "`send_message`",
    "receive": "`receive_message`, 1 message",
    "delete": "`delete_message`",
    "cycle": "send + receive + delete",
    "batch": "the same in batches of 10 (3 calls)",
    "backlog": f"send + receive + delete, {BACKLOG:,} waiting",
}


# --- Clients ---------------------------------------------------------------------------------------------------------


def boto_client(endpoint_url: str | None = None) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )


class CannedBody:
    """What botocore reads of a urllib3 response."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        yield self.content


def stubbed_boto_client() -> Any:
    """A boto3 client whose ``before-send`` hook answers: everything of botocore's is done but the socket."""
    from botocore.awsrequest import AWSResponse

    md5 = hashlib.md5(BODY.encode()).hexdigest()
    message = {"MessageId": "0" * 36, "ReceiptHandle": "A" * 180, "MD5OfBody": md5, "Body": BODY}
    ids = [entry["Id"] for entry in BATCH]
    sent = [{"Id": id_, "MessageId": "0" * 36, "MD5OfMessageBody": md5} for id_ in ids]
    answers: dict[str, Any] = {
        "CreateQueue": {"QueueUrl": "http://127.0.0.1:1/000000000000/bench"},
        "SendMessage": {"MD5OfMessageBody": md5, "MessageId": "0" * 36},
        "SendMessageBatch": {"Successful": sent, "Failed": []},
        "ReceiveMessage": {"Messages": [message]},
        "ReceiveTen": {"Messages": [message] * 10},
        "DeleteMessage": {},
        "DeleteMessageBatch": {"Successful": [{"Id": id_} for id_ in ids], "Failed": []},
    }
    encoded = {operation: json.dumps(answer).encode() for operation, answer in answers.items()}

    def answer(request: Any, **kwargs: Any) -> Any:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        if operation == "ReceiveMessage" and b'"MaxNumberOfMessages": 10' in request.body:
            operation = "ReceiveTen"
        content = encoded[operation]
        headers = {"content-type": "application/x-amz-json-1.0", "content-length": str(len(content))}
        return AWSResponse(request.url, 200, headers, CannedBody(content))

    client = boto_client("http://127.0.0.1:1/")
    client.meta.events.register("before-send.sqs", answer)
    return client


@contextlib.contextmanager
def client_of(peer: str) -> Iterator[Any]:
    if peer == "localsqs":
        import localsqs

        with localsqs.Engine() as engine:
            yield engine.client("sqs")
    elif peer == "stub":
        yield stubbed_boto_client()
    else:
        from moto import mock_aws

        with mock_aws():
            yield boto_client()


# --- Measuring -------------------------------------------------------------------------------------------------------


def microseconds(call: Callable[[], object], seconds: float, stretch: int) -> float:
    """Mean time of a call over about ``seconds``, looking at the clock only every ``stretch`` calls."""
    count = 0
    start = time.perf_counter()
    while True:
        for _ in range(stretch):
            call()
        count += stretch
        spent = time.perf_counter() - start
        if spent >= seconds:
            return spent / count * 1e6


class Bench:
    def __init__(self, client: Any) -> None:
        self.client = client
        self.queues = 0
        self.deep_queue = ""

    def new_queue(self) -> str:
        self.queues += 1
        attributes = {"VisibilityTimeout": "900"}
        return str(self.client.create_queue(QueueName=f"bench-{self.queues}", Attributes=attributes)["QueueUrl"])

    def cycle(self, url: str) -> None:
        self.client.send_message(QueueUrl=url, MessageBody=BODY)
        message = self.client.receive_message(QueueUrl=url)["Messages"][0]
        self.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def batch_cycle(self, url: str) -> None:
        self.client.send_message_batch(QueueUrl=url, Entries=BATCH)
        messages = self.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        entries = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(messages)]
        self.client.delete_message_batch(QueueUrl=url, Entries=entries)

    def single_calls(self, seconds: float) -> dict[str, float]:
        """Send, receive and delete timed apart, twenty at a time, so that the queue stays short."""
        client, url, stretch = self.client, self.new_queue(), 20
        spent = {"send": 0.0, "receive": 0.0, "delete": 0.0}
        count = 0
        while sum(spent.values()) < seconds:
            start = time.perf_counter()
            for _ in range(stretch):
                client.send_message(QueueUrl=url, MessageBody=BODY)
            sent = time.perf_counter()
            answers = [client.receive_message(QueueUrl=url) for _ in range(stretch)]
            received = time.perf_counter()
            handles = [answer["Messages"][0]["ReceiptHandle"] for answer in answers]
            deleting = time.perf_counter()
            for handle in handles:
                client.delete_message(QueueUrl=url, ReceiptHandle=handle)
            deleted = time.perf_counter()
            spent["send"] += sent - start
            spent["receive"] += received - sent
            spent["delete"] += deleted - deleting
            count += stretch
        return {name: value / count * 1e6 for name, value in spent.items()}

    def run(self, seconds: float) -> dict[str, float]:
        """Microseconds by row of ROWS."""
        results = self.single_calls(3 * seconds)
        url = self.new_queue()
        results["cycle"] = microseconds(lambda: self.cycle(url), seconds, 5)
        results["batch"] = microseconds(lambda: self.batch_cycle(url), seconds, 2)
        results["backlog"] = microseconds(lambda: self.cycle(self.deep_queue), seconds, 2)
        return results

    def fill_deep_queue(self) -> None:
        """Once for all runs: a cycle leaves the depth as it was, and filling takes moto half a minute."""
        self.deep_queue = self.new_queue()
        for _ in range(BACKLOG // len(BATCH)):
            self.client.send_message_batch(QueueUrl=self.deep_queue, Entries=BATCH)


def measure(peer: str, seconds: float, runs: int) -> dict[str, float]:
    """Medians of ``runs`` runs, in this process."""
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    with client_of(peer) as client:
        bench = Bench(client)
        bench.fill_deep_queue()
        bench.run(seconds / 5)  # Warm.
        results = [bench.run(seconds) for _ in range(runs)]
    return {row: statistics.median(result[row] for result in results) for row in ROWS}


def measure_apart(peer: str, seconds: float, runs: int) -> dict[str, float]:
    """The same in an interpreter of its own."""
    command = [sys.executable, __file__, "--only", peer, f"--seconds={seconds}", f"--runs={runs}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    results: dict[str, float] = json.loads(done.stdout)
    return results


def aims(results: dict[str, dict[str, float]]) -> list[Aim]:
    """Rows of tools/bench_table.py."""
    ours = results["localsqs"]

    def ratio(peer: str, row: str) -> float:
        return results[peer][row] / ours[row]

    send = f"localsqs ({ours['send']:.1f} µs)"
    batch = f"localsqs ({ours['batch']:.0f} µs)"
    return [
        (f"`send_message`: boto3 with HTTP stubbed / {send}", "at least", 120, ".0f", ratio("stub", "send")),
        ("`send_message`: boto3 under moto / localsqs", "at least", 500, ".0f", ratio("moto", "send")),
        (f"batch-10 cycle: boto3 with HTTP stubbed / {batch}", "at least", 60, ".0f", ratio("stub", "batch")),
    ]


def table(results: dict[str, dict[str, float]]) -> str:
    """Markdown: microseconds by row and peer, and how many times cheaper localsqs is."""
    others = [peer for peer in results if peer != "localsqs"] if "localsqs" in results else []
    headings = ["µs a call", *results, *(f"{peer} / localsqs" for peer in others)]
    lines = ["| " + " | ".join(headings) + " |", "|---" + "|---:" * (len(headings) - 1) + "|"]
    for row, heading in ROWS.items():
        figures = [
            f"{results[peer][row]:,.2f}" if results[peer][row] < 100 else f"{results[peer][row]:,.0f}"
            for peer in results
        ]
        ratios = [f"{results[peer][row] / results['localsqs'][row]:,.0f}x" for peer in others]
        lines.append("| " + " | ".join([heading, *figures, *ratios]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(PEERS)}; all by default")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each row of each run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    parser.add_argument("--only", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.seconds, options.runs)))
        return
    results = {peer: measure_apart(peer, options.seconds, options.runs) for peer in options.peers or PEERS}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    print(table(results))


if __name__ == "__main__":
    main()
