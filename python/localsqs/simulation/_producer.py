"""Sends what the workload brings: one by one, or in batches that wait a little to fill."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from localsqs.simulation._records import Records
from localsqs.simulation._world import SECOND_NS, World
from localsqs.simulation.scenario import Scenario

_NUMBERS = tuple(str(number) for number in range(10))
# A body begins with the number of its message; with padding, in so many digits.
NUMBER_DIGITS = 12
_BODY_BYTES_MAX = 1_048_576


class Producer:
    """Calls `woken` after each send, when what was sent can be received."""

    def __init__(
        self, scenario: Scenario, world: World, records: Records, streams: dict[str, Any], woken: Callable[[int], None]
    ) -> None:
        self._world, self._records, self._woken = world, records, woken
        self._batch, self._linger = scenario.send_batch, round(scenario.linger * SECOND_NS)
        self._delay = scenario.delay * SECOND_NS
        self._scenario, self._streams = scenario, streams
        self._chunks: Iterator[Any] = scenario.workload.chunks(streams["arrivals"], scenario.seconds)
        self._created: list[int] = []
        self._bodies: list[str] = []
        self._groups: list[int] | None = None
        self._position = 0
        self._send: Callable[[int, int], None] = self._send_one if self._batch == 1 else self._send_batch
        self._plan(0)

    def _plan(self, now: int) -> None:
        """Puts the next send on the agenda."""
        while self._position >= len(self._created):
            if not self._load():
                return
        created, first = self._created, self._position
        end = min(first + self._batch, len(created))
        at = created[end - 1]
        if end - first < self._batch or at - created[first] > self._linger:
            at = created[first] + self._linger if self._batch > 1 else at
            end = bisect_right(created, at, first, end)
        self._world.at(max(at, now), self._act, end)

    def _act(self, at: int, end: int) -> None:
        first, self._position = self._position, end
        number = self._records.sent_count
        self._records.sent_now(at, end - first)
        self._send(first, number)
        if self._delay:
            self._world.at(at + self._delay, self._appeared, end - first)
        else:
            self._appeared(at, end - first)
        self._plan(at)

    def _appeared(self, at: int, count: int) -> None:
        self._world.deliverable += count
        self._woken(at)

    def _send_one(self, first: int, number: int) -> None:
        world, body = self._world, self._bodies[first]
        if self._groups is None:
            world.sqs.send_message(QueueUrl=world.url, MessageBody=body)
        else:
            world.sqs.send_message(QueueUrl=world.url, MessageBody=body, **self._ids(first, number))

    def _send_batch(self, first: int, number: int) -> None:
        bodies = self._bodies[first : self._position]
        if self._groups is None:
            entries = [{"Id": entry, "MessageBody": body} for entry, body in zip(_NUMBERS, bodies, strict=False)]
        else:
            entries = [
                {"Id": _NUMBERS[i], "MessageBody": body, **self._ids(first + i, number + i)}
                for i, body in enumerate(bodies)
            ]
        self._world.sqs.send_message_batch(QueueUrl=self._world.url, Entries=entries)

    def _ids(self, position: int, number: int) -> dict[str, str]:
        assert self._groups is not None
        group = {"MessageGroupId": f"g{self._groups[position]}"}
        return {**group, "MessageDeduplicationId": str(number)} if self._world.fifo else group

    def _load(self) -> bool:
        """The next chunk of arrivals, with their bodies and groups. False if there is none."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        scenario, count = self._scenario, len(chunk)
        self._created = np.round(np.asarray(chunk) * SECOND_NS).astype(np.int64).tolist()
        self._position = 0
        numbers = range(self._records.sent_count, self._records.sent_count + count)
        self._bodies = _bodies(numbers, scenario.message_bytes, self._streams["sizes"])
        if scenario.groups is not None:
            self._groups = scenario.groups.draw(self._streams["groups"], count).tolist()
        elif scenario.fifo:
            self._groups = [0] * count
        self._records.will_be_sent(self._groups, count)
        return True


def _bodies(numbers: range, size: Any, rng: Any) -> list[str]:
    if size is None:
        return [str(number) for number in numbers]
    if isinstance(size, int):
        sizes = [size] * len(numbers)
    else:
        sizes = np.clip(np.round(size.draw(rng, len(numbers))), 1, _BODY_BYTES_MAX).astype(np.int64).tolist()
    pad = "." * (max(sizes, default=0) + 1)
    return [
        f"{number:0{NUMBER_DIGITS}}{pad[: max(size - NUMBER_DIGITS, 0)]}"
        for number, size in zip(numbers, sizes, strict=True)
    ]
