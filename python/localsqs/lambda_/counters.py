"""What happened in an engine's mappings and functions, counted."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["Counters"]


@dataclass(slots=True)
class Counters:
    """Since the engine was made, or the difference of two of these.

    Attributes:
        invocations: Of functions, direct ones included; throttled ones did not take place.
        errors: Of these, those that failed.
        throttles: Attempts refused for reserved concurrency.
        batches: Handed to functions and pipes by mappings.
        messages: In these batches.
        retries: Of these, messages that had been received before.
        duplicates: Of these, messages that an earlier invocation had handled already, or was still at work on.
        batch_item_failures: Messages that a partial batch response reported.
        filtered: Messages that no filter let through.
        deleted: Messages that mappings deleted after success.
        mb_ms: Memory times billed duration.
    """

    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    batches: int = 0
    messages: int = 0
    retries: int = 0
    duplicates: int = 0
    batch_item_failures: int = 0
    filtered: int = 0
    deleted: int = 0
    mb_ms: int = 0

    def copy(self) -> Counters:
        return Counters(*(getattr(self, field.name) for field in fields(self)))

    def since(self, before: Counters) -> Counters:
        """What came in addition."""
        return Counters(*(getattr(self, field.name) - getattr(before, field.name) for field in fields(self)))

    @property
    def gb_seconds(self) -> float:
        """1 GB is 1,024 MB here, as on the bill."""
        return self.mb_ms / 1024 / 1000
