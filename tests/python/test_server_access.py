"""Strict access: requests signed by known keys, queue policies enforced (shared/spec/sqs.md, 1.6)."""

from __future__ import annotations

import datetime
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_wire import Wire, json_request, query_request

import localsqs
from localsqs.server import Server

botocore_session = pytest.importorskip("botocore.session")
from botocore.auth import SigV4Auth, SigV4QueryAuth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

KEYS = """
[default]
aws_access_key_id = AKIAOWNER
aws_secret_access_key = owner/secret+1
[alice]
aws_access_key_id = AKIAALICE
aws_secret_access_key = alice-secret
aws_account_id = 111111111111
[session]
aws_access_key_id = ASIASESSION
aws_secret_access_key = session-secret
aws_session_token = token==
"""
OWNER = ("AKIAOWNER", "owner/secret+1")
ALICE = ("AKIAALICE", "alice-secret")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(KEYS)
    return path


@pytest.fixture
def server(keys: Path) -> Iterator[Server]:
    with localsqs.Engine() as engine, engine.serve(credentials=keys) as server:
        yield server


def client(server: Server, key: str, secret: str, token: str | None = None, region: str = "us-east-1") -> Any:
    session = botocore_session.Session()
    return session.create_client(
        "sqs",
        region_name=region,
        endpoint_url=server.endpoint_url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def refusal(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_a_known_key_is_let_in(server):
    sqs = client(server, *OWNER, region="eu-west-1")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    assert url == f"{server.endpoint_url}/000000000000/jobs"
    sqs.send_message(QueueUrl=url, MessageBody="ä\u2028\n", MessageAttributes={})
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "ä\u2028\n"
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert arn == "arn:aws:sqs:eu-west-1:000000000000:jobs"
    assert client(server, *OWNER).list_queues().get("QueueUrls") is None  # Of another region.


def test_a_session_token_must_be_there(server):
    assert "QueueUrls" not in client(server, "ASIASESSION", "session-secret", "token==").list_queues()
    for token in (None, "other"):
        code = refusal(client(server, "ASIASESSION", "session-secret", token).list_queues)[:2]
        assert code == (403, "InvalidClientTokenId")


def test_wrong_secret_and_unknown_key(server):
    status, code, text = refusal(client(server, "AKIAOWNER", "other").list_queues)
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert text.startswith("The request signature we calculated does not match the signature you provided.")
    status, code, text = refusal(client(server, "AKIANOBODY", "x").list_queues)
    assert (status, code) == (403, "InvalidClientTokenId")
    assert text == "The security token included in the request is invalid."


def test_the_shapes_of_the_refusals(server):
    with Wire(server.port) as wire:
        answer = wire.ask(json_request("ListQueues", {}))
        assert answer.status == 403
        assert answer.json()["__type"] == "com.amazon.coral.service#AccessDeniedException"
        assert answer.headers["x-amzn-query-error"] == "AccessDenied;Sender"
        assert "<Code>AccessDenied</Code>" in wire.ask(query_request("ListQueues")).text
        answer = wire.ask(json_request("ListQueues", {}, Authorization="AWS4-HMAC-SHA256 Credential=x"))
        assert (answer.status, answer.json()["__type"]) == (
            400,
            "com.amazon.coral.service#IncompleteSignatureException",
        )
        # Who asks comes before what is asked for (1.7).
        assert wire.ask(json_request("Nonsense", {})).status == 403
        assert wire.ask(json_request("SendMessage", {"QueueUrl": 1})).status == 403


def test_clock_skew(server, monkeypatch):
    import botocore.auth

    for name in ("get_current_datetime", "get_current_utc_datetime"):
        if hasattr(botocore.auth, name):
            late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=16)
            monkeypatch.setattr(botocore.auth, name, lambda *_, late=late, **__: late)
    status, code, text = refusal(client(server, *OWNER).list_queues)
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert text.startswith("Signature expired: ")


def fetch(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {})) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def query(server: Server, expires: int = 60, key: tuple[str, str] = OWNER) -> str:
    request = AWSRequest("GET", f"{server.endpoint_url}/?Action=CreateQueue&QueueName=a%20b~c&Version=2012-11-05")
    SigV4QueryAuth(Credentials(*key), "sqs", "us-east-1", expires=expires).add_auth(request)
    return request.url


def test_a_signed_query_string(server):
    status, text = fetch(query(server))
    assert status == 400  # Let in; the name is none.
    assert b"Can only include alphanumeric characters" in text
    status, text = fetch(query(server).replace("a%20b", "b%20b"))
    assert status == 403
    assert b"SignatureDoesNotMatch" in text


def test_a_signed_form(server):
    body = "Action=CreateQueue&QueueName=jobs"
    request = AWSRequest(
        "POST", server.endpoint_url + "/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    SigV4Auth(Credentials(*OWNER), "sqs", "us-east-1").add_auth(request)
    status, text = fetch(server.endpoint_url + "/", body.encode(), dict(request.headers.items()))
    assert status == 200
    assert b"/000000000000/jobs</QueueUrl>" in text


def test_policies_are_enforced(server):
    owner, alice = client(server, *OWNER), client(server, *ALICE)
    url = owner.create_queue(QueueName="jobs")["QueueUrl"]
    status, code, text = refusal(alice.send_message, QueueUrl=url, MessageBody="a")
    assert (status, code) == (403, "AccessDenied")
    assert text == (
        "User: arn:aws:iam::111111111111:user/alice is not authorized to perform: sqs:sendmessage on resource: "
        "arn:aws:sqs:us-east-1:000000000000:jobs because no identity-based policy allows the sqs:sendmessage action"
    )
    owner.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
    alice.send_message(QueueUrl=url, MessageBody="a")
    assert refusal(alice.receive_message, QueueUrl=url)[1] == "AccessDenied"
    secure = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    }
    owner.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(secure)})
    assert refusal(owner.receive_message, QueueUrl=url)[2].endswith("with an explicit deny in a resource-based policy")


def test_control_pages_ask_for_a_signature_too(server):
    for page in ("/_localsqs/health", "/metrics"):
        assert fetch(server.endpoint_url + page)[0] == 403
        request = AWSRequest("GET", server.endpoint_url + page)
        SigV4Auth(Credentials(*ALICE), "sqs", "us-east-1").add_auth(request)
        assert fetch(server.endpoint_url + page, headers=dict(request.headers.items()))[0] == 200


def test_beyond_loopback_only_with_credentials(keys):
    with localsqs.Engine() as engine:
        with pytest.raises(OSError, match="give --credentials"):
            engine.serve(host="0.0.0.0")
        engine.serve(host="0.0.0.0", credentials=keys).stop()


def test_files_that_are_not_right(tmp_path):
    with localsqs.Engine() as engine:
        with pytest.raises(OSError, match="cannot read the credentials file"):
            engine.serve(credentials=tmp_path / "none")
        bad = tmp_path / "bad"
        bad.write_text("[a]\naws_access_key_id = k\n")
        with pytest.raises(ValueError, match=r"bad: line 3: \[a\] needs"):
            engine.serve(credentials=bad)
