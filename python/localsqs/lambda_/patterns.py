"""Event patterns: the language of EventBridge rules, filter criteria of mappings, and pipes.

    pattern = compile_pattern('{"body": {"total": [{"numeric": [">", 100]}]}}')
    pattern.matches({"body": {"total": 120}})            # True

Keys are ANDed, the items of a list ORed. The operators and their fine points are those of AWS's documentation and of
recordings of its pattern tester (shared/spec/around.md, 1.6); tests/lambda_tables/patterns.txt holds them as a table.
(PyPI's event-ruler, last released in 2023-12, was looked at first: it is no longer kept.)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.pattern_operators import OPERATORS, PatternError, Test, equals, exists

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Pattern", "PatternError", "compile_pattern"]

_MISSING = object()


def compile_pattern(text: str) -> Pattern:
    """A pattern from its JSON text.

    Raises:
        PatternError: If it is no JSON, no object, or breaks the language's rules.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PatternError(f"no JSON: {error}") from None
    return Pattern(tree)


class Pattern:
    """A compiled pattern.

    Args:
        tree: The pattern as a JSON value.
    """

    def __init__(self, tree: Any) -> None:
        if not isinstance(tree, dict):
            raise PatternError("a pattern is an object")
        self.tree = tree
        self._root = Node(tree)

    @property
    def keys(self) -> list[str]:
        """Its first keys, those of `$or` included."""
        return list(self._root.first_keys())

    def part(self, key: str) -> Node | Leaf | None:
        """What it asks of one of its first keys, if `$or` does not come into it."""
        return self._root.parts.get(key)

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether an event, as a JSON value, matches."""
        return self._root.matches([_nested(event)])


class Leaf:
    """A list of values and operators, of which one must match."""

    def __init__(self, items: list[Any]) -> None:
        if not items:
            raise PatternError("a list must not be empty")
        self._tests = [_test(item) for item in items]

    def matches(self, candidates: list[dict[str, Any]], key: str, candidate: dict[str, Any]) -> bool:
        """Args: what lies side by side in an array, the key, and the one of them that is looked at."""
        values = list(_scalars(candidate.get(key, _MISSING)))
        for test in self._tests:
            if test is exists.absent:
                if not any(True for other in candidates for _ in _scalars(other.get(key, _MISSING))):
                    return True
            elif any(test(value) for value in values):
                return True
        return False

    def matches_value(self, value: Any) -> bool:
        """The same for one value that is there."""
        return any(test is not exists.absent and test(value) for test in self._tests)


class Node:
    """An object of patterns, which must all match, in one and the same element where the data has an array."""

    def __init__(self, tree: dict[str, Any]) -> None:
        if not tree:
            raise PatternError("an object must not be empty")
        self.parts: dict[str, Node | Leaf] = {}
        self._alternatives: list[list[Node]] = []
        for key, value in _nested(tree).items():
            if key == "$or" and _is_alternatives(value):
                self._alternatives.append([Node(branch) for branch in value])
            elif isinstance(value, dict):
                self.parts[key] = Node(value)
            elif isinstance(value, list):
                self.parts[key] = Leaf(value)
            else:
                raise PatternError(f"{key!r} must be an object or a list")

    def first_keys(self) -> Iterator[str]:
        yield from self.parts
        for branches in self._alternatives:
            for branch in branches:
                yield from branch.first_keys()

    def matches(self, candidates: list[dict[str, Any]]) -> bool:
        """Args: the objects at this place of the data: several for an array, an empty one if there is none."""
        return any(self._matches_one(candidates, candidate) for candidate in candidates)

    def _matches_one(self, candidates: list[dict[str, Any]], candidate: dict[str, Any]) -> bool:
        for key, part in self.parts.items():
            if isinstance(part, Leaf):
                if not part.matches(candidates, key, candidate):
                    return False
            elif not part.matches(_objects(candidate.get(key, _MISSING)) or [{}]):
                return False
        return all(
            any(branch._matches_one(candidates, candidate) for branch in branches) for branches in self._alternatives
        )


def _is_alternatives(value: Any) -> bool:
    """Whether `$or` is the operator; else it is a field of that name."""
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(branch, dict) and not branch.keys() & OPERATORS.keys() for branch in value)
    )


def _test(item: Any) -> Test:
    if isinstance(item, list):
        raise PatternError("a list within a list")
    if not isinstance(item, dict):
        return equals(item)
    if len(item) != 1:
        raise PatternError("an operator is an object with one key")
    ((name, operand),) = item.items()
    make = OPERATORS.get(name)
    if make is None:
        raise PatternError(f"unknown operator {name!r}")
    return make(operand)


def _scalars(value: Any) -> Iterator[Any]:
    """The values of a leaf, arrays flattened. None for what is not there, an object, an empty array."""
    if isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif value is not _MISSING and not isinstance(value, dict):
        yield value


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects at a place, arrays flattened."""
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return [found for item in value for found in _objects(item)]
    return []


def _nested(tree: Any) -> Any:
    """The same data with `{"a.b": 1}` as `{"a": {"b": 1}}`: the two are equivalent."""
    if isinstance(tree, list):
        return [_nested(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    made: dict[str, Any] = {}
    for key, value in tree.items():
        *path, last = key.split(".") if "." in key else [key]
        place = made
        for step in path:
            deeper = place.get(step)
            if not isinstance(deeper, dict):
                deeper = place[step] = {}
            place = deeper
        below = _nested(value)
        if isinstance(below, dict) and isinstance(place.get(last), dict):
            place[last].update(below)
        else:
            place[last] = below
    return made
