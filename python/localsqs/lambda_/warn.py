"""Warnings about what will not go well on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localsqs import _warn

if TYPE_CHECKING:
    from localsqs.engine import Engine
    from localsqs.lambda_.function import Function
    from localsqs.lambda_.settings import Settings

__all__ = ["LambdaWarning", "warn", "warn_of_settings"]

# AWS's advice (Lambda Developer Guide, "Using Lambda with Amazon SQS").
_VISIBILITY_FACTOR = 6
_RECEIVES_LEAST = 5


class LambdaWarning(UserWarning):
    """Something will not go well on AWS. `warnings.filterwarnings("ignore", category=LambdaWarning)` silences it."""


def warn_of_settings(engine: Engine, queue_arn: str, function: Function, settings: Settings) -> None:
    """A new mapping against AWS's advice. One warning for each mapping and advice."""
    *_, region, account, name = queue_arn.split(":")
    visibility_s, receives = engine._core.queue_times(region, account, name) or (0, None)
    advised_s = _VISIBILITY_FACTOR * function.timeout + settings.window_s
    if visibility_s < advised_s:
        warn(
            f"queue {name}: its visibility timeout of {visibility_s} s is less than the {advised_s:g} s that AWS "
            f"advises for {function.name} ({_VISIBILITY_FACTOR} x function timeout + batching window): a batch that is "
            "retried after throttles may be delivered twice"
        )
    if receives is not None and receives < _RECEIVES_LEAST:
        warn(
            f"queue {name}: maxReceiveCount {receives} is less than the {_RECEIVES_LEAST} that AWS advises: throttles "
            "count as receives, so good messages may end in the dead-letter queue"
        )
    _warn_of_filters(name, settings)


def _warn_of_filters(queue_name: str, settings: Settings) -> None:
    from localsqs.lambda_.filters import other_keys

    filters = settings.filters()
    others = other_keys(filters.patterns) if filters is not None else []
    if others:
        warn(
            f"queue {queue_name}: filter patterns for {', '.join(others)}: AWS documents filtering on body only for "
            "Amazon SQS"
        )


def warn(text: str) -> None:
    """A LambdaWarning where our caller's code is."""
    _warn.warn(text, LambdaWarning)
