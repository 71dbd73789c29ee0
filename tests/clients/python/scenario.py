"""boto3, of any age, against the endpoint named by the first argument: fails at the first difference.

Run with the newest botocore, which speaks AWS JSON, and with the last one that speaks AWS Query.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import boto3
import botocore.config

# The MD5 of ATTRIBUTES, computed from the rule in the Developer Guide.
ATTRIBUTES_MD5 = "9e0937ba75b257700d46f3c43f598815"
ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": "é☃"},
    "number": {"DataType": "Number", "StringValue": "17"},
    "bytes": {"DataType": "Binary", "BinaryValue": bytes([0, 1, 2, 127, 128, 255])},
}


def main(endpoint: str, protocol: str) -> None:
    sqs = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 0}),
    )
    same("protocol", sqs.meta.service_model.protocol, protocol)
    for step in (empty_polls, message, batches, long_poll, fifo, dead_letters, errors):
        step(sqs, f"python-{protocol}-{step.__name__.replace('_', '-')}")
        print("ok", step.__name__)


def same(what: str, got: Any, expected: Any) -> None:
    if got != expected:
        sys.exit(f"{what}: got {got!r}, want {expected!r}")


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def receive(sqs: Any, url: str, **more: Any) -> list[dict[str, Any]]:
    """Up to ten messages with all that they carry. botocore checks no digest of a message; here each is."""
    # "AttributeNames" is what both the old and the new model know.
    request = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"], **more}
    messages = sqs.receive_message(QueueUrl=url, **request).get("Messages", [])
    for message in messages:
        same("MD5 of the body", message["MD5OfBody"], md5(message["Body"]))
    return messages


def describe(sqs: Any, url: str) -> dict[str, str]:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def empty_polls(sqs: Any, name: str) -> None:
    """Each ends by its own time alone, the second as well as the first: nothing else happens in this server yet."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for _ in range(2):
        begun = time.monotonic()
        same("messages", receive(sqs, url, WaitTimeSeconds=1), [])
        same("ended when its time was up", 1 <= time.monotonic() - begun < 10, True)
    sqs.delete_queue(QueueUrl=url)


def message(sqs: Any, name: str) -> None:
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    body = 'hello ☃\r\n<&>"\\'
    sent = sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=ATTRIBUTES)
    same("MD5 of the body, sent", sent["MD5OfMessageBody"], md5(body))
    same("MD5 of attributes, sent", sent["MD5OfMessageAttributes"], ATTRIBUTES_MD5)
    (message,) = receive(sqs, url)
    same("id", message["MessageId"], sent["MessageId"])
    same("body", message["Body"], body)
    same("attributes", message["MessageAttributes"], ATTRIBUTES)
    same("MD5 of attributes, received", message["MD5OfMessageAttributes"], ATTRIBUTES_MD5)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    (again,) = receive(sqs, url)
    same("receive count", again["Attributes"]["ApproximateReceiveCount"], "2")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    counts = describe(sqs, url)
    same("visible", counts["ApproximateNumberOfMessages"], "0")
    same("in flight", counts["ApproximateNumberOfMessagesNotVisible"], "0")
    sqs.delete_queue(QueueUrl=url)


def batches(sqs: Any, name: str) -> None:
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    entries = [{"Id": str(i), "MessageBody": f"body {i}", "MessageAttributes": ATTRIBUTES} for i in range(10)]
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    same("not sent", sent.get("Failed"), None)
    same("digests", {entry["MD5OfMessageAttributes"] for entry in sent["Successful"]}, {ATTRIBUTES_MD5})
    messages = receive(sqs, url)
    same("received", len(messages), 10)
    deletes = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages[1:])]
    deletes.append({"Id": "bad", "ReceiptHandle": "nonsense"})
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=deletes)
    same("deleted", len(deleted["Successful"]), 9)
    (failed,) = deleted["Failed"]
    same("failed", (failed["Id"], failed["Code"], failed["SenderFault"]), ("bad", "ReceiptHandleIsInvalid", True))
    sqs.purge_queue(QueueUrl=url)
    same("visible after the purge", describe(sqs, url)["ApproximateNumberOfMessages"], "0")
    sqs.delete_queue(QueueUrl=url)


def long_poll(sqs: Any, name: str) -> None:
    """Two receives wait. A delayed message ends one wait as it becomes visible: by then the other waits for certain,
    and a message sent now ends that.
    """
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as threads:
        polls = {threads.submit(receive, sqs, url, WaitTimeSeconds=20) for _ in range(2)}
        for body, delay in [("delayed", 1), ("at once", 0)]:
            sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay)
            done, polls = wait(polls, return_when=FIRST_COMPLETED)
            same("bodies", [message["Body"] for poll in done for message in poll.result()], [body])
    same("answered before their time is up", time.monotonic() - begun < 15, True)
    sqs.delete_queue(QueueUrl=url)


def fifo(sqs: Any, name: str) -> None:
    url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]

    def job(group: str, body: str) -> str:
        request = {"MessageGroupId": group, "MessageDeduplicationId": f"id-{body}"}
        return sqs.send_message(QueueUrl=url, MessageBody=body, **request)["SequenceNumber"]

    first = job("a", "1")
    job("b", "2")
    job("a", "3")
    same("sequence number of a duplicate", job("a", "1"), first)
    groups: dict[str, str] = {}
    for message in receive(sqs, url):
        group = message["Attributes"]["MessageGroupId"]
        groups[group] = groups.get(group, "") + message["Body"]
    same("groups", groups, {"a": "13", "b": "2"})
    job("a", "4")
    same("messages of a group in flight", receive(sqs, url), [])
    sqs.delete_queue(QueueUrl=url)


def dead_letters(sqs: Any, name: str) -> None:
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": describe(sqs, dead)["QueueArn"], "maxReceiveCount": 2})
    attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for expected in (1, 1, 0):
        same("messages", len(receive(sqs, url)), expected)
    same("dead letters", [message["Body"] for message in receive(sqs, dead)], ["poison"])
    sqs.delete_queue(QueueUrl=url)
    sqs.delete_queue(QueueUrl=dead)


def errors(sqs: Any, name: str) -> None:
    try:
        sqs.get_queue_url(QueueName=f"{name}-nowhere")
        sys.exit("GetQueueUrl of an unknown queue succeeds")
    except sqs.exceptions.QueueDoesNotExist as error:
        same("code", error.response["Error"]["Code"], "AWS.SimpleQueueService.NonExistentQueue")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    try:
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")
        sys.exit("DeleteMessage with a bad handle succeeds")
    except sqs.exceptions.ReceiptHandleIsInvalid as error:
        same("status", error.response["ResponseMetadata"]["HTTPStatusCode"], 404)
    sqs.delete_queue(QueueUrl=url)


if __name__ == "__main__":
    main(*sys.argv[1:])
