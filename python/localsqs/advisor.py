"""Says in words what is wrong with a configuration, why, what to do, and where that is written.

    from localsqs import advisor

    print(advisor.advise(engine))                       # all queues and mappings of an engine
    print(advisor.advise(engine, queue="orders"))
    print(advisor.advise(mapping))                      # an event source mapping and its queue
    print(advisor.advise(visibility_timeout=30, handler_seconds=45))      # plain numbers
    print(advisor.advise(engine, queue="orders", handler_seconds=45))     # both

A rule speaks only if it knows what it needs: without `handler_seconds` nobody can say whether a visibility timeout is
long enough. Rules are in `_advisor_rules`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localsqs.engine import Engine

__all__ = ["Advice", "Report", "Setup", "advise"]

_ORDER = ("error", "warning", "note")


@dataclass(frozen=True)
class Advice:
    """One thing that is wrong, or could be better.

    Attributes:
        severity: "error": messages get lost, doubled or stuck; "warning": they will, on a bad day; "note": it costs
            money or time.
        queue: The queue it is about.
        problem: What is so.
        because: What follows.
        instead: What to do.
        source: Where that is written: a page of AWS, and the section of localsqs's specification.
    """

    severity: str
    queue: str
    problem: str
    because: str
    instead: str
    source: str

    def __str__(self) -> str:
        lines = [f"{self.severity}: {self.queue}: {self.problem}", f"  {self.because}", f"  -> {self.instead}"]
        return "\n".join([*lines, f"  ({self.source})"])


class Report(tuple[Advice, ...]):
    """All advice, the gravest first. Empty if there is nothing to say."""

    def __str__(self) -> str:
        return "\n\n".join(str(advice) for advice in self) if self else "Nothing to complain about."

    def __repr__(self) -> str:
        return f"<Report: {len(self)} pieces of advice>"

    def _repr_html_(self) -> str:
        from localsqs._html import table

        if not self:
            return "<p>Nothing to complain about.</p>"
        rows = [(a.severity, a.queue, f"{a.problem} {a.because}", a.instead, a.source) for a in self]
        return table(["", "queue", "what is wrong, and why", "what to do", "source"], rows)


@dataclass(frozen=True)
class Setup:
    """What is known of one queue and its consumers; None where nothing is.

    Attributes:
        queue: The queue's name.
        fifo: Whether it is a FIFO queue.
        visibility_timeout, retention, wait_time: Of the queue, seconds.
        max_receive_count: Of its redrive policy.
        dead_letter_retention: Of its dead-letter queue, seconds.
        has_dead_letter_queue: Whether it has one.
        is_dead_letter_queue: Whether it is one.
        groups: How many message groups are used.
        handler_seconds: How long one message takes, in a bad case (p99).
        rate: Messages a second.
        pollers: How many consumers poll, each taking one batch at a time.
        batch: Messages a batch: MaxNumberOfMessages, or the BatchSize of the mapping.
        mapping: Whether a Lambda mapping consumes it.
        window: MaximumBatchingWindowInSeconds of the mapping.
        function_timeout: Of the function, seconds.
        report_batch_item_failures: Whether the mapping takes partial batch responses.
        maximum_concurrency, reserved_concurrency: Of the mapping, and of the function.
        empty_receives, receives: How many receives brought nothing, and how many there were.
    """

    queue: str = "the queue"
    fifo: bool = False
    visibility_timeout: float | None = None
    retention: float | None = None
    wait_time: float | None = None
    max_receive_count: int | None = None
    dead_letter_retention: float | None = None
    has_dead_letter_queue: bool | None = None
    is_dead_letter_queue: bool = False
    groups: int | None = None
    handler_seconds: float | None = None
    rate: float | None = None
    pollers: int | None = None
    batch: int = 1
    mapping: bool = False
    window: float = 0
    function_timeout: float | None = None
    report_batch_item_failures: bool = False
    maximum_concurrency: int | None = None
    reserved_concurrency: int | None = None
    empty_receives: int | None = None
    receives: int | None = None


def advise(source: Any = None, *, queue: str | None = None, **known: Any) -> Report:
    """What is wrong with a configuration.

    Args:
        source: An engine, a mapping, a simulation's Scenario, a Setup, or None.
        queue: One queue of the engine; all if None.
        **known: Members of Setup: what the source does not know, or another value than it has.

    Returns:
        A Report: iterable, printable, a table in a notebook.

    Raises:
        TypeError: If the source is something else, or a name is no member of Setup.

    Looking at an engine makes one GetQueueAttributes call a queue.
    """
    from localsqs._advisor_rules import RULES

    setups = [dataclasses.replace(setup, **known) for setup in _setups(source, queue)]
    found = [advice for setup in setups for rule in RULES for advice in _as_list(rule(setup))]
    return Report(sorted(found, key=lambda advice: _ORDER.index(advice.severity)))


def _as_list(advice: Advice | None) -> list[Advice]:
    return [] if advice is None else [advice]


def _setups(source: Any, queue: str | None) -> Iterable[Setup]:
    if source is None:
        return [Setup() if queue is None else Setup(queue=queue)]
    if isinstance(source, Setup):
        return [source]
    from localsqs.engine import Engine

    if isinstance(source, Engine):
        return _setups_of_engine(source, queue)
    if hasattr(source, "queue_arn") and hasattr(source, "settings"):
        return [_with_mapping(_setup_of_queue(source.engine, *_place(source.queue_arn)), source)]
    if hasattr(source, "workload"):
        return [_setup_of_scenario(source)]
    raise TypeError(f"an engine, a mapping, a scenario or a Setup is needed, not {type(source).__name__}")


# --- From an engine --------------------------------------------------------------------------------------------------


def _setups_of_engine(engine: Engine, queue: str | None) -> Iterator[Setup]:
    from localsqs import look

    mappings = _mappings(engine)
    for state in look.queues(engine):
        if queue is not None and state.name != queue:
            continue
        setup = _setup_of_queue(engine, state.region, state.account, state.name)
        mine = [mapping for mapping in mappings if mapping.queue_arn == state.arn]
        yield from (_with_mapping(setup, mapping) for mapping in mine)
        if not mine:
            yield setup


def _mappings(engine: Engine) -> list[Any]:
    service = engine._service_in_use("lambda")
    return [] if service is None else list(service.mappings.values())


def _setup_of_queue(engine: Engine, region: str, account: str, name: str) -> Setup:
    import json

    from localsqs import look

    attributes = _attributes(engine, region, account, name)
    states = look.queues(engine)
    arn = attributes["QueueArn"]
    policy = json.loads(attributes.get("RedrivePolicy", "{}"))
    dead = policy.get("deadLetterTargetArn")
    dead_exists = any(state.arn == dead for state in states)
    events = engine.history(queue=arn)
    receives = events.filter(kind="Received"), events.filter(kind="ReceivedNothing")
    return Setup(
        queue=name,
        fifo=attributes.get("FifoQueue") == "true",
        visibility_timeout=int(attributes["VisibilityTimeout"]),
        retention=int(attributes["MessageRetentionPeriod"]),
        wait_time=int(attributes["ReceiveMessageWaitTimeSeconds"]),
        max_receive_count=policy.get("maxReceiveCount"),
        has_dead_letter_queue=dead is not None,
        dead_letter_retention=(
            int(_attributes(engine, *_place(dead))["MessageRetentionPeriod"])
            if dead is not None and dead_exists
            else None
        ),
        is_dead_letter_queue=any(state.dead_letter_arn == arn for state in states),
        groups=_groups(events) if attributes.get("FifoQueue") == "true" else None,
        empty_receives=len(receives[1]),
        receives=len({event.at_ns for event in receives[0]}) + len(receives[1]),
    )


def _groups(events: Any) -> int | None:
    """How many groups were sent to; None if there is too little to tell."""
    sent = events.filter(kind="Sent")
    if len(sent) < 10:
        return None
    return len({event.details.get("message_group_id") for event in sent})


def _attributes(engine: Engine, region: str, account: str, name: str) -> dict[str, str]:
    sqs = engine.client("sqs", region_name=region, aws_account_id=account)
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    attributes: dict[str, str] = dict(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])
    return attributes


def _place(arn: str) -> tuple[str, str, str]:
    """Region, account and name in a queue's ARN."""
    *_, region, account, name = arn.split(":")
    return region, account, name


def _with_mapping(setup: Setup, mapping: Any) -> Setup:
    settings, function = mapping.settings, mapping.function
    return dataclasses.replace(
        setup,
        mapping=True,
        batch=settings.batch_size,
        window=settings.window_s,
        report_batch_item_failures=settings.report_failures,
        maximum_concurrency=settings.maximum_concurrency,
        function_timeout=getattr(function, "timeout", None),
        reserved_concurrency=getattr(function, "reserved_concurrency", None),
    )


# --- From a scenario -------------------------------------------------------------------------------------------------


def _setup_of_scenario(scenario: Any) -> Setup:
    from localsqs.simulation.scenario import Fleet

    consumers = scenario.consumers
    setup = Setup(
        queue="the simulated queue",
        fifo=scenario.fifo,
        visibility_timeout=scenario.visibility_timeout,
        retention=scenario.retention,
        max_receive_count=scenario.max_receive_count,
        has_dead_letter_queue=scenario.max_receive_count is not None,
        dead_letter_retention=scenario.retention if scenario.max_receive_count is not None else None,
        groups=(1 if scenario.groups is None else scenario.groups.count) if scenario.fifo else None,
        rate=scenario.workload.expected(scenario.seconds) / scenario.seconds,
        handler_seconds=_p99(scenario),
    )
    if isinstance(consumers, Fleet):
        return dataclasses.replace(
            setup, wait_time=consumers.wait_time, batch=consumers.batch, pollers=consumers.pollers
        )
    return dataclasses.replace(
        setup,
        mapping=True,
        batch=consumers.batch_size,
        window=consumers.window,
        report_batch_item_failures=consumers.report_batch_item_failures,
        maximum_concurrency=consumers.maximum_concurrency,
        function_timeout=consumers.timeout,
    )


def _p99(scenario: Any) -> float:
    import numpy as np

    return float(np.percentile(scenario.service.draw(np.random.default_rng(0), 10_000), 99))
