"""Poller: receives from a queue, filters, gathers batches, hands them to a sink, deletes what succeeded.

    poller  ->  filter  ->  sink

The rules are those of shared/spec/around.md, 1.6 and 1.9 to 1.12. What becomes of a failed message is the queue's
business: nothing is done to it here, it reappears when its visibility timeout ends.

A state machine without threads and waits. In virtual time it is an actor of the agenda (`virtual_poller`); on a
SystemClock threads of `real_time` call `admit` and `run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localsqs.lambda_.batch import Batch, by_group, split, surely_fit
from localsqs.lambda_.event import RecordMaker
from localsqs.lambda_.invocation import Invocation, Invocations
from localsqs.lambda_.outcome import Outcome
from localsqs.lambda_.partial_response import Verdict, verdict
from localsqs.lambda_.scaling import Scaling

if TYPE_CHECKING:
    from localsqs.engine import Engine
    from localsqs.lambda_.event import Record
    from localsqs.lambda_.settings import Settings
    from localsqs.lambda_.sink import Sink

__all__ = ["Poller", "retry_delay_s"]

# A throttled batch is offered again after these seconds, the last again and again [ours].
_RETRY_SECONDS = (1, 2, 4, 8)
RECEIVE_MAX = 10
_ENTRY_IDS = [str(number) for number in range(RECEIVE_MAX)]
# Successes remembered to recognise duplicates, while faults are on.
_SUCCESSES_MAX = 100_000


def retry_delay_s(attempts: int) -> int:
    """How long a batch waits that was throttled so often."""
    return _RETRY_SECONDS[min(attempts, len(_RETRY_SECONDS)) - 1]


class Poller:
    """See the module.

    Args:
        engine: Whose queue it is.
        queue_arn: Of the queue.
        settings: Of the mapping.
        sink: Where batches go.
        one_group_per_batch: A FIFO receive is split by message group.
    """

    def __init__(
        self, engine: Engine, queue_arn: str, settings: Settings, sink: Sink, one_group_per_batch: bool = False
    ) -> None:
        *_, self.region, self.account, self.queue_name = queue_arn.split(":")
        self.engine = engine
        self.invocations = Invocations()
        self.enabled = False
        self.sink = sink
        self._core = engine._core
        self._agenda = engine._agenda
        self._client: Any = engine.client("sqs", region_name=self.region, aws_account_id=self.account)
        self._service = engine._service("lambda")
        self._counters = self._service.counters
        self._queue_arn = queue_arn
        self._one_group_per_batch = one_group_per_batch
        self._running: dict[Invocation, None] = {}
        self._succeeded: dict[str, None] = {}
        self.url = f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.queue_name}"
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """From now on it works with these."""
        self.settings = settings
        self._filters = settings.filters()
        self._records = RecordMaker(self._queue_arn, settings.window_s > 0)
        provisioned = settings.provisioned or {}
        self.scaling = Scaling(
            settings.maximum_concurrency, provisioned.get("MinimumPollers"), provisioned.get("MaximumPollers")
        )

    @property
    def in_progress(self) -> int:
        """Invocations in progress."""
        return len(self._running)

    # --- The queue ---------------------------------------------------------------------------------------------------

    def counts(self) -> tuple[int, int, int]:
        """Messages visible, in flight, delayed; zeros if there is no such queue."""
        return self._core.queue_counts(self.region, self.account, self.queue_name) or (0, 0, 0)

    def visibility_timeout_s(self) -> float:
        """That of its receives."""
        longer = self._longer_visibility_timeout()
        return longer if longer is not None else self._queue_visibility_timeout()

    def _queue_visibility_timeout(self) -> int:
        times = self._core.queue_times(self.region, self.account, self.queue_name)
        return 30 if times is None else times[0]

    def _longer_visibility_timeout(self) -> int | None:
        """Where window and function may take longer than the queue's visibility timeout (1.9)."""
        window_s = self.settings.window_s
        needed = window_s + self.sink.timeout_s
        if window_s == 0 or needed <= self._queue_visibility_timeout():
            return None
        return min(43_200, int(needed) + 30)

    def receive(self, count: int, wait_s: int = 0) -> list[dict[str, Any]]:
        """One ReceiveMessage, with all attributes. A wait in virtual time would move the clock."""
        keywords: dict[str, Any] = {
            "QueueUrl": self.url,
            "MaxNumberOfMessages": count,
            "WaitTimeSeconds": wait_s,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        longer = self._longer_visibility_timeout() if self.settings.window_s else None
        if longer is not None:
            keywords["VisibilityTimeout"] = longer
        messages: list[dict[str, Any]] = self._client.receive_message(**keywords).get("Messages", [])
        return messages

    def delete(self, handles: list[str]) -> None:
        """DeleteMessageBatch, ten at a time. What fails is delivered again; that is no error."""
        for start in range(0, len(handles), RECEIVE_MAX):
            entries = [
                {"Id": entry_id, "ReceiptHandle": handle}
                for entry_id, handle in zip(_ENTRY_IDS, handles[start : start + RECEIVE_MAX], strict=False)
            ]
            try:
                self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)
            except self._client.exceptions.ClientError:
                return  # The queue is gone.

    # --- From messages to batches ------------------------------------------------------------------------------------

    def admit(self, messages: list[dict[str, Any]]) -> list[Record]:
        """The records of received messages. Those that no filter lets through are deleted at once."""
        make = self._records.record
        records = [make(message) for message in messages]
        filters = self._filters
        if filters is None:
            return records
        admitted = [record for record in records if filters.matches(record)]
        if len(admitted) < len(records):
            kept = {id(record) for record in admitted}
            self._counters.filtered += len(records) - len(admitted)
            self.delete([record["receiptHandle"] for record in records if id(record) not in kept])
        return admitted

    def batches(self, records: list[Record]) -> list[Batch]:
        """The batches of one receive, where there is no batching window."""
        now_ns = self._agenda.now_ns()
        if not self._one_group_per_batch and surely_fit(records):
            return [Batch(records, now_ns)]
        groups = by_group(records) if self._one_group_per_batch else [records]
        return [Batch(part, now_ns) for group in groups for part in split(group)]

    # --- One batch ---------------------------------------------------------------------------------------------------

    def run(self, batch: Batch) -> bool:
        """Hands a batch to the sink, until it has ended. False if it was throttled.

        In virtual time others may have their turns meanwhile.
        """
        batch.attempts += 1
        if not self.sink.begin():
            self._counters.throttles += 1
            self.scaling.count(False)
            return False
        invocation = self._begin(batch)
        try:
            invocation.outcome = self.sink.deliver(invocation.event, invocation.request_id)
        finally:
            self._ended(batch, invocation)
        self._complete(batch, invocation, invocation.outcome)
        return True

    def _begin(self, batch: Batch) -> Invocation:
        event = self.sink.event(batch.records)
        request_id = self._service.new_request_id()
        invocation = Invocation(len(self.invocations), request_id, batch.message_ids, event, self._agenda.now_ns())
        invocation.attempts = batch.attempts
        self.invocations.add(invocation, batch.characters)
        counters = self._counters
        counters.batches += 1
        counters.messages += len(batch.records)
        if batch.again:
            self._count_again(batch.again)
        self._running[invocation] = None
        return invocation

    def _count_again(self, message_ids: list[str]) -> None:
        counters = self._counters
        counters.retries += len(message_ids)
        for message_id in message_ids:
            counters.duplicates += message_id in self._succeeded or any(
                message_id in invocation.message_ids for invocation in self._running
            )

    def _ended(self, batch: Batch, invocation: Invocation) -> None:
        invocation.ended_ns = self._agenda.now_ns()
        del self._running[invocation]

    def _complete(self, batch: Batch, invocation: Invocation, outcome: Outcome) -> None:
        self.scaling.count(outcome.ok)
        judged = self._judged(outcome, batch.message_ids)
        if not judged.failed:
            handles = batch.handles
        else:
            failed = set(judged.failed)
            invocation.failed_ids = tuple([i for i in batch.message_ids if i in failed])
            invocation.invalid_response = judged.invalid
            handles = [handle for i, handle in zip(batch.message_ids, batch.handles, strict=True) if i not in failed]
            if outcome.ok and not judged.invalid:
                self._counters.batch_item_failures += len(failed)
        if handles:
            self._counters.deleted += len(handles)
            self._remember(batch.message_ids, judged.failed)
            self.delete(handles)

    def _judged(self, outcome: Outcome, message_ids: tuple[str, ...]) -> Verdict:
        if not outcome.ok:
            return Verdict(message_ids)
        if not self.settings.report_failures:
            return Verdict(())  # Whatever was returned.
        return verdict(outcome.payload, message_ids)

    def _remember(self, message_ids: tuple[str, ...], failed: Any) -> None:
        """A success that is delivered once more is a duplicate. Only faults and slow handlers make some."""
        if not self._service.duplicates_possible:
            return
        self._succeeded.update(dict.fromkeys(i for i in message_ids if i not in failed))
        while len(self._succeeded) > _SUCCESSES_MAX:
            del self._succeeded[next(iter(self._succeeded))]
