"""Writes the seeds of the fuzzers: tests/fuzz/corpus/TARGET/NAME, and a dictionary for each protocol.

    python tests/fuzz/make_corpus.py

A seed shows a fuzzer one thing that matters: each operation once in both protocols, each kind of member, a few whole
lives of messages. What a fuzzer finds by itself stays in build/fuzz; an input that failed is added here.
"""

from __future__ import annotations

import base64
import json
import shutil
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
URL = "http://h/000000000000/q"
FIFO_URL = URL + ".fifo"
ARN = "arn:aws:sqs:us-east-1:000000000000:q"
DLQ_ARN = "arn:aws:sqs:us-east-1:000000000000:dlq"
JSON_TYPE = "application/x-amz-json-1.0"
FORM_TYPE = "application/x-www-form-urlencoded"

ATTRIBUTES: dict[str, Any] = {
    "text": {"DataType": "String", "StringValue": "caf\u00e9 \u2603"},
    "number": {"DataType": "Number.int", "StringValue": "-1.5E3"},
    "bytes": {"DataType": "Binary.png", "BinaryValue": base64.b64encode(b"\x00\xff\x10").decode()},
}
ENTRIES: list[dict[str, Any]] = [
    {"Id": "a", "MessageBody": "1", "DelaySeconds": 0, "MessageAttributes": ATTRIBUTES},
    {"Id": "b", "MessageBody": "<&>\"'\r\n\t", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
]
HANDLES = [{"Id": "a", "ReceiptHandle": "$HANDLE"}, {"Id": "b", "ReceiptHandle": "no handle"}]
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "SQS:SendMessage", "Resource": ARN},
        {
            "Effect": "Deny",
            "NotPrincipal": {"AWS": ["111111111111", "arn:aws:iam::222222222222:user/u"]},
            "NotAction": ["sqs:*"],
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:t"}, "Bool": {"aws:SecureTransport": "false"}},
        },
    ],
}
REDRIVE = {"deadLetterTargetArn": DLQ_ARN, "maxReceiveCount": "2"}
ALLOW = {"redrivePermission": "byQueue", "sourceQueueArns": [ARN]}

# One request of each operation.
REQUESTS: dict[str, dict[str, Any]] = {
    "AddPermission": {"QueueUrl": URL, "Label": "l", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]},
    "CancelMessageMoveTask": {"TaskHandle": "eyJ0IjoxfQ=="},
    "ChangeMessageVisibility": {"QueueUrl": URL, "ReceiptHandle": "$HANDLE", "VisibilityTimeout": 0},
    "ChangeMessageVisibilityBatch": {"QueueUrl": URL, "Entries": [{**HANDLES[0], "VisibilityTimeout": 9}]},
    "CreateQueue": {"QueueName": "q", "Attributes": {"VisibilityTimeout": "5"}, "tags": {"k": "v", "": ""}},
    "DeleteMessage": {"QueueUrl": URL, "ReceiptHandle": "$HANDLE"},
    "DeleteMessageBatch": {"QueueUrl": URL, "Entries": HANDLES},
    "DeleteQueue": {"QueueUrl": URL},
    "GetQueueAttributes": {"QueueUrl": URL, "AttributeNames": ["All"]},
    "GetQueueUrl": {"QueueName": "q", "QueueOwnerAWSAccountId": "000000000000"},
    "ListDeadLetterSourceQueues": {"QueueUrl": URL, "MaxResults": 2, "NextToken": "dA=="},
    "ListMessageMoveTasks": {"SourceArn": DLQ_ARN, "MaxResults": "1"},
    "ListQueueTags": {"QueueUrl": URL},
    "ListQueues": {"QueueNamePrefix": "q", "MaxResults": 1, "NextToken": ""},
    "PurgeQueue": {"QueueUrl": URL},
    "ReceiveMessage": {
        "QueueUrl": URL,
        "AttributeNames": ["All"],
        "MessageSystemAttributeNames": ["SentTimestamp"],
        "MessageAttributeNames": ["te.*", "All"],
        "MaxNumberOfMessages": 10,
        "VisibilityTimeout": 1,
        "WaitTimeSeconds": 1,
        "ReceiveRequestAttemptId": "r",
    },
    "RemovePermission": {"QueueUrl": URL, "Label": "l"},
    "SendMessage": {
        "QueueUrl": URL,
        "MessageBody": "body",
        "DelaySeconds": 1,
        "MessageAttributes": ATTRIBUTES,
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-a-b"}},
    },
    "SendMessageBatch": {"QueueUrl": URL, "Entries": ENTRIES},
    "SetQueueAttributes": {"QueueUrl": URL, "Attributes": {"Policy": json.dumps(POLICY), "DelaySeconds": "1"}},
    "StartMessageMoveTask": {"SourceArn": DLQ_ARN, "DestinationArn": ARN, "MaxNumberOfMessagesPerSecond": 5},
    "TagQueue": {"QueueUrl": URL, "Tags": {"k": "v"}},
    "UntagQueue": {"QueueUrl": URL, "TagKeys": ["k"]},
}

# What lists and maps are called in Query, and the key of a map's entries.
QUERY_NAMES = {
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "AttributeNames": "AttributeName",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "MessageAttributeNames": "MessageAttributeName",
    "TagKeys": "TagKey",
    "Attributes": "Attribute",
    "Tags": "Tag",
    "tags": "Tag",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributes": "MessageSystemAttribute",
}


def form_of(operation: str, request: dict[str, Any]) -> str:
    """The request as Query parameters."""
    pairs = {"Action": operation}

    def add(name: str, value: Any, key: str = "Name") -> None:
        if isinstance(value, list):
            for i, item in enumerate(value, 1):
                add(f"{name}.{i}", item)
        elif isinstance(value, dict) and name.split(".")[-1] in QUERY_NAMES.values():
            for i, (entry, item) in enumerate(value.items(), 1):
                pairs[f"{name}.{i}.{key}"] = entry
                add(f"{name}.{i}.Value", item)
        elif isinstance(value, dict):
            for member, item in value.items():
                add_member(f"{name}.", member, item)
        else:
            pairs[name] = str(value)

    def add_member(prefix: str, member: str, value: Any) -> None:
        query_name = f"{operation}RequestEntry" if member == "Entries" else QUERY_NAMES.get(member, member)
        add(prefix + query_name, value, "Key" if query_name == "Tag" else "Name")

    for member, value in request.items():
        add_member("", member, value)
    return urllib.parse.urlencode(pairs, safe="$")


def as_json(operation: str, request: dict[str, Any], *headers: str) -> str:
    lines = ["POST /", "Host: h", f"Content-Type: {JSON_TYPE}", f"X-Amz-Target: AmazonSQS.{operation}", *headers]
    return "\n".join([*lines, "", json.dumps(request)])


def as_query(operation: str, request: dict[str, Any], *headers: str, path: str = "/") -> str:
    lines = [f"POST {path}", "Host: h", f"Content-Type: {FORM_TYPE}", *headers]
    return "\n".join([*lines, "", form_of(operation, request)])


def session(*requests: str) -> str:
    return "\n----\n".join(requests)


def create(name: str = "q", **attributes: str) -> dict[str, Any]:
    return {"QueueName": name, "Attributes": attributes}


def send(body: str, url: str = URL, **members: Any) -> dict[str, Any]:
    return {"QueueUrl": url, "MessageBody": body, **members}


def sessions() -> dict[str, str]:
    receive = {"QueueUrl": URL, "MaxNumberOfMessages": 10, "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    handle = {"QueueUrl": URL, "ReceiptHandle": "$HANDLE"}
    fifo = create("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    redrive = create("q", RedrivePolicy=json.dumps(REDRIVE), VisibilityTimeout="1")
    grouped = {"QueueUrl": FIFO_URL, "Entries": [{"Id": i, "MessageBody": i, "MessageGroupId": "g"} for i in "abc"]}
    move: dict[str, Any] = {"SourceArn": DLQ_ARN, "MaxNumberOfMessagesPerSecond": 1}
    found: dict[str, str] = {
        "life_json": session(
            as_json("CreateQueue", create()),
            as_json("SendMessage", REQUESTS["SendMessage"]),
            as_json("ReceiveMessage", receive, "Advance: 2"),
            as_json("ChangeMessageVisibility", {**handle, "VisibilityTimeout": 7}),
            as_json("DeleteMessage", handle),
            as_json("DeleteMessage", handle),
        ),
        "life_query": session(
            as_query("CreateQueue", create()),
            as_query("SendMessage", {"MessageBody": "<&>\r\n", "DelaySeconds": 0}, path="/000000000000/q"),
            as_query("SendMessageBatch", REQUESTS["SendMessageBatch"]),
            as_query("SendMessage", send("\x01")),
            as_query("ReceiveMessage", receive),
            as_query("ReceiveMessage", {"QueueUrl": URL, "WaitTimeSeconds": 20}),
            as_query("DeleteMessageBatch", {"QueueUrl": URL, "Entries": HANDLES}),
        ),
        "query_as_json": session(
            as_query("CreateQueue", create(), "Accept: application/json"),
            as_query("SendMessageBatch", REQUESTS["SendMessageBatch"], "Accept: application/json"),
            as_query("ReceiveMessage", receive, "Accept: application/json"),
            as_query("ListQueueTags", {"QueueUrl": URL}, "Accept: application/json"),
            as_query("DeleteQueue", {"QueueUrl": "http://h/none"}, "Accept: application/json"),
        ),
        "fifo": session(
            as_json("CreateQueue", fifo),
            as_json("SendMessageBatch", grouped),
            as_json("SendMessageBatch", grouped, "Advance: 299"),
            as_json("ReceiveMessage", {**receive, "QueueUrl": FIFO_URL, "ReceiveRequestAttemptId": "r"}),
            as_json("ReceiveMessage", {**receive, "QueueUrl": FIFO_URL, "ReceiveRequestAttemptId": "r"}),
            as_json("DeleteMessage", {"QueueUrl": FIFO_URL, "ReceiptHandle": "$HANDLE"}),
            as_json("ChangeMessageVisibility", {**handle, "QueueUrl": FIFO_URL, "VisibilityTimeout": 0}),
        ),
        "dead_letters": session(
            as_json("CreateQueue", create("dlq")),
            as_json("CreateQueue", redrive),
            as_json("SendMessage", send("poison", MessageGroupId="tenant")),
            *(as_json("ReceiveMessage", {"QueueUrl": URL}, "Advance: 2") for _ in range(3)),
            as_json("ListDeadLetterSourceQueues", {"QueueUrl": "http://h/000000000000/dlq"}),
            as_json("StartMessageMoveTask", move),
            as_json("ListMessageMoveTasks", {"SourceArn": DLQ_ARN}),
            as_json("ReceiveMessage", {"QueueUrl": URL, "WaitTimeSeconds": 20}),
        ),
        "settings": session(
            as_json("CreateQueue", create(DelaySeconds="3", MessageRetentionPeriod="60")),
            as_json("SetQueueAttributes", REQUESTS["SetQueueAttributes"]),
            as_json("AddPermission", REQUESTS["AddPermission"]),
            as_json("GetQueueAttributes", REQUESTS["GetQueueAttributes"]),
            as_json("RemovePermission", REQUESTS["RemovePermission"]),
            as_json("TagQueue", REQUESTS["TagQueue"]),
            as_json("UntagQueue", REQUESTS["UntagQueue"]),
            as_json("PurgeQueue", REQUESTS["PurgeQueue"]),
            as_json("PurgeQueue", REQUESTS["PurgeQueue"]),
            as_json("DeleteQueue", REQUESTS["DeleteQueue"], "Advance: 60"),
            as_json("CreateQueue", create()),
        ),
        "errors": session(
            as_json("ListQueues", {"MaxResults": 0}),
            as_json("NoSuchOperation", {}),
            as_query("NoSuchAction", {}),
            "GET /\nHost: h\n\n",
            "GET /000000000000/q?Action=GetQueueAttributes&AttributeName.1=Policy&AttributeName.2=\nHost: h\n\n",
            as_query("SendMessage", {"QueueUrl": URL, "DelaySeconds": "x", "MessageBody": ""}),
        ),
    }
    kept = [item for item in REQUESTS.items() if item[0] != "DeleteQueue"]
    for name, half in {"first": kept[:11], "second": kept[11:]}.items():
        doors: dict[str, Callable[..., str]] = {"json": as_json, "query": as_query}
        for protocol, door in doors.items():
            before = [door("CreateQueue", create("dlq")), door("CreateQueue", redrive), door("SendMessage", send("a"))]
            found[f"{name}_half_{protocol}"] = session(
                *before, *(door(operation, request) for operation, request in half)
            )
    return found


def connections() -> dict[str, bytes]:
    def http(operation: str, request: dict[str, Any], *headers: str) -> bytes:
        body = json.dumps(request).encode()
        head = [
            "POST / HTTP/1.1",
            "Host: h",
            f"X-Amz-Target: AmazonSQS.{operation}",
            f"Content-Type: {JSON_TYPE}",
            f"Content-Length: {len(body)}",
            *headers,
        ]
        return "\r\n".join([*head, "", ""]).encode() + body

    made = http("CreateQueue", {"QueueName": "q"})
    sent = http("SendMessage", send("a"))
    poll = http("ReceiveMessage", {"QueueUrl": URL, "WaitTimeSeconds": 20})
    chunks = b"5;x=y\r\nActio\r\n\x180c\r\nn=ListQueues&\r\n0\r\nTrailer: t\r\n\r\n"
    form = f"Host: h\r\nContent-Type: {FORM_TYPE}\r\n".encode()
    return {
        "pipelined": made + sent + poll + http("ListQueues", {}),
        "cut": (made + sent).replace(b"\r\n", b"\x18\r\x18\n") + poll,
        "poll": made + poll + sent + poll,
        "chunked": b"POST / HTTP/1.1\r\n" + form + b"Transfer-Encoding: chunked\r\n\r\n" + chunks,
        "expect": http("ListQueues", {}, "Expect: 100-continue").replace(b"\r\n\r\n", b"\r\n\r\n\x18") + made,
        "get": b"GET /?Action=ListQueues&Version=2012-11-05 HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n" * 2,
        "head_options": b"HEAD / HTTP/1.1\r\n\r\nOPTIONS / HTTP/1.1\r\n\r\nPUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "two_lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "both": b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "other_site": http("ListQueues", {}, "Origin: http://example.com", "Sec-Fetch-Site: cross-site"),
        "close": http("ListQueues", {}, "Connection: close") + made,
        "control": b"".join(
            f"{line} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            for line, body in {
                "GET /_localsqs/health": "",
                "GET /_localsqs/history?since=0&limit=2&kind=sent": "",
                "POST /_localsqs/clock/advance": '{"seconds": 30, "days": 1}',
                "PUT /_localsqs/faults": '{"duplicate": 0.5}',
                "GET /_localsqs/queues/us-east-1/000000000000/q/messages?state=visible": "",
                "POST /_localsqs/reset": "",
            }.items()
        ),
        "noise": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        "truncated": made[:-3],
    }


def policies() -> dict[str, str]:
    text = json.dumps(POLICY)
    single = json.dumps({"Version": "2008-10-17", "Statement": POLICY["Statement"][0]})
    documents = {
        "policy": (text, json.dumps(POLICY, indent=1, sort_keys=True), "s"),
        "single": (single, text, "fresh"),
        "empty": ("", single, "l"),
        "no_statements": ('{"Version":"2012-10-17","Statement":[]}', "", "l"),
        "redrive": (json.dumps(REDRIVE), json.dumps({**REDRIVE, "maxReceiveCount": 2}), ""),
        "allow_by_queue": (json.dumps(ALLOW), "", ""),
        "allow_all": ('{"redrivePermission":"allowAll"}', '{"redrivePermission":"denyAll"}', ""),
        "numbers": ('{"a":[1,1.0,-0.0,1e300,18446744073709551615,"\\ud83d\\ude00",null,true]}', "[]", ""),
    }
    return {name: "\n--\n".join(parts) for name, parts in documents.items()}


def handles() -> dict[str, bytes]:
    return {
        "made": bytes(range(1, 33)) + b"\x05A",
        "text": b"AQAAAAAAAAABAAAAAAAAAAEAAAAAAAAAAQAAAAAAAAAA",
        "short": b"AQ==",
        "other_alphabet": b"-_" * 22,
    }


def signatures() -> dict[str, str]:
    scope = "AKIDEXAMPLE/20260101/us-east-1/sqs/aws4_request"
    headers = [
        "Host: h",
        "X-Amz-Date: 20260101T000000Z",
        "X-Amz-Target: AmazonSQS.ListQueues",
        "X-Amz-Security-Token: t",
    ]
    signed = "SignedHeaders=host;x-amz-date;x-amz-target"
    signature = "0123456789abcdef" * 4
    header = f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, {signed}, Signature={signature}"
    query = urllib.parse.urlencode(
        {
            "Action": "ListQueues",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": scope,
            "X-Amz-Date": "20260101T000000Z",
            "X-Amz-Expires": "3600",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": signature,
        }
    )
    return {
        "header": "\n".join(["POST /", *headers, header, "", "{}"]),
        "query": f"GET /a%20b/%C3%A9?{query}\nHost: h\n\n",
        "unsigned": "GET /\nHost: h\n\n",
        "incomplete": "\n".join(["POST /", *headers, header[:60], "", "{}"]),
        "other_service": "\n".join(["POST /", *headers, header.replace("/sqs/", "/s3/"), "", ""]),
        "blanks": "\n".join(["POST /?b=2&a=1&a=&=x", *headers, "Host:  a   b ", header, "", "body"]),
    }


def words() -> list[str]:
    """What a fuzzer would guess only slowly."""
    names = [*REQUESTS, *QUERY_NAMES, *QUERY_NAMES.values(), *POLICY, *REDRIVE, *ALLOW, *ENTRIES[0], *ENTRIES[1]]
    names += [member for request in REQUESTS.values() for member in request]
    names += ["Name", "Key", "Value", "DataType", "StringValue", "BinaryValue", "String", "Number", "Binary", "All"]
    names += ["FifoQueue", "true", "ContentBasedDeduplication", "VisibilityTimeout", "$HANDLE", ARN, DLQ_ARN, URL]
    names += ["Transfer-Encoding: chunked", "Content-Length: ", "Expect: 100-continue", "Connection: close"]
    names += [
        "Advance: ",
        "X-Amz-Target: AmazonSQS.",
        f"Content-Type: {FORM_TYPE}",
        "Accept: application/json",
        "HTTP/1.1",
    ]
    names += ["AWS4-HMAC-SHA256", "Credential=", "SignedHeaders=", "Signature=", "aws4_request", "X-Amz-Date: "]
    names += ["X-Amz-Algorithm=", "X-Amz-Credential=", "X-Amz-SignedHeaders=", "X-Amz-Signature=", "X-Amz-Expires="]
    return sorted(set(names))


def main() -> None:
    json_seeds: dict[str, str] = {name: f"{name}\n{json.dumps(request)}" for name, request in REQUESTS.items()}
    json_seeds["kinds"] = 'SendMessage\n{"DelaySeconds":"7","MessageBody":12.5,"x":[{"y":null}],"MessageGroupId":true}'
    json_seeds["escapes"] = 'SendMessage\n{"MessageBody":"\\ud83d\\ude00\\u0000\\/\\b","MessageAttributes":{"":null}}'
    json_seeds["deep"] = "SendMessage\n" + '{"x":' + "[" * 40 + "]" * 40 + "}"
    json_seeds["not_utf8"] = 'SendMessage\n{"MessageBody":"\udcff\udcfe"}'
    query_seeds: dict[str, str] = {n: f"POST\n/\n{form_of(n, request)}" for n, request in REQUESTS.items()}
    query_seeds["get"] = "GET\n/000000000000/q?Action=ReceiveMessage&AttributeName=All&MaxNumberOfMessages=1\n"
    query_seeds["gaps"] = "POST\n/\nAction=TagQueue&Tag.9.Key=b&Tag.2.Key=a&Tag.2.Value=%2&Tag.x.Key=c&Tag.02.Value=%z+"
    corpus: dict[str, Any] = {
        "json_request": json_seeds,
        "query_request": query_seeds,
        "exchange": sessions(),
        "http": connections(),
        "http_request": connections(),
        "policy": policies(),
        "receipt_handle": handles(),
        "sigv4": signatures(),
    }
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    for target, seeds in corpus.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True)
        for name, seed in seeds.items():
            data = seed if isinstance(seed, bytes) else seed.encode("utf-8", "surrogateescape")
            (folder / name).write_bytes(data)
    lines = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"\n' for word in words()]
    (HERE / "sqs.dict").write_text("# Made by make_corpus.py.\n" + "".join(lines))


if __name__ == "__main__":
    main()
