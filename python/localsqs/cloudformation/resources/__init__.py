"""The resource types, a module for each service, and `resource_type`, which finds one by its name."""

from __future__ import annotations

from functools import cache

from localsqs.cloudformation.resources.base import ResourceType

__all__ = ["ResourceType", "is_known", "resource_type"]


def resource_type(name: str) -> ResourceType:
    """The type with this name; a placeholder, which makes nothing, if localsqs does not have it."""
    from localsqs.cloudformation.resources.placeholders import Placeholder

    return _types().get(name) or Placeholder(name)


def is_known(name: str) -> bool:
    """Whether localsqs has the type, or may skip it without a word."""
    return name in _types()


def names() -> list[str]:
    """The types that localsqs has, for hints."""
    return list(_types())


@cache
def _types() -> dict[str, ResourceType]:
    from localsqs.cloudformation.resources import cloudwatch, lambda_, placeholders, sns, sqs

    types: list[ResourceType] = [
        sqs.Queue(),
        sqs.QueuePolicy(),
        sqs.QueueInlinePolicy(),
        sns.Topic(),
        sns.Subscription(),
        sns.TopicPolicy(),
        cloudwatch.Alarm(),
        lambda_.Function(),
        lambda_.EventSourceMapping(),
        lambda_.Version(),
        lambda_.Alias(),
    ]
    types += placeholders.silent_placeholders()
    return {each.type_name: each for each in types}
