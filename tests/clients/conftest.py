"""One `localsqs serve` for all clients, and at the end the names of those that could not be tried."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The URL of a server on a free port, in a process of its own, that ends well when it is told to."""
    command = [sys.executable, "-m", "localsqs", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            match = re.search(r"http://127\.0\.0\.1:\d+", first)
            assert match, f"localsqs serve said {first!r}"
            yield match[0]
            assert process.poll() is None, "the server has ended by itself"
            process.terminate()
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = []
    for report in terminalreporter.stats.get("skipped", []):
        client = re.search(r"test_clients\.py::test_client\[(.+)\]", report.nodeid)
        if client:
            skipped.append(f"{client[1]} ({str(report.longrepr[2]).removeprefix('Skipped: ')})")
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} clients NOT tested: {', '.join(skipped)}", red=True, bold=True)
