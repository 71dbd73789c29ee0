"""`localsqs-server`, the endpoint without Python, and the access log."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from http_wire import Wire, json_request, open_queue
from serving import serving_process

import localsqs

BINARY = shutil.which("localsqs-server", path=str(Path(sys.executable).parent)) or shutil.which("localsqs-server")
pytestmark = pytest.mark.skipif(BINARY is None, reason="localsqs-server is not beside this Python")


def serving(*arguments: str) -> AbstractContextManager[tuple[subprocess.Popen[str], int]]:
    return serving_process([str(BINARY), "--port", "0", *arguments], stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(number):
    with serving() as (process, port):
        with Wire(port) as wire, Wire(port) as poller:
            url = open_queue(wire)
            poller.send(json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}))
            assert wire.ask(json_request("ListQueues", {})).status == 200
            process.send_signal(number)
            assert poller.answer().body == b"{}"
        assert process.wait(timeout=20) == 0


def test_a_manual_clock_and_its_control():
    with serving("--clock=manual", "--seed=7") as (_, port), Wire(port) as wire:
        url = open_queue(wire)
        wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a", "DelaySeconds": 900}))
        body = b'{"seconds": 900}'
        head = f"POST /_localsqs/clock/advance HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
        assert wire.ask(head.encode() + body).json()["now"] == "2026-01-01T00:15:00.000Z"
        assert wire.ask(json_request("ReceiveMessage", {"QueueUrl": url})).json()["Messages"][0]["Body"] == "a"


def test_help_version_and_nonsense():
    def said(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, timeout=20, check=False)

    assert "--tls-cert FILE" in said("--help").stdout
    assert said("--version").stdout == f"localsqs-server {localsqs.__version__}\n"
    wrong = said("--prot", "1")
    assert (wrong.returncode, "unrecognized argument: --prot" in wrong.stderr) == (2, True)
    kept_out = said("--host", "0.0.0.0")
    assert (kept_out.returncode, "can be reached from other machines" in kept_out.stderr) == (1, True)


def test_a_line_a_request():
    with serving("--log") as (process, port):
        with Wire(port) as wire:
            url = open_queue(wire)
            wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}))
            wire.ask(json_request("SendMessage", {"QueueUrl": url + "x", "MessageBody": "a"}))
            wire.ask(json_request("Nonsense", {}))
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    lines = log.splitlines()
    form = (
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1:\d+ POST (\S+) (\S+) (\d+) \d+ \d+\.\d{3}ms [0-9a-f-]{36}"
    )
    matches = [re.fullmatch(form, line) for line in lines]
    assert all(matches), log
    assert [match.groups() for match in matches if match] == [
        ("CreateQueue", "-", "200"),
        ("SendMessage", "jobs", "200"),
        ("SendMessage", "jobsx", "400"),
        ("-", "-", "400"),
    ]
