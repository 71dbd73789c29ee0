"""What the endpoint is measured with: the load generator, the bare responder, our server, and the peers.

Everything is built into one folder; each server runs on the core it is given, on a free port of 127.0.0.1. A peer whose
toolchain or package is not to be had raises ``Missing`` with the reason.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# ElasticMQ's virtual machine needs a moment, and longer on a busy machine.
START_SECONDS = 60.0
BUILD_SECONDS = 600.0

GOAWS_CONFIG = """Local:
  Host: 127.0.0.1
  Port: {port}
  Region: us-east-1
  AccountId: "000000000000"
  LogToFile: false
"""


class Missing(Exception):
    """A part that this machine cannot have; the text says why."""


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/local/go/bin")
    if found is None:
        raise Missing(f"no {name}")
    return found


def build(*command: str | Path, folder: Path) -> None:
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} took more than {BUILD_SECONDS:.0f} s") from None
    if done.returncode != 0:
        said = done.stdout.strip().splitlines()
        raise Missing(f"{Path(command[0]).name} failed: {said[-1] if said else done.returncode}")


@functools.cache
def load_generator(out: Path) -> Path:
    program = out / "sqsload"
    build(tool("go"), "build", "-o", program, ".", folder=HERE / "load")
    return program


@functools.cache
def floor(out: Path) -> Path:
    program = out / "responder"
    compiler = os.environ.get("CXX") or tool("g++")
    build(compiler, "-O2", "-pthread", "-o", program, "floor/responder.cpp", folder=HERE)
    return program


# --- Processes -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def on_core(core: int | None) -> list[str]:
    """The prefix that keeps a command on one core, where there is more than one."""
    if core is None or len(os.sched_getaffinity(0)) < 2 or shutil.which("taskset") is None:
        return []
    return ["taskset", "-c", str(sorted(os.sched_getaffinity(0))[core])]


@dataclass
class Running:
    url: str
    pid: int

    def status_kib(self, name: str) -> int:
        """A line of /proc/PID/status: VmRSS, VmHWM."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        return 0


def answers(port: int) -> bool:
    """Whether a CreateQueue is answered 200, in JSON or, for a peer that knows only that, in Query."""
    bodies = {
        "application/x-amz-json-1.0": b'{"QueueName":"first"}',
        "application/x-www-form-urlencoded": b"Action=CreateQueue&Version=2012-11-05&QueueName=first",
    }
    for content_type, body in bodies.items():
        headers = {"Content-Type": content_type}
        if "json" in content_type:
            headers["X-Amz-Target"] = "AmazonSQS.CreateQueue"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/", body, headers)
            if connection.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
    return False


@contextlib.contextmanager
def process(command: list[str], port: int, core: int | None, log: Path | None = None) -> Iterator[Running]:
    """A server, once it answers; stopped at the end."""
    sink = open(log, "wb") if log is not None else None  # noqa: SIM115
    server = subprocess.Popen([*on_core(core), *command], stdout=sink or subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise Missing(f"{Path(command[0]).name} did not start (exit {server.poll()})")
            time.sleep(0.001)
        yield Running(f"http://127.0.0.1:{port}/", server.pid)
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if sink is not None:
            sink.close()


# --- Servers: each the command that serves on a port -----------------------------------------------------------------


def serve_command(port: int, out: Path) -> list[str]:
    return [sys.executable, "-m", "localsqs", "serve", "--port", str(port)]


def binary_command(port: int, out: Path) -> list[str]:
    """The server without Python, from beside the interpreter or from LOCALSQS_SERVER."""
    beside = Path(sys.executable).parent / "localsqs-server"
    program = os.environ.get("LOCALSQS_SERVER") or (str(beside) if beside.exists() else shutil.which(beside.name))
    if program is None:
        raise Missing("no localsqs-server installed")
    return [program, "--port", str(port)]


def floor_command(port: int, out: Path) -> list[str]:
    return [str(floor(out)), str(port), "1"]


@functools.cache
def elasticmq_classpath(out: Path) -> str:
    java_folder = HERE / "peers" / "elasticmq"
    found = out / "elasticmq.classpath"
    goal = "dependency:build-classpath"
    build(tool("mvn"), "-q", "-B", goal, f"-Dmdep.outputFile={found}", folder=java_folder)
    classpath = found.read_text(encoding="utf-8").strip()
    classes = out / "elasticmq-classes"
    build(tool("javac"), "-d", classes, "-cp", classpath, "ElasticMq.java", folder=java_folder)
    return f"{classes}:{classpath}"


def elasticmq_command(port: int, out: Path) -> list[str]:
    return [tool("java"), "-cp", elasticmq_classpath(out), "ElasticMq", str(port)]


@functools.cache
def goaws_program(out: Path) -> Path:
    program = out / "goaws"
    build(tool("go"), "build", "-o", program, ".", folder=HERE / "peers" / "goaws")
    return program


def goaws_command(port: int, out: Path) -> list[str]:
    config = out / "goaws.yaml"
    config.write_text(GOAWS_CONFIG.format(port=port), encoding="utf-8")
    return [str(goaws_program(out)), str(config), str(port)]


Command = Callable[[int, Path], list[str]]
PEERS: dict[str, Command] = {"ElasticMQ": elasticmq_command, "GoAWS": goaws_command}


@contextlib.contextmanager
def server(command: Command, out: Path, core: int | None = 0) -> Iterator[Running]:
    port = free_port()
    with process(command(port, out), port, core) as running:
        yield running
