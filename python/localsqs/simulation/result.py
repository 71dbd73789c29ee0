"""What a run gave: arrays, a summary, a bill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from localsqs.costs import Bill, LambdaUsage
from localsqs.simulation.scenario import Fleet, Lambda, Scenario

if TYPE_CHECKING:
    from localsqs.history import History
    from localsqs.simulation._consumers import Consumers
    from localsqs.simulation._records import Records, Series
    from localsqs.simulation._world import World

__all__ = ["Messages", "Result", "Timeline"]


@dataclass(frozen=True)
class Messages:
    """Messages one by one, in the order in which they were sent; every `every`-th of them.

    Instants are seconds from the start of the run, NaN for what has not happened.

    Attributes:
        every: 1: all messages are here. k: every k-th.
        sent: float64, shape (n,). When the send was made.
        first_received: float64, shape (n,).
        done: float64, shape (n,). When it was first handled without failing.
        receives: int64, shape (n,). How often consumers received it.
        group: int64, shape (n,). Its message group, -1 if it has none.
    """

    every: int
    sent: Any
    first_received: Any
    done: Any
    receives: Any
    group: Any

    @property
    def wait(self) -> Any:
        """Seconds from the send to the first receive: float64, shape (n,), NaN if it was not received."""
        return self.first_received - self.sent

    @property
    def latency(self) -> Any:
        """Seconds from the send to the end of its handling: float64, shape (n,), NaN if it was not handled."""
        return self.done - self.sent

    def after(self, seconds: float) -> Messages:
        """Those sent at this second or later: without the time in which a queue that was empty fills."""
        kept = self.sent >= seconds
        columns = (self.sent, self.first_received, self.done, self.receives, self.group)
        return Messages(self.every, *(column[kept] for column in columns))

    def __len__(self) -> int:
        return len(self.sent)


@dataclass(frozen=True)
class Timeline:
    """The state of the queue, once an interval: float64 arrays of shape (n_samples,).

    Attributes:
        time: Seconds from the start of the run.
        visible, in_flight, delayed: Messages in the queue, by state.
        dead: Messages in the dead-letter queue.
        age_of_oldest: Seconds since the oldest message not handled yet was sent; 0 if there is none. Messages that went
            to the dead-letter queue do not count.
        concurrency: Batches being handled.
        sent, received, done, failed, duplicates: Counted from the start; `numpy.diff` gives rates.
    """

    time: Any
    visible: Any
    in_flight: Any
    delayed: Any
    dead: Any
    age_of_oldest: Any
    concurrency: Any
    sent: Any
    received: Any
    done: Any
    failed: Any
    duplicates: Any

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with a column a name, indexed by `time`. Needs pandas."""
        import pandas

        return pandas.DataFrame(vars(self)).set_index("time")


@dataclass(frozen=True)
class Result:
    """The result of a run.

    Attributes:
        scenario: What was simulated.
        messages: Messages one by one, or every k-th.
        timeline: The queue over time.
        sent, received, done: How many messages were sent, received (each time counts) and handled.
        failed: Attempts that failed.
        duplicates: Messages that were handled again after they had been handled.
        dead, expired: Messages in the dead-letter queue at the end, and ended by the retention period.
        left: Messages not handled yet at the end: visible, delayed, or being handled.
        invocations: Batches that were handled.
        busy_seconds: Seconds of work, all consumers together.
        attempts: The first attempts: (consumer, start, end, message number, failed), if they were asked for.
    """

    scenario: Scenario
    messages: Messages
    timeline: Timeline
    sent: int
    received: int
    done: int
    failed: int
    duplicates: int
    dead: int
    expired: int
    left: int
    invocations: int
    busy_seconds: float
    attempts: tuple[tuple[int, float, float, int, bool], ...] = field(repr=False)
    _usage: tuple[dict[str, Any], ...] = field(repr=False)
    _fair_queue_messages: int = field(repr=False)
    _functions: tuple[LambdaUsage, ...] = field(repr=False)
    _history: History | None = field(repr=False, compare=False)

    @classmethod
    def of(cls, scenario: Scenario, world: World, records: Records, series: Series, consumers: Consumers) -> Result:
        """The result of a run that has ended."""
        records.drop_expired(round(scenario.seconds * 1e9))
        usage, fair_queue_messages = world.usage()
        history = world.engine.history() if world.keeps_history else None
        dead = world.counts()[3]
        return cls(
            scenario=scenario,
            messages=_messages(records),
            timeline=Timeline(*(_floats(column) for column in series.columns.values())),
            sent=records.sent_count,
            received=records.receive_count,
            done=records.done_count,
            failed=records.failed_count,
            duplicates=records.duplicate_count,
            dead=dead,
            expired=records.expired_count,
            left=len(records.waiting) + max(records.exhausted_count - dead, 0),
            invocations=consumers.invocations,
            busy_seconds=records.busy_ns / 1e9,
            attempts=tuple(consumers.attempts.rows),
            _usage=tuple(usage),
            _fair_queue_messages=fair_queue_messages,
            _functions=consumers.functions(),
            _history=history,
        )

    @property
    def utilisation(self) -> float:
        """The share of their time in which the pollers of a fleet were busy; NaN for a Lambda."""
        if isinstance(self.scenario.consumers, Lambda):
            return float("nan")
        return self.busy_seconds / (self.scenario.seconds * self.scenario.consumers.pollers)

    def bill(self) -> Bill:
        """What AWS would have billed for this run, taken as all there was in its month."""
        return Bill(self._usage, fair_queue_messages=self._fair_queue_messages, functions=self._functions)

    def cost_per_million(self) -> float:
        """US dollars for a million messages handled, free tiers aside; NaN if none was."""
        return float(self.bill().total_without_free_tier) / self.done * 1e6 if self.done else float("nan")

    def history(self) -> History:
        """The engine's history of the run, if `history_limit` kept one.

        Raises:
            ValueError: If it kept none.
        """
        if self._history is None:
            raise ValueError("the run kept no history: run(..., history_limit=1_000_000)")
        return self._history

    def summary(self) -> dict[str, float]:
        """The result in numbers: counts, seconds, and US dollars for a million messages."""
        wait, latency = _percentiles(self.messages.wait), _percentiles(self.messages.latency)
        age = _percentiles(self.timeline.age_of_oldest)
        return {
            "sent": self.sent,
            "done": self.done,
            "failed_attempts": self.failed,
            "duplicates": self.duplicates,
            "dead": self.dead,
            "expired": self.expired,
            "left": self.left,
            "wait_mean_s": wait["mean"],
            "wait_p50_s": wait["p50"],
            "wait_p99_s": wait["p99"],
            "latency_p50_s": latency["p50"],
            "latency_p99_s": latency["p99"],
            "age_of_oldest_p99_s": age["p99"],
            "age_of_oldest_max_s": age["max"],
            "visible_max": float(np.max(self.timeline.visible)),
            "in_flight_max": float(np.max(self.timeline.in_flight)),
            "concurrency_mean": self.busy_seconds / self.scenario.seconds,
            "requests": self.bill().requests,
            "usd_per_million": self.cost_per_million(),
        }

    def __str__(self) -> str:
        lines = [f"{_title(self.scenario)}"]
        lines += [f"  {name:<22}{_shown(value):>14}" for name, value in self.summary().items()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Result: {self.sent:,} sent, {self.done:,} handled, {self.dead:,} dead, {self.left:,} left>"

    def _repr_html_(self) -> str:
        from localsqs._html import facts

        words = {name: name.replace("_", " ").removesuffix(" s") for name in self.summary()}
        units = {name: " (s)" if name.endswith("_s") else "" for name in words}
        pairs = [(words[name] + units[name], _shown(value)) for name, value in self.summary().items()]
        return facts(pairs, caption=_title(self.scenario))


def _messages(records: Records) -> Messages:
    rows = -(-records.sent_count // records.every) if records.every else 0
    floats = (_floats(column)[:rows] for column in (records.sent, records.first_received, records.done))
    integers = (
        np.frombuffer(column, dtype=np.int32)[:rows].astype(np.int64) for column in (records.receives, records.group)
    )
    return Messages(records.every, *floats, *integers)


def _floats(column: Any) -> Any:
    return np.array(column, dtype=np.float64)


def _percentiles(values: Any) -> dict[str, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return dict.fromkeys(("mean", "p50", "p99", "max"), float("nan"))
    p50, p99 = np.percentile(known, (50, 99))
    return {"mean": float(known.mean()), "p50": float(p50), "p99": float(p99), "max": float(known.max())}


def _title(scenario: Scenario) -> str:
    consumers = scenario.consumers
    if isinstance(consumers, Fleet):
        who = f"{consumers.pollers} poller{'s' if consumers.pollers > 1 else ''}, batch {consumers.batch}"
    else:
        who = f"Lambda, batch size {consumers.batch_size}"
    return f"{scenario.seconds:,.0f} s of a {'FIFO' if scenario.fifo else 'standard'} queue, {who}"


def _shown(value: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:,.0f}" if value == int(value) or value >= 10_000 else f"{value:.4g}"
