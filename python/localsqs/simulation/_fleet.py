"""A fleet of pollers: receive, handle one message after the other, delete, again."""

from __future__ import annotations

from typing import Any

from localsqs.simulation._consumers import NUMBERS, Attempts, Consumers, Parked, Work, numbers_of
from localsqs.simulation._records import Records
from localsqs.simulation._world import SECOND_NS, World
from localsqs.simulation.scenario import Fleet, Scenario


class Job:
    """A batch in work."""

    __slots__ = ("begun", "deadline", "failed", "messages", "numbers", "over", "poller")

    def __init__(self, poller: int, messages: list[dict[str, Any]], numbers: list[int], begun: int) -> None:
        self.poller, self.messages, self.numbers, self.begun = poller, messages, numbers, begun
        self.failed: list[int] | None = None  # Positions of the messages that failed.
        self.deadline = 0  # When its messages become visible again.
        self.over = False


class FleetRun(Consumers):
    """The fleet of a run. A poller is its number."""

    def __init__(
        self, scenario: Scenario, fleet: Fleet, world: World, records: Records, work: Work, attempts: Attempts
    ) -> None:
        super().__init__(scenario, world, records, work, attempts)
        self._fleet = fleet
        self._batch = fleet.batch
        self._one_by_one = work.judge is not None or fleet.handler is not None or attempts.limit > 0
        self._parked = Parked(world, fleet.wait_time * SECOND_NS, self._receive, self._free)

    def start(self) -> None:
        pause, pollers = round(self._fleet.pause * SECOND_NS), self._fleet.pollers
        for poller in range(pollers):
            # Short polls are spread evenly over the pause, as those of machines that started at different times.
            self.world.at(pause * poller // pollers, self._free, poller)

    def woken(self, at: int) -> None:
        if self._parked:
            self._parked.wake(at)

    # --- Receiving ---------------------------------------------------------------------------------------------------

    def _free(self, at: int, poller: int) -> None:
        """A poller has nothing to do: it receives, or waits."""
        if self._fleet.wait_time:
            if self.world.deliverable > 0:
                if self._receive(at, poller):
                    return
                self.world.vain_receives += 1
            self._parked.park(at, poller)
        elif not self._receive(at, poller):
            self.world.at(at + round(self._fleet.pause * SECOND_NS), self._free, poller)

    def _receive(self, at: int, poller: int) -> bool:
        messages = self.world.receive(self._batch)
        if not messages:
            return False
        self._begin(at, poller, messages)
        return True

    # --- Handling ----------------------------------------------------------------------------------------------------

    def _begin(self, at: int, poller: int, messages: list[dict[str, Any]]) -> None:
        job = Job(poller, messages, numbers_of(messages), at)
        self.records.received_now(at, job.numbers)
        if self._one_by_one:
            end = self._handle_each(at, job)
        else:
            end = at + sum(self.work.draw(len(messages)))
        self.records.busy_ns += end - at
        self.busy += 1
        job.deadline = at + self.visibility_ns
        beat = self._fleet.heartbeat
        if beat is not None and end > at + round(beat * SECOND_NS):
            self.world.at(at + round(beat * SECOND_NS), self._beat, job)
        elif end >= job.deadline:
            self.will_appear(job.deadline, len(messages))
        self.world.at(end, self._finish, job)

    def _handle_each(self, at: int, job: Job) -> int:
        """Decides how each message of the batch goes. Gives the end of the batch."""
        failed = []
        for position, (number, service) in enumerate(zip(job.numbers, self.work.draw(len(job.numbers)), strict=True)):
            fails = False
            if self._fleet.handler is not None:
                service, fails = self._call(job.messages[position], service)
            took, judged = self.work.attempt(number, at, service)
            if fails or judged:
                failed.append(position)
            self.attempts.add(job.poller, at, at + took, number, fails or judged)
            at += took
        job.failed = failed or None
        return at

    def _call(self, message: dict[str, Any], service: int) -> tuple[int, bool]:
        """The user's function: what it took, and whether it failed."""
        assert self._fleet.handler is not None
        try:
            seconds = self._fleet.handler(message)
        except Exception:  # Whatever it raises is a message that failed.
            return service, True
        return (service if seconds is None else round(seconds * SECOND_NS)), False

    def _beat(self, at: int, job: Job) -> None:
        """Sets the visibility timeout of a batch in work anew."""
        if job.over:
            return
        timeout = self.scenario.visibility_timeout
        self._change_visibility(job.messages, timeout)
        job.deadline = at + timeout * SECOND_NS
        assert self._fleet.heartbeat is not None
        self.world.at(at + round(self._fleet.heartbeat * SECOND_NS), self._beat, job)

    def _finish(self, at: int, job: Job) -> None:
        job.over = True
        self.busy -= 1
        self.invocations += 1
        if job.failed is None:
            self.delete(at, job.messages, job.numbers)
        else:
            self._finish_with_failures(at, job, job.failed)
        if self.world.fifo:
            self.world.deliverable = max(self.world.deliverable, 1)  # A group may have become available.
            self._parked.wake(at)
        self._free(at, job.poller)

    def _finish_with_failures(self, at: int, job: Job, failed: list[int]) -> None:
        good = [position for position in range(len(job.messages)) if position not in failed]
        if good:
            self.delete(at, [job.messages[i] for i in good], [job.numbers[i] for i in good])
        for position in failed:
            self.records.failed(job.numbers[position], self.scenario.max_receive_count)
        if at >= job.deadline:
            return  # They are visible already.
        visible_at = job.deadline
        if self._fleet.retry_after is not None:
            self._change_visibility([job.messages[i] for i in failed], self._fleet.retry_after)
            visible_at = at + self._fleet.retry_after * SECOND_NS
        self.will_appear(visible_at, len(failed))

    def _change_visibility(self, messages: list[dict[str, Any]], timeout: int) -> None:
        entries = [
            {"Id": entry, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": timeout}
            for entry, message in zip(NUMBERS, messages, strict=False)
        ]
        self.world.sqs.change_message_visibility_batch(QueueUrl=self.world.url, Entries=entries)
