"""Mapping: one event source mapping, as a program sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localsqs.clock import to_datetime
from localsqs.lambda_.virtual_poller import VirtualPoller

if TYPE_CHECKING:
    from localsqs.engine import Engine
    from localsqs.lambda_.function import Function
    from localsqs.lambda_.invocation import Invocations
    from localsqs.lambda_.real_time import RealTimePoller
    from localsqs.lambda_.report import RunReport
    from localsqs.lambda_.settings import Settings
    from localsqs.lambda_.sink import Sink

__all__ = ["Mapping"]


class Mapping:
    """An event source mapping. Made by `Engine.event_source_mapping` or CreateEventSourceMapping.

    Attributes:
        uuid, arn: Of the mapping; a pipe has no ARN.
        engine: Whose queue it serves.
        queue_arn: Of the queue.
        function_arn: As CreateEventSourceMapping answers it; "" for a pipe.
        tags: Its tags.
        one_group_per_batch: Whether a FIFO receive is split by message group.
    """

    def __init__(
        self,
        engine: Engine,
        uuid: str,
        arn: str,
        queue_arn: str,
        function_arn: str,
        settings: Settings,
        sink: Sink,
        *,
        one_group_per_batch: bool = False,
        tags: dict[str, str] | None = None,
    ) -> None:
        self.uuid = uuid
        self.arn = arn
        self.queue_arn = queue_arn
        self.function_arn = function_arn
        self.tags = dict(tags or {})
        self.one_group_per_batch = one_group_per_batch
        self.modified_ns = engine._agenda.now_ns()
        self.engine = engine
        self._poller: VirtualPoller | RealTimePoller
        if engine._agenda.virtual:
            self._poller = VirtualPoller(engine, queue_arn, settings, sink, one_group_per_batch)
        else:
            from localsqs.lambda_.real_time import RealTimePoller

            self._poller = RealTimePoller(engine, queue_arn, settings, sink, one_group_per_batch)
        engine._agenda.add_actor(self._poller)

    # --- What it did -------------------------------------------------------------------------------------------------

    @property
    def invocations(self) -> Invocations:
        """What was invoked, oldest first: when, with which records, what came back, how it ended."""
        return self._poller.invocations

    @property
    def in_progress(self) -> int:
        """Invocations in progress."""
        return self._poller.in_progress

    @property
    def concurrency(self) -> int:
        """How many batches it may have in progress now."""
        return self._poller.scaling.places

    @property
    def idle(self) -> bool:
        """Whether nothing is in progress and its queue holds no message, in whatever state."""
        return self._poller.idle

    # --- Running it --------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """One thing that can be done now: a receive, with the invocation of what came, or a batch that was waiting.

        Engine time passes only while the handler sleeps.

        Returns:
            False if there was nothing to do.

        Raises:
            RuntimeError: On a SystemClock, where threads do it.
        """
        if not self.engine._agenda.virtual:
            raise RuntimeError("on a clock that passes by itself a mapping works in the background")
        did: list[bool] = []
        self.engine._agenda.run_now(lambda: did.append(self._poller.step()))
        return bool(did and did[0])

    def drain(self, limit: timedelta | None = None) -> RunReport:
        """Runs the engine until this mapping's queue is empty and nothing is in progress.

        Args:
            limit: Of engine time; 14 days if None.
        """
        from localsqs.lambda_.report import recorded

        agenda = self.engine._agenda
        return recorded(self.engine, lambda: agenda.run_until(lambda: self.idle, limit))

    # --- What it is --------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        return self._poller.settings

    @property
    def function(self) -> Function | None:
        """The function it invokes now; None if that was deleted, or a pipe's target is none."""
        return self._poller.sink.function

    @property
    def enabled(self) -> bool:
        return self._poller.enabled

    @property
    def state(self) -> str:
        """ "Enabled" or "Disabled"; a transition takes no time."""
        return "Enabled" if self.enabled else "Disabled"

    def enable(self) -> None:
        """It polls."""
        self._poller.enabled = True
        if not isinstance(self._poller, VirtualPoller):
            self._poller.start()

    def disable(self) -> None:
        """It polls no more; invocations in progress go on. What it has gathered comes back to the queue by itself."""
        self._poller.enabled = False
        self._poller.drop()

    def configure(self, settings: Settings, sink: Sink | None = None, function_arn: str | None = None) -> None:
        """From now on with these settings."""
        if sink is not None:
            self._poller.sink = sink
        if function_arn is not None:
            self.function_arn = function_arn
        self._poller.configure(settings)
        self.modified_ns = self.engine._agenda.now_ns()

    def delete(self) -> None:
        """Ends it, as DeleteEventSourceMapping does."""
        self.engine._service("lambda").forget_mapping(self)

    def _remove(self) -> None:
        self.disable()
        self.engine._agenda.remove_actor(self._poller)

    def _join(self) -> None:
        if not isinstance(self._poller, VirtualPoller):
            self._poller.join()

    def to_aws(self, state: str | None = None) -> dict[str, Any]:
        """What GetEventSourceMapping answers."""
        return {
            "UUID": self.uuid,
            **self.settings.to_aws(),
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": self.queue_arn,
            "FunctionArn": self.function_arn,
            "LastModified": to_datetime(self.modified_ns),
            "State": state or self.state,
            "StateTransitionReason": "USER_INITIATED",
        }

    def __repr__(self) -> str:
        to = self.function_arn.partition(":function:")[2] or "pipe"
        return (
            f"<Mapping {self.queue_arn.rpartition(':')[2]} -> {to}: {self.state}, {len(self.invocations)} invocations>"
        )
