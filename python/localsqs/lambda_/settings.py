"""What an event source mapping for a queue is set to, and whether Lambda would take it.

Texts and order of the checks are recorded ones where there are any (shared/spec/around.md, 1.2 and 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from localsqs._service import ServiceError
from localsqs.lambda_.filters import Filters, PatternError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Settings", "invalid"]

BATCH_SIZE_MAX = 10_000
FIFO_BATCH_SIZE_MAX = 10
WINDOW_MAX_S = 300
FILTERS_MAX = 10  # The quota is 5, and can be raised to 10.
PATTERN_CHARACTERS_MAX = 4096
# Members of the API for streams, Kafka and MQ. What they do is nothing that an SQS mapping could do.
NOT_FOR_SQS = (
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "TumblingWindowInSeconds",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)


def invalid(message: str) -> ServiceError:
    """InvalidParameterValueException."""
    return ServiceError("InvalidParameterValueException", message)


@dataclass(frozen=True)
class Settings:
    """Of one mapping. Members that AWS names are named as there.

    Attributes:
        window_s: MaximumBatchingWindowInSeconds.
        report_failures: FunctionResponseTypes holds ReportBatchItemFailures.
        patterns: FilterCriteria; None: not set.
        maximum_concurrency: ScalingConfig.MaximumConcurrency.
        provisioned: ProvisionedPollerConfig as given.
    """

    batch_size: int = 10
    window_s: int = 0
    report_failures: bool = False
    patterns: tuple[str, ...] | None = None
    maximum_concurrency: int | None = None
    provisioned: dict[str, int] | None = None
    metrics: tuple[str, ...] | None = None
    kms_key_arn: str | None = None

    def changed(self, params: dict[str, Any]) -> Settings:
        """These with what a CreateEventSourceMapping or UpdateEventSourceMapping gives.

        Raises:
            ServiceError: If a value is out of its range.
        """
        changes: dict[str, Any] = {}
        for name, read in _READERS.items():
            if name in params:
                changes.update(read(params[name]))
        return replace(self, **changes)

    def check(self, fifo: bool) -> None:
        """The rules between two settings.

        Raises:
            ServiceError: If one is broken.
        """
        if self.batch_size > 10 and self.window_s == 0 and not fifo:
            raise invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
            )
        if fifo and self.batch_size > FIFO_BATCH_SIZE_MAX:
            raise invalid(f"Batch size must be at most {FIFO_BATCH_SIZE_MAX} for a FIFO queue.")
        if fifo and self.window_s:
            raise invalid("Batching window is not supported for FIFO queues.")
        if self.provisioned and self.maximum_concurrency is not None:
            raise invalid("ScalingConfig and ProvisionedPollerConfig cannot be used together.")
        if self.provisioned and self.provisioned.get("MinimumPollers", 2) > self.provisioned.get("MaximumPollers", 200):
            raise invalid("MinimumPollers must not be greater than MaximumPollers.")

    def filters(self) -> Filters | None:
        """None: every message is for the function."""
        return Filters(self.patterns) if self.patterns else None

    def to_aws(self) -> dict[str, Any]:
        """The members of the answers, those that are not set absent."""
        answer: dict[str, Any] = {
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window_s,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if self.report_failures else [],
        }
        if self.patterns:
            answer["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in self.patterns]}
        if self.maximum_concurrency is not None:
            answer["ScalingConfig"] = {"MaximumConcurrency": self.maximum_concurrency}
        if self.provisioned:
            answer["ProvisionedPollerConfig"] = dict(self.provisioned)
        if self.metrics:
            answer["MetricsConfig"] = {"Metrics": list(self.metrics)}
        if self.kms_key_arn:
            answer["KMSKeyArn"] = self.kms_key_arn
        return answer


# --- Reading the parameters: each a function from a value to changed members -----------------------------------------


def _in_range(name: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        limit = "greater" if value < least else "less"
        bound = least if value < least else most
        raise ServiceError(
            "InvalidParameterValueException",
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must have "
            f"value {limit} than or equal to {bound}",
        )
    return value


def _batch_size(value: int) -> dict[str, Any]:
    return {"batch_size": _in_range("batchSize", value, 1, BATCH_SIZE_MAX)}


def _window(value: int) -> dict[str, Any]:
    return {"window_s": _in_range("maximumBatchingWindowInSeconds", value, 0, WINDOW_MAX_S)}


def _response_types(value: list[str]) -> dict[str, Any]:
    if len(value) > 1 or any(item != "ReportBatchItemFailures" for item in value):
        raise invalid("FunctionResponseTypes takes at most one value: ReportBatchItemFailures")
    return {"report_failures": bool(value)}


def _filter_criteria(value: dict[str, Any]) -> dict[str, Any]:
    patterns = tuple(item.get("Pattern", "") for item in value.get("Filters", ()))
    if len(patterns) > FILTERS_MAX:
        raise invalid(f"A mapping has at most {FILTERS_MAX} filters.")
    if any(len(pattern) > PATTERN_CHARACTERS_MAX for pattern in patterns):
        raise invalid(f"A filter pattern has at most {PATTERN_CHARACTERS_MAX} characters.")
    try:
        Filters(patterns)
    except PatternError:
        raise invalid("Invalid filter pattern definition.") from None
    return {"patterns": patterns or None}


def _scaling(value: dict[str, Any]) -> dict[str, Any]:
    maximum = value.get("MaximumConcurrency")
    if maximum is not None:
        _in_range("scalingConfig.maximumConcurrency", maximum, 2, 1000)
    return {"maximum_concurrency": maximum}


def _provisioned(value: dict[str, Any]) -> dict[str, Any]:
    if "PollerGroupName" in value:
        raise invalid("PollerGroupName is not supported for Amazon SQS event sources.")
    if "MinimumPollers" in value:
        _in_range("provisionedPollerConfig.minimumPollers", value["MinimumPollers"], 2, 200)
    if "MaximumPollers" in value:
        _in_range("provisionedPollerConfig.maximumPollers", value["MaximumPollers"], 2, 10_000)
    return {"provisioned": {"MinimumPollers": 2, "MaximumPollers": 200, **value} if value else None}


def _metrics(value: dict[str, Any]) -> dict[str, Any]:
    metrics = tuple(value.get("Metrics", ()))
    if any(metric != "EventCount" for metric in metrics):
        raise invalid("MetricsConfig.Metrics takes EventCount for an Amazon SQS event source.")
    return {"metrics": metrics or None}


def _kms_key(value: str) -> dict[str, Any]:
    return {"kms_key_arn": value or None}


_READERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "BatchSize": _batch_size,
    "MaximumBatchingWindowInSeconds": _window,
    "FunctionResponseTypes": _response_types,
    "FilterCriteria": _filter_criteria,
    "ScalingConfig": _scaling,
    "ProvisionedPollerConfig": _provisioned,
    "MetricsConfig": _metrics,
    "KMSKeyArn": _kms_key,
}
