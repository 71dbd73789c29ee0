"""aiobotocore against the endpoint named by the first argument: many calls at the same time in one event loop."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

GROUPS = [f"g{i}" for i in range(8)]


async def main(endpoint: str) -> None:
    options = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "config": AioConfig(retries={"max_attempts": 0}, max_pool_connections=50),
    }
    async with get_session().create_client("sqs", **options) as sqs:
        for step in (workers, long_polls, fifo, dead_letters, errors):
            await step(sqs)
            print("ok", step.__name__)


def same(what: str, got: Any, expected: Any) -> None:
    if got != expected:
        sys.exit(f"{what}: got {got!r}, want {expected!r}")


async def create(sqs: Any, name: str, **attributes: str) -> str:
    return (await sqs.create_queue(QueueName=f"aio-{name}", Attributes=attributes))["QueueUrl"]


async def receive(sqs: Any, url: str, **more: Any) -> list[dict[str, Any]]:
    answer = await sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], **more
    )
    return answer.get("Messages", [])


async def describe(sqs: Any, url: str) -> dict[str, str]:
    return (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]


async def workers(sqs: Any) -> None:
    """Twenty batches sent at once and ten workers: each message arrives, and none twice."""
    url = await create(sqs, "workers")
    bodies = [[f"{i}-{j}" for j in range(10)] for i in range(20)]
    sends = [
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": body, "MessageBody": body} for body in batch])
        for batch in bodies
    ]
    for sent in await asyncio.gather(*sends):
        same("not sent", sent.get("Failed"), None)

    got: list[str] = []

    async def work() -> None:
        while messages := await receive(sqs, url):
            got.extend(message["Body"] for message in messages)
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
            deleted = await sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            same("not deleted", deleted.get("Failed"), None)

    await asyncio.gather(*(work() for _ in range(10)))
    same("bodies", sorted(got), sorted(body for batch in bodies for body in batch))
    same("in flight", (await describe(sqs, url))["ApproximateNumberOfMessagesNotVisible"], "0")
    await sqs.delete_queue(QueueUrl=url)


async def long_polls(sqs: Any) -> None:
    """Ten receives wait. A delayed message ends one wait as it becomes visible: by then the others wait for certain,
    and a batch of nine, sent now, ends those.
    """
    url = await create(sqs, "polls")
    begun = time.monotonic()
    request = {"QueueUrl": url, "MaxNumberOfMessages": 1, "WaitTimeSeconds": 20}
    polls = [asyncio.create_task(sqs.receive_message(**request)) for _ in range(10)]
    await sqs.send_message(QueueUrl=url, MessageBody="0", DelaySeconds=1)
    await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
    entries = [{"Id": str(i), "MessageBody": str(i)} for i in range(1, 10)]
    await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    bodies = [message["Body"] for answer in await asyncio.gather(*polls) for message in answer.get("Messages", [])]
    same("bodies", sorted(bodies), [str(i) for i in range(10)])
    same("answered before their time is up", time.monotonic() - begun < 15, True)

    # A poll given up: the message sent afterwards is for the next one. The round trips give the event loop its turns,
    # to send the poll and, later, to close its connection.
    lost = asyncio.create_task(sqs.receive_message(**request))
    await describe(sqs, url)
    lost.cancel()
    await asyncio.wait([lost])
    await describe(sqs, url)
    await sqs.send_message(QueueUrl=url, MessageBody="for the next")
    same("body", [message["Body"] for message in await receive(sqs, url, WaitTimeSeconds=20)], ["for the next"])
    await sqs.delete_queue(QueueUrl=url)


async def fifo(sqs: Any) -> None:
    """Groups sent and received side by side: each in its own order."""
    url = await create(sqs, "jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")

    async def send_group(group: str) -> None:
        for i in range(5):
            await sqs.send_message(QueueUrl=url, MessageBody=f"{group} {i}", MessageGroupId=group)

    await asyncio.gather(*(send_group(group) for group in GROUPS))
    got: dict[str, list[str]] = {group: [] for group in GROUPS}
    while messages := await receive(sqs, url):
        for message in messages:
            got[message["Attributes"]["MessageGroupId"]].append(message["Body"])
        handles = [message["ReceiptHandle"] for message in messages]
        await asyncio.gather(*(sqs.delete_message(QueueUrl=url, ReceiptHandle=handle) for handle in handles))
    same("groups", got, {group: [f"{group} {i}" for i in range(5)] for group in GROUPS})
    await sqs.delete_queue(QueueUrl=url)


async def dead_letters(sqs: Any) -> None:
    dead = await create(sqs, "dead")
    policy = json.dumps({"deadLetterTargetArn": (await describe(sqs, dead))["QueueArn"], "maxReceiveCount": 1})
    url = await create(sqs, "retried", RedrivePolicy=policy, VisibilityTimeout="0")
    await sqs.send_message(QueueUrl=url, MessageBody="poison")
    for expected in (1, 0):
        same("messages", len(await receive(sqs, url)), expected)
    same("dead letters", [message["Body"] for message in await receive(sqs, dead)], ["poison"])
    for queue in (url, dead):
        await sqs.delete_queue(QueueUrl=queue)


async def errors(sqs: Any) -> None:
    try:
        await sqs.get_queue_url(QueueName="aio-nowhere")
        sys.exit("GetQueueUrl of an unknown queue succeeds")
    except sqs.exceptions.QueueDoesNotExist as error:
        same("code", error.response["Error"]["Code"], "AWS.SimpleQueueService.NonExistentQueue")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
