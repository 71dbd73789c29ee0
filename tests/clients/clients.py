"""The clients: what each needs of the machine, how it is built, how it is run.

Everything is built below build/clients, and only once: toolchains with a cache of their own (Go, Cargo) are asked each
time, the others only when one of their files has changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "clients"

BUILD_SECONDS_MAX = 1500  # The SDK for Rust, on a busy machine.
RUN_SECONDS_MAX = 180


class Failed(Exception):
    """A build or a run ended badly; the text is what it said."""


@dataclass(frozen=True)
class Client:
    """A program that ends with 0 if the endpoint, which `command` puts among its arguments, did all that it wants."""

    name: str
    command: Callable[[str, Path], list[str]]  # Of the endpoint and of a folder for this run.
    build: Callable[[], None] = lambda: None
    tools: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # Command -> oldest version that will do.
    environment: str = ""  # Of Python, below build/clients.

    def lacking(self) -> str:
        """What the machine lacks to run this client, or nothing."""
        if self.environment and not python(self.environment).exists():
            return f"no build/clients/{self.environment}, which tools/setup.sh clients makes"
        return "; ".join(filter(None, (tool_lacking(tool, oldest) for tool, oldest in self.tools.items())))


def tool_lacking(tool: str, oldest: tuple[int, ...]) -> str:
    wanted = f"{tool} {'.'.join(map(str, oldest))} or later"
    if shutil.which(tool) is None:
        return f"no {wanted}"
    version = VERSION_OF.get(tool, "--version")
    said = subprocess.run([tool, version], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    if said.returncode != 0 or found is None:
        return f"no working {tool}"
    return "" if tuple(map(int, found[0].split("."))) >= oldest else f"{tool} is {found[0]}, not {wanted}"


VERSION_OF = {"go": "version", "javac": "-version"}


def run(command: list[str], seconds_max: float, folder: Path = HERE, **variables: str) -> str:
    """What the command said.

    Nothing of this machine's AWS set-up reaches it, and it asks no other host for credentials.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    clean |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    clean |= {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds_max,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{command[0]}: not done after {seconds_max} s\n{(late.output or b'').decode()}") from None
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise Failed(f"{' '.join(command[:4])} ... ended with {done.returncode}\n{said}")
    return said


def once(folder: Path, sources: list[Path], build: Callable[[], object]) -> None:
    """Runs `build` unless `folder` was last built from the same sources."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = folder / "built-from"
    if stamp.exists() and stamp.read_text() == digest:
        return
    folder.mkdir(parents=True, exist_ok=True)
    build()
    stamp.write_text(digest)


def python(environment: str) -> Path:
    return BUILD / environment / "bin" / "python"


def build_go() -> None:
    (BUILD / "go").mkdir(parents=True, exist_ok=True)
    run(["go", "build", "-o", str(BUILD / "go" / "client"), "."], BUILD_SECONDS_MAX, HERE / "go")


def build_rust() -> None:
    # One crate at a time: no machine is kept from its other work.
    settings = {"CARGO_TARGET_DIR": str(BUILD / "rust"), "CARGO_BUILD_JOBS": "1"}
    run(["cargo", "build", "--quiet", "--locked"], BUILD_SECONDS_MAX, HERE / "rust", **settings)


def build_java() -> None:
    source = HERE / "java"
    maven = ["mvn", "--batch-mode", "--quiet", "compile", "dependency:build-classpath"]
    sources = [source / "pom.xml", *sorted(source.rglob("*.java"))]
    once(BUILD / "java", sources, lambda: run(maven, BUILD_SECONDS_MAX, source))


def java_command(endpoint: str, _: Path) -> list[str]:
    classes = f"{BUILD / 'java' / 'classes'}:{(BUILD / 'java' / 'classpath.txt').read_text().strip()}"
    # Compiling for speed would take longer than running.
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", classes, "Scenario", endpoint]


def build_js() -> None:
    """The modules lie beside the programs that import them, so the programs are copied."""
    target = BUILD / "js"

    def install() -> None:
        for path in packages:
            shutil.copy(path, target)
        run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], BUILD_SECONDS_MAX, target)

    packages = [HERE / "js" / "package.json", HERE / "js" / "package-lock.json"]
    once(target, packages, install)
    for path in (HERE / "js").glob("*.mjs"):
        shutil.copy(path, target)


def js(name: str, program: str) -> Client:
    def command(endpoint: str, _: Path) -> list[str]:
        return ["node", "--no-warnings", str(BUILD / "js" / program), endpoint]

    return Client(name, command, build_js, tools={"node": (20,), "npm": (9,)})


def python_program(name: str, program: str, *more: str, environment: str = "python") -> Client:
    def command(endpoint: str, _: Path) -> list[str]:
        interpreter = python(environment) if environment else sys.executable
        return [str(interpreter), str(HERE / "python" / program), endpoint, *more]

    return Client(name, command, environment=environment)


def aws_cli(endpoint: str, _: Path) -> list[str]:
    return ["bash", str(HERE / "cli" / "scenario.sh"), endpoint, str(python("python").with_name("aws"))]


def celery(endpoint: str, folder: Path) -> list[str]:
    return [str(python("python")), str(HERE / "python" / "with_celery.py"), endpoint, str(folder)]


def built(program: Path) -> Callable[[str, Path], list[str]]:
    return lambda endpoint, _: [str(program), endpoint]


CLIENTS = [
    python_program("boto3", "scenario.py", "json", environment=""),
    python_program("boto3-query", "scenario.py", "query", environment="python-query"),
    python_program("aiobotocore", "with_aiobotocore.py"),
    js("javascript", "scenario.mjs"),
    Client("go", built(BUILD / "go" / "client"), build_go, tools={"go": (1, 24)}),
    Client("java", java_command, build_java, tools={"javac": (17,), "java": (17,), "mvn": (3, 6)}),
    Client("aws-cli", aws_cli, environment="python"),
    Client("celery", celery, environment="python"),
    python_program("dramatiq", "with_dramatiq.py"),
    js("sqs-consumer", "consumer.mjs"),
    Client("rust", built(BUILD / "rust" / "debug" / "localsqs-client"), build_rust, tools={"cargo": (1, 94)}),
]
