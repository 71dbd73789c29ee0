"""Filter policies: which messages a subscription wants (around.md 4.4).

The operators are those of event patterns (localsqs.lambda_.patterns), fewer of them, with limits and error texts of
their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.patterns import Pattern, PatternError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FilterPolicy", "FilterPolicyError"]

_KEYS_MAX = 5
_COMBINATIONS_MAX = 150
_BYTES_MAX = 256 * 1024
_TEXT_OPERATORS = ("prefix", "suffix", "equals-ignore-case", "cidr")
_OPERATORS = (*_TEXT_OPERATORS, "anything-but", "exists", "numeric")
_COMPARISONS = ("=", "<", "<=", ">", ">=")


class FilterPolicyError(ValueError):
    """What is wrong with a policy, in SNS's words, without their prefix."""


class FilterPolicy:
    """A compiled policy.

    Args:
        text: Its JSON.
        scope: "MessageAttributes" or "MessageBody".

    Raises:
        FilterPolicyError: If it is none.
    """

    def __init__(self, text: str, scope: str) -> None:
        self.scope = scope
        tree = _parsed(text)
        try:
            _check_tree(tree, nested=scope == "MessageBody")
        except RecursionError:
            raise FilterPolicyError("Filter policy is too complex") from None
        if len(tree) > _KEYS_MAX:
            raise FilterPolicyError(f"Filter policy can not have more than {_KEYS_MAX} keys")
        if _combinations(tree, 1) > _COMBINATIONS_MAX:
            raise FilterPolicyError("Filter policy is too complex")
        # An empty policy wants everything; for a pattern it is an error.
        try:
            self._pattern = Pattern(tree) if tree else None
        except PatternError as error:
            raise FilterPolicyError(str(error)) from None

    def matches(self, text: str, attributes: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether a message, with its message attributes, is wanted."""
        if self._pattern is None:
            return True
        if self.scope == "MessageAttributes":
            return self._pattern.matches(dict(_attribute_values(attributes)))
        try:
            body = json.loads(text)
            return isinstance(body, dict) and self._pattern.matches(body)
        except (ValueError, RecursionError):
            return False


def _attribute_values(attributes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Attributes as a pattern sees them. Those that are no use to it are left out, as if they were not there."""
    for name, attribute in attributes.items():
        kind, value = attribute["DataType"], attribute.get("StringValue")
        if kind.startswith("Binary") or value is None:
            continue
        if kind != "String.Array" and not kind.startswith("Number"):
            yield name, value
            continue
        try:
            parsed = json.loads(value)
        except ValueError:
            continue
        if kind != "String.Array" or isinstance(parsed, list):
            yield name, parsed


# --- Checks ----------------------------------------------------------------------------------------------------------


def _parsed(text: str) -> dict[str, Any]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterPolicyError(f"failed to parse JSON. {error}") from None
    if not isinstance(tree, dict):
        raise FilterPolicyError("failed to parse JSON. Filter policy must be an object")
    if len(text.encode()) > _BYTES_MAX:
        raise FilterPolicyError("Filter policy is too large")
    return tree


def _check_tree(tree: dict[str, Any], nested: bool) -> None:
    for key, value in tree.items():
        if key == "$or" and isinstance(value, list) and all(isinstance(branch, dict) for branch in value):
            for branch in value:
                _check_tree(branch, nested)
        elif isinstance(value, dict):
            if not nested:
                raise FilterPolicyError("Filter policy scope MessageAttributes does not support nested filter policy")
            _check_tree(value, nested)
        elif isinstance(value, list):
            _check_leaf(value)
        else:
            raise FilterPolicyError(f'"{key}" must be an object or an array')


def _check_leaf(items: list[Any]) -> None:
    if not items:
        raise FilterPolicyError("Empty arrays are not allowed")
    for item in items:
        if isinstance(item, list):
            raise FilterPolicyError("Match value must be String, number, true, false, or null")
        if isinstance(item, dict):
            if len(item) != 1:
                raise FilterPolicyError("Only one key allowed in match expression")
            ((name, operand),) = item.items()
            _check_operator(name, operand)


def _check_operator(name: str, operand: Any) -> None:
    if name not in _OPERATORS:
        raise FilterPolicyError(f"Unrecognized match type {name}")
    if name in _TEXT_OPERATORS and not isinstance(operand, str):
        raise FilterPolicyError(f"{name} match pattern must be a string")
    if name == "exists" and not isinstance(operand, bool):
        raise FilterPolicyError("exists match pattern must be either true or false.")
    if name == "numeric":
        _check_numeric(operand)
    if name == "anything-but" and isinstance(operand, dict):
        for pattern, value in operand.items():
            if pattern != "prefix":
                raise FilterPolicyError(f"Unsupported anything-but pattern: {pattern}")
            if not isinstance(value, str):
                raise FilterPolicyError("prefix match pattern must be a string")


def _check_numeric(operand: Any) -> None:
    if not isinstance(operand, list) or not operand:
        raise FilterPolicyError("Invalid member in numeric match: ]")
    for name, bound in zip(operand[::2], [*operand[1::2], None], strict=False):
        if name not in _COMPARISONS:
            raise FilterPolicyError(f"Unrecognized numeric range operator: {name}")
        if isinstance(bound, bool) or not isinstance(bound, (int, float)):
            raise FilterPolicyError(f"Value of {'equals' if name == '=' else name} must be numeric")
    if len(operand) == 4 and operand[1] >= operand[3]:
        raise FilterPolicyError("Bottom must be less than top")
    if len(operand) > 4:
        raise FilterPolicyError("Too many elements in numeric expression")


def _combinations(tree: dict[str, Any], depth: int) -> int:
    """The product over the lists of their lengths times their depths; branches of `$or` add."""
    total = 1
    for key, value in tree.items():
        if key == "$or" and isinstance(value, list):
            total *= max(sum(_combinations(branch, depth) for branch in value if isinstance(branch, dict)), 1)
        elif isinstance(value, dict):
            total *= _combinations(value, depth + 1)
        else:
            total *= len(value) * depth
    return total
