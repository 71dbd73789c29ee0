"""What is simulated: a queue, what comes into it, who works on it, and what goes wrong.

A Scenario is a value: it can be compared, sent to another process, and changed one parameter at a time.

    scenario = Scenario(workload=Poisson(20), consumers=Fleet(4), service=Exponential(0.15), max_receive_count=5)
    run(scenario)
    run(scenario.replace(visibility_timeout=10, pollers=8))
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localsqs.simulation.draws import Distribution, Exponential
from localsqs.simulation.failures import Failure
from localsqs.simulation.workloads import Groups, Poisson, Workload

__all__ = ["Fleet", "Lambda", "Scenario"]


def _check_range(name: str, value: float, smallest: float, largest: float) -> None:
    if not smallest <= value <= largest:
        raise ValueError(f"{name} must be from {smallest:,} to {largest:,}, not {value!r}")


@dataclass(frozen=True)
class Fleet:
    """A fixed number of pollers, each of which receives, handles one message after the other, and deletes.

    Attributes:
        pollers: How many.
        batch: MaxNumberOfMessages, 1 to 10. What succeeded of a batch is deleted at its end, in one call.
        wait_time: WaitTimeSeconds, 0 to 20. With 0 an empty receive comes back at once (short polling).
        pause: Seconds between an empty receive and the next one.
        retry_after: None: a failed message waits for the end of its visibility timeout. A number of seconds: it is
            given that visibility timeout by ChangeMessageVisibilityBatch at the end of the batch; 0 makes it visible
            at once.
        heartbeat: None, or every how many seconds the visibility timeout of a batch in work is set anew.
        handler: None, or a function that is called with each message, as boto3 gives it. An exception means that the
            message failed; a number is how many seconds it took, and replaces the scenario's service time.
    """

    pollers: int = 1
    batch: int = 1
    wait_time: int = 20
    pause: float = 0.0
    retry_after: int | None = None
    heartbeat: float | None = None
    handler: Callable[[Mapping[str, Any]], float | None] | None = None

    def __post_init__(self) -> None:
        _check_range("pollers", self.pollers, 1, 100_000)
        _check_range("batch", self.batch, 1, 10)
        _check_range("wait_time", self.wait_time, 0, 20)
        if self.wait_time == 0 and self.pause <= 0:
            raise ValueError(
                "short polling (wait_time=0) without a pause would poll for ever at one instant: set pause"
            )
        if self.heartbeat is not None and self.heartbeat <= 0:
            raise ValueError(f"heartbeat must be above 0 seconds, not {self.heartbeat}")


@dataclass(frozen=True)
class Lambda:
    """A Lambda function behind an event source mapping, with the scaling that AWS documents.

    Attributes:
        batch_size: 1 to 10,000 (FIFO: 10).
        window: MaximumBatchingWindowInSeconds, 0 to 300; at least 1 for a batch size above 10.
        maximum_concurrency: ScalingConfig.MaximumConcurrency, 2 to 1,000, or None.
        report_batch_item_failures: The handler reports what failed, and only that comes again. Otherwise it raises at
            the first message that fails, and the whole batch comes again.
        timeout: Of the function, in seconds: an invocation that takes longer ends there, and its batch comes again.
        memory_mb: For the bill.
        overhead: Seconds an invocation takes beside its messages.
        start_concurrency: Concurrent invocations at first.
        scale_per_minute: How many more a minute while messages wait.
        concurrency_max: Where it ends without `maximum_concurrency`.

    The defaults of the last three are AWS's newer documentation; older text says 5, 60 and 1,000.
    """

    batch_size: int = 10
    window: int = 0
    maximum_concurrency: int | None = None
    report_batch_item_failures: bool = False
    timeout: float = 30.0
    memory_mb: int = 128
    overhead: float = 0.0
    start_concurrency: int = 5
    scale_per_minute: int = 300
    concurrency_max: int = 1_250

    def __post_init__(self) -> None:
        _check_range("batch_size", self.batch_size, 1, 10_000)
        _check_range("window", self.window, 0, 300)
        if self.batch_size > 10 and self.window == 0:
            raise ValueError("a batch_size above 10 needs a window of at least 1 second")
        if self.maximum_concurrency is not None:
            _check_range("maximum_concurrency", self.maximum_concurrency, 2, 1_000)
        _check_range("timeout", self.timeout, 1, 900)
        _check_range("memory_mb", self.memory_mb, 128, 10_240)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A queue and all that happens to it.

    Attributes:
        workload: When messages come: Constant, Poisson, Bursts, DailyCurve or Trace.
        consumers: Who handles them: a Fleet or a Lambda.
        service: Seconds that one attempt takes: Fixed, Exponential, LogNormal, Empirical.
        failures: What goes wrong: Poison, Flaky, Outage, SlowDependency.
        seconds: How long the simulation runs. What is in the queue then stays there.
        visibility_timeout: Of the queue, seconds.
        max_receive_count: None: no dead-letter queue. A number: there is one, with this redrive policy.
        retention: MessageRetentionPeriod, seconds, of the queue and of its dead-letter queue.
        delay: DelaySeconds of the queue.
        fifo: A FIFO queue. Without `groups` every message is in one group.
        groups: MessageGroupId of the messages; on a standard queue they make it a fair queue.
        message_bytes: Size of the bodies: a number, a Distribution, or None for a few bytes. The bill counts 64 KiB.
        send_batch: Messages a SendMessageBatch, up to 10; 1 sends each by itself.
        linger: How long a producer waits to fill a batch, seconds.
        seed: All chance is drawn from it. Arrivals, groups, sizes, service times and failures have streams of their
            own, so that two scenarios that differ in one of them share the others.
    """

    workload: Workload = Poisson(1.0)  # noqa: RUF009  # It is frozen.
    consumers: Fleet | Lambda = Fleet()
    service: Distribution = Exponential(0.1)  # noqa: RUF009
    failures: Sequence[Failure] = ()
    seconds: float = 3_600.0
    visibility_timeout: int = 30
    max_receive_count: int | None = None
    retention: int = 345_600
    delay: int = 0
    fifo: bool = False
    groups: Groups | None = None
    message_bytes: int | Distribution | None = None
    send_batch: int = 1
    linger: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.seconds < 10**9:
            raise ValueError(f"seconds must be above 0, not {self.seconds}")
        _check_range("send_batch", self.send_batch, 1, 10)
        if isinstance(self.message_bytes, int):
            _check_range("message_bytes", self.message_bytes, 1, 1_048_576)
        if (
            self.fifo
            and isinstance(self.consumers, Lambda)
            and (self.consumers.batch_size > 10 or self.consumers.window)
        ):
            raise ValueError("a mapping of a FIFO queue has a batch_size of at most 10 and no window")

    def replace(self, **changes: Any) -> Scenario:
        """The same with some parameters changed, those of the workload, the consumers, ... included.

        A name is looked for here, then in `consumers`, `workload`, `groups` and `service`; "workload.rate" says
        where.

        Raises:
            ValueError: If no part, or more than one, has a parameter of this name.
        """
        return _replaced(self, changes)

    def parameter(self, name: str) -> Any:
        """The value of a parameter, named as in `replace`."""
        owner, field = _place(self, name)
        return getattr(self if owner is None else getattr(self, owner), field)


# Where `Scenario.replace` looks, beside the scenario itself.
_PARTS = ("consumers", "workload", "groups", "service")


def _replaced(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    # Whole parts first: pollers=8 may belong to the fleet that consumers=Fleet() brings.
    for whole in (True, False):
        for name, value in changes.items():
            if (name in _PARTS) is not whole:
                continue
            owner, field = _place(scenario, name)
            if owner is not None:
                value = dataclasses.replace(getattr(scenario, owner), **{field: value})
                field = owner
            scenario = dataclasses.replace(scenario, **{field: value})
    return scenario


def _place(scenario: Scenario, name: str) -> tuple[str | None, str]:
    """The part that has a parameter, None for the scenario itself, and the parameter's own name."""
    part, dot, field = name.rpartition(".")
    if not dot:
        if name in _field_names(scenario):
            return None, name
        owners = [each for each in _PARTS if name in _field_names(getattr(scenario, each))]
    else:
        owners = [part] if part in _PARTS and field in _field_names(getattr(scenario, part)) else []
    if len(owners) != 1:
        found = f"it could be {' or '.join(f'{owner}.{name}' for owner in owners)}" if owners else "there is none"
        raise ValueError(f"which parameter is {name!r}? In this scenario {found}")
    return owners[0], field


def _field_names(part: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(part)} if dataclasses.is_dataclass(part) else set()
