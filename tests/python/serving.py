"""The endpoint as a process of its own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def serving_process(command: Sequence[str], **options: object) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process of `command`, killed at the end, and the port that its first line names."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            match = re.match(r"localsqs listens on http://127\.0\.0\.1:(\d+)", first)
            assert match, first
            yield process, int(match[1])
        finally:
            process.kill()
