"""Whether the policy of a queue lets a topic send to it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["allows_topic"]

_SERVICE = "sns.amazonaws.com"
_ACTION = "sqs:sendmessage"


def allows_topic(policy: str | None, queue_arn: str, topic_arn: str) -> bool:
    """Args:
    policy: The queue's attribute Policy; None for none.

    Returns:
        Whether a statement allows sns.amazonaws.com to send on behalf of the topic, and none denies it.
    """
    if not policy:
        return False
    try:
        statements = _list(json.loads(policy).get("Statement", []))
        effects = {statement.get("Effect") for statement in statements if _applies(statement, queue_arn, topic_arn)}
    except (ValueError, AttributeError, TypeError):
        return False  # No policy that AWS would take.
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: dict[str, Any], queue_arn: str, topic_arn: str) -> bool:
    actions = [str(action).lower() for action in _list(statement.get("Action", []))]
    resources = _list(statement.get("Resource", "*"))
    return (
        _names_us(statement.get("Principal"))
        and any(_like(action, _ACTION) for action in actions)
        and any(_like(str(resource), queue_arn) for resource in resources)
        and all(
            _condition(operator, conditions, topic_arn)
            for operator, conditions in (statement.get("Condition") or {}).items()
        )
    )


def _names_us(principal: Any) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == "*")
    return _SERVICE in _list(principal.get("Service", [])) or "*" in _list(principal.get("AWS", []))


def _condition(operator: str, conditions: dict[str, Any], topic_arn: str) -> bool:
    """Conditions on keys that a topic does not bring do not hold."""
    facts = {"aws:sourcearn": topic_arn, "aws:sourceaccount": topic_arn.split(":")[4]}
    kind = operator.lower().removesuffix("ifexists")
    optional = operator.lower().endswith("ifexists")
    for key, wanted in conditions.items():
        fact = facts.get(key.lower())
        if fact is None:
            if key.lower() == "aws:securetransport":  # Always, between AWS's services.
                fact = "true"
            elif optional:
                continue
            else:
                return False
        if not _holds(kind, fact, [str(value) for value in _list(wanted)]):
            return False
    return True


def _holds(kind: str, fact: str, wanted: list[str]) -> bool:
    if kind in ("arnequals", "arnlike", "stringlike"):
        return any(_like(pattern, fact) for pattern in wanted)
    if kind in ("arnnotequals", "arnnotlike", "stringnotlike"):
        return not any(_like(pattern, fact) for pattern in wanted)
    if kind == "stringequals":
        return fact in wanted
    if kind == "stringnotequals":
        return fact not in wanted
    return kind == "bool" and fact in [value.lower() for value in wanted]


def _like(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
