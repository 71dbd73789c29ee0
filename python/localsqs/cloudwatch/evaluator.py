"""The alarms of an engine, evaluated at each full minute of its clock, and their history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakMethod

from localsqs.clock import ManualClock, to_datetime
from localsqs.cloudwatch.actions import StateChange, perform
from localsqs.cloudwatch.alarms import Alarm, Evaluated, iso, reason_data, reason_text
from localsqs.cloudwatch.evaluation import decide, range_length
from localsqs.cloudwatch.metrics import MINUTE_NS, SECOND_NS, Metrics
from localsqs.cloudwatch.queries import run
from localsqs.cloudwatch.store import MetricId, dimension_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import RLock

    from localsqs._agenda import Entry
    from localsqs.engine import Engine

__all__ = ["AlarmBook", "HistoryItem"]

_HISTORY_MAX = 10_000
_LOOK_AHEAD_NS = 1440 * MINUTE_NS


class HistoryItem(NamedTuple):
    """A line of DescribeAlarmHistory. `kind` is ConfigurationUpdate, StateUpdate or Action."""

    alarm: Alarm
    at_ns: int
    kind: str
    summary: str
    data: str


class AlarmBook:
    """Holds the alarms and evaluates them.

    An evaluation at a full minute looks at data before it alone, so it gives the same whenever it is made up for.
    `lock` is the service's: held while states change, not while actions are performed.
    """

    def __init__(self, engine: Engine, metrics: Metrics, lock: RLock) -> None:
        self._engine = engine
        self._metrics = metrics
        self._lock = lock
        self.alarms: dict[tuple[str, str, str], Alarm] = {}
        self.history: list[HistoryItem] = []
        self._evaluated_ns = 0  # Up to here, a full minute.
        self._saw_data = False  # In this evaluation.
        self._silent = False  # The last one saw none, and nothing changed.
        self._entry: Entry | None = None
        self._joined = False
        self._acting = False

    # --- Alarms ------------------------------------------------------------------------------------------------------

    def put(self, alarm: Alarm) -> None:
        """Adds an alarm, or replaces the configuration of the one with its name."""
        now_ns = self._engine.clock.now_ns()
        if not self.alarms:
            self._evaluated_ns = now_ns // MINUTE_NS * MINUTE_NS
            self._join_clock()
        self._silent = False
        key = (alarm.region, alarm.account, alarm.name)
        known = self.alarms.get(key)
        if known is None:
            alarm.state_updated_ns = alarm.state_transitioned_ns = now_ns
            self.alarms[key] = alarm
            self._note(alarm, now_ns, "ConfigurationUpdate", f'Alarm "{alarm.name}" created', {"type": "Create"})
        else:
            known.config, known.configured_ns = alarm.config, alarm.configured_ns
            self._note(known, now_ns, "ConfigurationUpdate", f'Alarm "{alarm.name}" updated', {"type": "Update"})
        self._schedule()

    def delete(self, alarm: Alarm) -> None:
        del self.alarms[(alarm.region, alarm.account, alarm.name)]
        text = f'Alarm "{alarm.name}" deleted'
        self._note(alarm, self._engine.clock.now_ns(), "ConfigurationUpdate", text, {"type": "Delete"})
        if not self.alarms and self._entry is not None:
            self._entry.cancel()
            self._entry = None

    def set_state(self, alarm: Alarm, state: str, reason: str, data: str | None) -> None:
        """A state until the next evaluation, with its actions."""
        self._silent = False
        change = self._change(alarm, state, reason, data, self._engine.clock.now_ns())
        if change is not None:
            self._perform([change])

    # --- Evaluating --------------------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Makes up for every full minute up to now. Actions of each minute follow it at once."""
        if self._acting:
            return  # Asked by an action; the evaluation goes on when it is done.
        with self._lock:
            now_ns = self._engine.clock.now_ns() // MINUTE_NS * MINUTE_NS
            while self.alarms and self._evaluated_ns < now_ns:
                self._evaluated_ns += MINUTE_NS
                self._saw_data = False
                changes = list(self._evaluate_at(self._evaluated_ns))
                self._perform(changes)
                self._silent = not changes and not self._saw_data
                if self._silent:
                    self._pass_silence(now_ns)

    def _evaluate_at(self, at_ns: int) -> Iterator[StateChange]:
        for alarm in list(self.alarms.values()):
            if alarm.configured_ns < at_ns:
                change = self._evaluate_alarm(alarm, at_ns)
                if change is not None:
                    yield change
            else:
                self._saw_data = True  # Nobody knows yet.

    def _pass_silence(self, now_ns: int) -> None:
        """Where no alarm has data, and none changes for that, nothing happens until there is some."""
        end_ns = min(now_ns, self._evaluated_ns + _LOOK_AHEAD_NS)
        for alarm in self.alarms.values():
            if "Metrics" in alarm.config:
                return  # Expressions may make data of nothing.
            data = self._metrics.read(self._metrics.checked(_metric_of(alarm)), self._evaluated_ns, end_ns)
            if data:
                end_ns = min(end_ns, data[0][0] // MINUTE_NS * MINUTE_NS)
        self._evaluated_ns = max(self._evaluated_ns, end_ns)

    def _evaluate_alarm(self, alarm: Alarm, at_ns: int) -> StateChange | None:
        n = alarm.evaluation_periods
        length = range_length(n)
        period_ns = alarm.period_s * SECOND_NS
        points = self._points(alarm, at_ns - length * period_ns, at_ns)
        self._saw_data = self._saw_data or any(point is not None for point in points)
        breaching = [None if point is None else alarm.breaches(point.value) for point in points]
        state = decide(breaching, n, alarm.datapoints_to_alarm, alarm.missing)
        if state is None or state == alarm.state:
            return None
        known = [point for point in points if point is not None][-n:]
        reason = reason_text(alarm, state, known, n - len(known))
        return self._change(alarm, state, reason, reason_data(alarm, known, at_ns), at_ns)

    def _points(self, alarm: Alarm, start_ns: int, end_ns: int) -> list[Evaluated | None]:
        """The evaluation range, oldest first; None where there is no data."""
        if "Metrics" in alarm.config:
            found = self._expression_points(alarm, start_ns, end_ns)
        else:
            found = self._metric_points(alarm, start_ns, end_ns)
        return [found.get(at_ns) for at_ns in range(start_ns, end_ns, alarm.period_s * SECOND_NS)]

    def _metric_points(self, alarm: Alarm, start_ns: int, end_ns: int) -> dict[int, Evaluated]:
        metric, unit = self._metrics.checked(_metric_of(alarm)), alarm.config.get("Unit")
        periods = self._metrics.periods(metric, start_ns, end_ns, alarm.period_s, unit)
        values = ((at_ns, summary, summary.statistic(alarm.statistic)) for at_ns, summary in periods.items())
        return {at_ns: Evaluated(at_ns, float(v), summary.count) for at_ns, summary, v in values if v is not None}

    def _expression_points(self, alarm: Alarm, start_ns: int, end_ns: int) -> dict[int, Evaluated]:
        results = run(self._metrics, alarm.region, alarm.account, alarm.config["Metrics"], start_ns, end_ns)
        return {at_ns: Evaluated(at_ns, value, 1.0) for at_ns, value in results[0].series.items()} if results else {}

    # --- Changing ----------------------------------------------------------------------------------------------------

    def _change(self, alarm: Alarm, state: str, reason: str, data: str | None, at_ns: int) -> StateChange | None:
        """Sets the state. None if it was that already: then nobody is told."""
        old = alarm.state
        old_said = {"stateValue": old, "stateReason": alarm.state_reason}
        alarm.state, alarm.state_reason, alarm.state_data = state, reason, data
        alarm.state_updated_ns = at_ns
        if state == old:
            return None
        alarm.state_transitioned_ns = at_ns
        new_said = {"stateValue": state, "stateReason": reason}
        if data is not None:
            new_said["stateReasonData"] = json.loads(data) if data.startswith("{") else data
        summary = f"Alarm updated from {old} to {state}"
        said = {"version": "1.0", "oldState": old_said, "newState": new_said}
        self._note(alarm, at_ns, "StateUpdate", summary, said)
        return StateChange(alarm, old, at_ns)

    def _perform(self, changes: list[StateChange]) -> None:
        self._acting = True
        try:
            for change in changes:
                for action in change.actions:
                    self._perform_one(change, action)
        finally:
            self._acting = False

    def _perform_one(self, change: StateChange, action: str) -> None:
        # Others' code: a topic delivers to queues, a function may call us again from another thread.
        depth = _release_all(self._lock)
        try:
            failure = perform(self._engine, change, action)
        finally:
            for _ in range(depth):
                self._lock.acquire()
        said = {"actionState": "Failed" if failure else "Succeeded", "notificationResource": action}
        said |= {"stateUpdateTimestamp": iso(to_datetime(change.at_ns))}
        if failure:
            said["error"] = failure
        summary = f"{'Failed to execute' if failure else 'Successfully executed'} action {action}"
        self._note(change.alarm, change.at_ns, "Action", summary, said)

    def _note(self, alarm: Alarm, at_ns: int, kind: str, summary: str, data: dict[str, Any]) -> None:
        self.history.append(HistoryItem(alarm, at_ns, kind, summary, json.dumps(data, separators=(",", ":"))))
        del self.history[:-_HISTORY_MAX]

    # --- On the clock -------------------------------------------------------------------------------------------------

    def _join_clock(self) -> None:
        """`clock.advance` stops at full minutes from now on, so that actions are performed at their own instants."""
        clock = self._engine.clock
        if isinstance(clock, ManualClock) and not self._joined:
            self._joined = True
            clock._on_the_way.append(WeakMethod(self._go_to))

    def _go_to(self, target_ns: int) -> None:
        """Moves the clock through the full minutes before an instant, and evaluates at each."""
        while self.alarms and not self._acting and not self._engine.closed:
            self.evaluate()
            next_ns = self._evaluated_ns + MINUTE_NS
            if self._silent:
                # Only what the engine does by itself could end the silence.
                event_ns = self._engine._core.next_event_ns()
                until_ns = target_ns if event_ns is None else min(event_ns, target_ns)
                next_ns = max(next_ns, -(-until_ns // MINUTE_NS) * MINUTE_NS)
            if next_ns > target_ns:
                return
            self._engine.clock.move_to_ns(next_ns)

    # --- On the agenda -----------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        """The next full minute, if there is no entry for it yet."""
        if self._entry is not None or not self.alarms:
            return
        now_ns = self._engine.clock.now_ns()
        next_ns = now_ns // MINUTE_NS * MINUTE_NS + MINUTE_NS
        self._entry = self._engine._agenda.at(next_ns, self._on_minute, background=True)

    def _on_minute(self) -> None:
        self._entry = None
        self.evaluate()
        self._schedule()


def _metric_of(alarm: Alarm) -> MetricId:
    config = alarm.config
    dimensions = dimension_key(config.get("Dimensions", []))
    return MetricId(alarm.region, alarm.account, config["Namespace"], config["MetricName"], dimensions)


def _release_all(lock: RLock) -> int:
    """Lets go of the lock, however often this thread holds it; returns how often."""
    depth = 0
    while True:
        try:
            lock.release()
        except RuntimeError:
            return depth
        depth += 1
