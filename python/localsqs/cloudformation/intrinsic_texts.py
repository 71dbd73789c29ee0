"""Intrinsic functions on text and lists: Fn::Join, Fn::Select, ... Each resolves its arguments with what it is given.

Source of the texts: recordings in shared/spec/around.md, 5.3.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.errors import TemplateError
from localsqs.cloudformation.parameters import as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.cloudformation.errors import Path

    # Gives the plain value of what stands at a path.
    Resolve = Callable[[Any, Path], Any]

__all__ = ["NO_VALUE", "base64_of", "join", "length", "select", "split", "text_of", "to_json_string"]


class _NoValue:
    def __repr__(self) -> str:
        return "AWS::NoValue"


# What Ref AWS::NoValue gives: the property, or the item of a list, is left out.
NO_VALUE = _NoValue()

_JOIN_TEXT = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings "
    "to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
)
_SELECT_TEXT = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
_SPLIT_TEXT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
    "split or a function that returns a string to be split."
)


def join(resolve: Resolve, arguments: Any, path: Path) -> str:
    if not isinstance(arguments, list) or len(arguments) != 2 or not isinstance(arguments[0], str):
        raise TemplateError(_JOIN_TEXT, path)
    items = resolve(arguments[1], (*path, 1))
    if not isinstance(items, list) or any(isinstance(item, (dict, list)) for item in items):
        raise TemplateError(_JOIN_TEXT, path)
    return arguments[0].join(as_text(item) for item in items)


def select(resolve: Resolve, arguments: Any, path: Path) -> Any:
    if not isinstance(arguments, list) or len(arguments) != 2:
        raise TemplateError(_SELECT_TEXT, path)
    index_text = as_text(resolve(arguments[0], (*path, 0)))
    items = resolve(arguments[1], (*path, 1))
    if not index_text.isdecimal() or not isinstance(items, list):
        raise TemplateError(_SELECT_TEXT, path)
    index = int(index_text)
    if index >= len(items):
        message = f"Template error: Fn::Select cannot select nonexistent value at index {index}"
        raise TemplateError(message, path)
    return items[index]


def split(resolve: Resolve, arguments: Any, path: Path) -> list[str]:
    if not isinstance(arguments, list) or len(arguments) != 2 or not isinstance(arguments[0], str):
        raise TemplateError(_SPLIT_TEXT, path)
    text = resolve(arguments[1], (*path, 1))
    if not isinstance(text, str) or not arguments[0]:
        raise TemplateError(_SPLIT_TEXT, path)
    return text.split(arguments[0])


def base64_of(resolve: Resolve, argument: Any, path: Path) -> str:
    text = text_of(resolve(argument, path), path, "Fn::Base64")
    return base64.b64encode(text.encode()).decode()


def length(resolve: Resolve, argument: Any, path: Path) -> int:
    items = resolve(argument, path)
    if not isinstance(items, list):
        raise TemplateError("Template error: Fn::Length requires a list", path)
    return len(items)


def to_json_string(resolve: Resolve, argument: Any, path: Path) -> str:
    if not isinstance(argument, (dict, list)):
        raise TemplateError("Template error: Fn::ToJsonString requires an object or an array", path)
    return json.dumps(resolve(argument, path), separators=(",", ":"), ensure_ascii=False)


def text_of(value: Any, path: Path, function: str) -> str:
    """A value as text, for a function that takes nothing else."""
    if isinstance(value, (dict, list)) or value is NO_VALUE:
        raise TemplateError(f"Template error: {function} needs text here, not {_kind(value)}", path)
    return as_text(value)


def _kind(value: Any) -> str:
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "AWS::NoValue"
