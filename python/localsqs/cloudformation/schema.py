"""The properties that a resource type has: their names, types and bounds.

CloudFormation takes "30" for 30, 30 for "30" and "true" for true; what cannot be read as the property's type is an
error that names the property.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from localsqs.cloudformation.errors import TemplateError, did_you_mean
from localsqs.cloudformation.parameters import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsqs.cloudformation.errors import Path

__all__ = [
    "TAGS",
    "Property",
    "Schema",
    "check_names",
    "ignored",
    "json_text",
    "list_of",
    "number",
    "object_of",
    "text",
    "truth",
    "typed",
]

Kind = Literal["text", "integer", "number", "boolean", "json", "list", "object", "any"]


@dataclass(frozen=True)
class Property:
    """One property.

    Attributes:
        kind: "json" takes an object, or JSON text of one, and gives JSON text.
        required: Whether it must be there.
        replaces: A change makes a new resource, and deletes the old one.
        member: Of a list: what its items are.
        members: Of an object: its properties; None takes any.
        ignored: It has no effect here: not even resolved.
    """

    kind: Kind
    required: bool = False
    replaces: bool = False
    minimum: float | None = None
    maximum: float | None = None
    member: Property | None = None
    members: Mapping[str, Property] | None = None
    ignored: bool = False


Schema = dict[str, Property]


def text(*, required: bool = False, replaces: bool = False) -> Property:
    return Property("text", required, replaces)


def number(
    minimum: float | None = None, maximum: float | None = None, *, integer: bool = True, required: bool = False
) -> Property:
    return Property("integer" if integer else "number", required, minimum=minimum, maximum=maximum)


def truth(*, replaces: bool = False) -> Property:
    return Property("boolean", replaces=replaces)


def json_text(*, required: bool = False) -> Property:
    return Property("json", required)


def list_of(member: Property, *, required: bool = False, replaces: bool = False) -> Property:
    return Property("list", required, replaces, member=member)


def object_of(members: Schema | None = None, *, required: bool = False, replaces: bool = False) -> Property:
    return Property("object", required, replaces, members=members)


def ignored(*, required: bool = False) -> Property:
    return Property("any", required, ignored=True)


# --- Checking --------------------------------------------------------------------------------------------------------


def check_names(given: Mapping[str, Any], schema: Mapping[str, Property], path: Path) -> None:
    """Raises TemplateError if a property is unknown, or a required one is missing."""
    for name in given:
        if name not in schema:
            hint = did_you_mean(name, [known for known in schema if known not in given])
            message = f"no such property; there are: {', '.join(schema)}" if not hint else "no such property"
            raise TemplateError(message, (*path, name), hint=hint)
    missing = [name for name, prop in schema.items() if prop.required and name not in given]
    if missing:
        raise TemplateError(f"required property missing: {', '.join(missing)}", path)


def typed(value: Any, prop: Property, path: Path) -> Any:
    """A resolved value in its property's type.

    Raises:
        TemplateError: If it cannot be read as that.
    """
    return _READERS[prop.kind](value, prop, path)


def _text(value: Any, prop: Property, path: Path) -> str:
    if isinstance(value, (dict, list)):
        raise _wrong("text", value, path)
    return as_text(value)


def _integer(value: Any, prop: Property, path: Path) -> int:
    number = _float(value, "a whole number", path)
    if number != int(number):
        raise _wrong("a whole number", value, path)
    return int(_within_bounds(number, prop, value, path))


def _number(value: Any, prop: Property, path: Path) -> float:
    return _within_bounds(_float(value, "a number", path), prop, value, path)


def _float(value: Any, wanted: str, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _wrong(wanted, value, path)
    try:
        number = float(value)
    except ValueError:
        raise _wrong(wanted, value, path) from None
    if number != number or abs(number) == float("inf"):
        raise _wrong(wanted, value, path)
    return number


def _within_bounds(number: float, prop: Property, value: Any, path: Path) -> float:
    low, high = prop.minimum, prop.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"from {low} to {high}" if high is not None else f"at least {low}"
        raise TemplateError(f"must be {bounds}, not {value}", path)
    return number


def _boolean(value: Any, prop: Property, path: Path) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _wrong("true or false", value, path)


def _json(value: Any, prop: Property, path: Path) -> str:
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, str):
        try:
            if isinstance(json.loads(value), dict):
                return value
        except ValueError:
            pass
    raise _wrong("an object, or JSON text of one", value, path)


def _list(value: Any, prop: Property, path: Path) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong("a list", value, path)
    member = prop.member or Property("any")
    return [typed(item, member, (*path, index)) for index, item in enumerate(value)]


def _object(value: Any, prop: Property, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong("an object", value, path)
    if prop.members is None:
        return value
    check_names(value, prop.members, path)
    return {name: typed(member, prop.members[name], (*path, name)) for name, member in value.items()}


def _any(value: Any, prop: Property, path: Path) -> Any:
    return value


_READERS = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
    "list": _list,
    "object": _object,
    "any": _any,
}


def _wrong(wanted: str, value: Any, path: Path) -> TemplateError:
    kinds = {dict: "an object", list: "a list", bool: as_text(value)}
    return TemplateError(f"must be {wanted}, not {kinds.get(type(value), repr(value))}", path)


TAGS = list_of(Property("object", members={"Key": text(required=True), "Value": text(required=True)}))
