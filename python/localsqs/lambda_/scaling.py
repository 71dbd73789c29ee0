"""How many batches a mapping may have in progress at a time, and how that changes.

Newer and older texts of the Lambda Developer Guide differ (shared/spec/around.md, 1.9):

              at first   growth a minute   at most
    newer     5          300               1,250
    older     5          60                1,000

What AWS does not say is ours: it grows at the end of a minute in which messages waited for a free place and no
invocation failed, is halved, down to two, after one in which invocations failed and none succeeded, and begins anew
after a minute without messages. (AWS may then fall to two.)
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NEWER", "OLDER", "Scaling", "Steps"]

MINUTE_NS = 60_000_000_000
# One SQS poller of provisioned mode runs up to 10 invocations at a time; it scales by 1,000 a minute.
_PROVISIONED_PLACES = 10
_PROVISIONED_GROWTH = 1_000


@dataclass(frozen=True)
class Steps:
    """Figures of on-demand scaling."""

    at_first: int = 5
    growth: int = 300
    at_most: int = 1_250


NEWER = Steps()
OLDER = Steps(growth=60, at_most=1_000)
_LEAST = 2


class Scaling:
    """The places of one mapping.

    Args:
        maximum_concurrency: ScalingConfig.MaximumConcurrency.
        minimum_pollers, maximum_pollers: Of provisioned mode, which is on if the first is given.
        steps: Of the on-demand mode.
    """

    def __init__(
        self,
        maximum_concurrency: int | None = None,
        minimum_pollers: int | None = None,
        maximum_pollers: int | None = None,
        steps: Steps = NEWER,
    ) -> None:
        if minimum_pollers is not None:
            self._least = minimum_pollers * _PROVISIONED_PLACES
            self._most = (maximum_pollers or 200) * _PROVISIONED_PLACES
            self._growth = _PROVISIONED_GROWTH
            self.places = self._least
        else:
            self._most = min(steps.at_most, maximum_concurrency or steps.at_most)
            self._least = min(_LEAST, self._most)
            self._growth = steps.growth
            self.places = min(steps.at_first, self._most)
        self._at_first = self.places
        self._used_ns = 0
        self.wanted_more = False  # In this minute messages waited for a place.
        self._succeeded = False
        self.failing = False  # In this minute an invocation failed.

    def use(self, now_ns: int) -> None:
        """Messages were received."""
        if now_ns - self._used_ns > MINUTE_NS:
            self.places = self._at_first
        self._used_ns = now_ns

    def count(self, succeeded: bool) -> None:
        """An invocation has ended. Reported batch item failures are a success here."""
        if succeeded:
            self._succeeded = True
        else:
            self.failing = True

    def end_minute(self) -> None:
        """Draws the conclusions of a minute."""
        if self.failing and not self._succeeded:
            self.places = max(self._least, self.places // 2)
        elif self.wanted_more and not self.failing:
            self.places = min(self._most, self.places + self._growth)
        self.wanted_more = self._succeeded = self.failing = False
