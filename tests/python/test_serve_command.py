"""`localsqs serve` as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import AbstractContextManager

import pytest
from http_wire import Wire, authorization, json_request, open_queue, query_request
from serving import serving_process

SERVE = [sys.executable, "-m", "localsqs", "serve"]


def serving(*arguments: str) -> AbstractContextManager[tuple[subprocess.Popen[str], int]]:
    return serving_process([*SERVE, "--port", "0", *arguments])


def said(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SERVE, *arguments], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(number):
    with serving() as (process, port):
        with Wire(port) as wire, Wire(port) as poller:
            url = open_queue(wire)
            poller.send(json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}))
            for _ in range(2):
                assert wire.ask(json_request("ListQueues", {})).status == 200
            process.send_signal(number)
            assert poller.answer().body == b"{}"
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        rest = process.stdout.read()
        assert f'boto3.client("sqs", endpoint_url="http://127.0.0.1:{port}")' in rest
        assert f"AWS_ENDPOINT_URL_SQS=http://127.0.0.1:{port}" in rest
        assert f"aws --endpoint-url http://127.0.0.1:{port}" in rest


def test_account_and_region_of_unsigned_callers():
    with serving("--account", "123456789012", "--region", "eu-west-1") as (_, port), Wire(port) as wire:
        url = open_queue(wire)
        assert url == "http://sqs.test/123456789012/jobs"
        request = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
        arn = wire.ask(json_request("GetQueueAttributes", request)).json()["Attributes"]["QueueArn"]
        assert arn == "arn:aws:sqs:eu-west-1:123456789012:jobs"
        signed = json_request("ListQueues", {}, Authorization=authorization("111111111111"))
        assert wire.ask(signed).body == b"{}"


def test_a_manual_clock_waits_no_time():
    with serving("--clock", "manual", "--threads", "2", "--seed", "7") as (_, port), Wire(port) as wire:
        url = open_queue(wire)
        for _ in range(20):
            request = json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
            assert wire.ask(request).body == b"{}"


def test_strict():
    with serving("--strict") as (_, port), Wire(port) as wire:
        open_queue(wire)
        assert wire.ask(query_request("PurgeQueue", "/000000000000/jobs")).status == 200
        assert wire.ask(query_request("PurgeQueue", "/000000000000/jobs")).status == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_are_kept_out(host):
    refused = said("--host", host, "--port", "0")
    assert refused.returncode == 1
    assert "can be reached from other machines" in refused.stdout + refused.stderr
    assert "insecure" in refused.stdout + refused.stderr


def test_a_port_that_is_taken():
    with serving() as (_, port):
        refused = said("--port", str(port))
        assert refused.returncode == 1
        assert f"127.0.0.1:{port}" in refused.stdout + refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--port", "-1"], ["--port", "x"], ["--account", "12"], ["--host", "nowhere"]],
    ids=" ".join,
)
def test_arguments_that_make_no_sense(arguments):
    refused = said("--port", "0", *arguments)
    assert refused.returncode in (1, 2)
    assert refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr
