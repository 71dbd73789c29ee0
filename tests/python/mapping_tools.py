"""What tests of event source mappings share."""

from __future__ import annotations

from typing import Any

from localsqs.lambda_.mapping import Mapping
from localsqs.testing import Queue

START_NS = 1_767_225_600_000_000_000  # Where a ManualClock starts.


def send(queue: Queue, count: int, **members: Any) -> None:
    for number in range(count):
        queue.send(str(number), **members)


def seconds(mapping: Mapping) -> list[float]:
    """When each invocation began, in seconds since the clock's start."""
    return [(invocation.started_ns - START_NS) / 1e9 for invocation in mapping.invocations]


def sizes(mapping: Mapping) -> list[int]:
    return [len(invocation.message_ids) for invocation in mapping.invocations]
