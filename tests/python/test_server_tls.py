"""HTTPS with a certificate of one's own."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from http_wire import Wire, json_request

import localsqs

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl for a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    return cert, key


def test_boto3_over_https(certificate):
    boto3 = pytest.importorskip("boto3")
    cert, key = certificate
    with localsqs.Engine() as engine, engine.serve(tls_cert=cert, tls_key=key) as server:
        assert server.endpoint_url.startswith("https://127.0.0.1:")
        keys: dict[str, Any] = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
        sqs = boto3.client("sqs", endpoint_url=server.endpoint_url, verify=str(cert), **keys)
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        assert url == f"{server.endpoint_url}/000000000000/jobs"
        body = "x" * 900_000  # More than a record and a socket buffer.
        sqs.send_message(QueueUrl=url, MessageBody=body)
        assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"][0]["Body"] == body


def test_what_is_no_tls_is_cut_off(certificate):
    cert, key = certificate
    with localsqs.Engine() as engine, engine.serve(tls_cert=cert, tls_key=key) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
            plain.sendall(b"GET /_localsqs/health HTTP/1.1\r\nHost: a\r\n\r\n")
            while plain.recv(4096):
                pass
        context = ssl.create_default_context(cafile=str(cert))
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as wire,
        ):
            wire.sendall(b"GET /_localsqs/health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_requests_behind_a_parked_poll(certificate):
    """What waited behind the poll is answered after it, and what comes then too."""
    cert, key = certificate
    context = ssl.create_default_context(cafile=str(cert))
    with localsqs.Engine() as engine, engine.serve(tls_cert=cert, tls_key=key) as server, Wire(server.port) as wire:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        wire.file.close()
        wire.socket = context.wrap_socket(wire.socket, server_hostname="localhost")
        wire.file = wire.socket.makefile("rb")
        poll = json_request("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20})
        listing = json_request("ListQueues", {})
        wire.send(poll, listing)
        while "\nlocalsqs_parked_polls 1\n" not in metrics_over_tls(server.port, context):
            pass
        sqs.send_message(QueueUrl=url, MessageBody="a")
        assert wire.answer().json()["Messages"][0]["Body"] == "a"
        assert len(wire.answer().json()["QueueUrls"]) == 1
        for _ in range(3):
            assert len(wire.ask(listing).json()["QueueUrls"]) == 1


def metrics_over_tls(port: int, context: ssl.SSLContext) -> str:
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_files_that_are_not_right(certificate, tmp_path):
    cert, _ = certificate
    with localsqs.Engine() as engine:
        with pytest.raises(ValueError, match="TLS certificate"):
            engine.serve(tls_cert=tmp_path / "none", tls_key=tmp_path / "none")
        with pytest.raises(ValueError, match="TLS key"):
            engine.serve(tls_cert=cert)
