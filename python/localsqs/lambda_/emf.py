"""Metrics that handlers print: lines in CloudWatch's embedded metric format (EMF), as CloudWatch Logs takes them up.

    for sample in samples_in(outcome.log):
        sample.namespace, sample.name, sample.dimensions, sample.values, sample.unit

A line counts if it is one JSON object with `_aws.CloudWatchMetrics`, whoever printed it: Powertools' Metrics,
aws-embedded-metrics, a plain print. Each directive gives each metric once for each of its dimension sets. A directive
that names a dimension or metric which the line lacks is skipped, and so is one that breaks the format's limits; nothing
here raises for what a handler prints.

Source: CloudWatch User Guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localsqs.engine import Engine

__all__ = ["Sample", "publish", "samples_in"]

VALUES_MAX = 100
METRICS_MAX = 100
DIMENSIONS_MAX = 30
VALUE_MAX = 2.0**360


class Sample(NamedTuple):
    """The values of one metric in one line.

    Attributes:
        dimensions: Name -> value, in the order of the directive.
        values: One or more; at most 100.
        unit: CloudWatch's word, "None" if the line has none.
        resolution_s: 60, or 1 for a high-resolution metric.
        timestamp_ms: What the line says, in milliseconds since the Unix epoch; None if it says nothing usable.
    """

    namespace: str
    name: str
    dimensions: dict[str, str]
    values: list[float]
    unit: str
    resolution_s: int
    timestamp_ms: int | None


def publish(engine: Engine, log: str, region: str, account: str) -> None:
    """Hands the metrics in a log to the engine's CloudWatch.

    On a clock that is moved by hand they count as of now: handlers stamp them with the time of day.
    """
    from localsqs.clock import SystemClock

    if '"_aws"' not in log:
        return
    cloudwatch: Any = engine._service("cloudwatch")
    now_ns = engine.clock.now_ns()
    is_real_time = isinstance(engine.clock, SystemClock)
    for sample in samples_in(log):
        at_ns = sample.timestamp_ms * 1_000_000 if is_real_time and sample.timestamp_ms is not None else now_ns
        cloudwatch.put(
            sample.namespace,
            sample.name,
            sample.dimensions,
            sample.values,
            sample.unit,
            at_ns,
            region=region,
            account=account,
        )


def samples_in(log: str) -> Iterator[Sample]:
    """The metrics in a log, in its order."""
    if '"_aws"' not in log:
        return
    for line in log.splitlines():
        if '"_aws"' in line:
            yield from _samples_of(_object(line))


def _object(line: str) -> dict[str, Any]:
    try:
        root = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return root if isinstance(root, dict) else {}


def _samples_of(root: dict[str, Any]) -> Iterator[Sample]:
    about = root.get("_aws")
    if not isinstance(about, dict) or not isinstance(about.get("CloudWatchMetrics"), list):
        return
    timestamp: Any = about.get("Timestamp")
    timestamp_ms = int(timestamp) if _is_number(timestamp) else None
    for directive in about["CloudWatchMetrics"]:
        try:
            samples = list(_samples_of_directive(directive, root, timestamp_ms))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # It names what is not there, or is no directive.
        yield from samples


def _samples_of_directive(directive: Any, root: dict[str, Any], timestamp_ms: int | None) -> Iterator[Sample]:
    namespace = _text(directive["Namespace"])
    metrics = directive["Metrics"]
    if not isinstance(metrics, list) or len(metrics) > METRICS_MAX:
        raise ValueError(metrics)
    for names in directive.get("Dimensions") or [[]]:
        if not isinstance(names, list) or len(names) > DIMENSIONS_MAX:
            raise ValueError(names)
        dimensions = {name: _text(root[name]) for name in names}
        for metric in metrics:
            name = _text(metric["Name"])
            resolution_s = 1 if metric.get("StorageResolution") == 1 else 60
            unit = metric.get("Unit") or "None"
            yield Sample(namespace, name, dimensions, _values(root[name]), _text(unit), resolution_s, timestamp_ms)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _values(target: Any) -> list[float]:
    values = target if isinstance(target, list) else [target]
    if not 0 < len(values) <= VALUES_MAX or not all(map(_is_number, values)):
        raise ValueError(target)
    return [float(value) for value in values]


def _is_number(value: Any) -> bool:
    """As CloudWatch takes it: from -2^360 to 2^360, no NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -VALUE_MAX <= value <= VALUE_MAX
