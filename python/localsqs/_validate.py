"""Parameter errors in botocore's words.

For Amazon SQS the C++ side only notices that something about a call is wrong, and then asks here what it is: `check`.
The checks are driven by `_core.shapes()`, which the C++ structs describe themselves in; nothing about a member is
written here. The neighbours (`_service.py`) hand in shapes of the same form: `check_shape`.

As in botocore, all faults are reported at once, in this order: members missing, members unknown, then members of the
wrong type in the order given, each searched to its depth.
"""

from __future__ import annotations

from localsqs import _core, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Shape = dict[str, Any]

_kept: dict[str, Any] = {}


def check(operation: str, parameters: dict[str, Any]) -> None:
    """Checks the keyword arguments of a call.

    Args:
        operation: "SendMessage".
        parameters: The keyword arguments.

    Raises:
        ParamValidationError: If botocore would refuse them, with its text. Where an unknown name is near a known one,
            the error's `hint`, also among its notes, says "Did you mean VisibilityTimeout?".
    """
    check_shape(parameters, _input_shape(operation))


def check_shape(parameters: dict[str, Any], shape: Shape) -> None:
    """Checks the keyword arguments of a call against the shape of its input. Raises as `check` does."""
    report = "\n".join(_faults(parameters, shape, ""))
    if report:
        raise _with_hint(errors.ParamValidationError(report=report), _hint(parameters, shape))


def _input_shape(operation: str) -> Shape:
    # One entry, so that no other thread finds half of the shapes.
    shapes = _kept.get("shapes") or _kept.setdefault("shapes", _core.shapes())
    shape: Shape = shapes[operation]["input"]
    return shape


# --- Faults ----------------------------------------------------------------------------------------------------------


def _faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    kind = shape["type"]
    if kind == "structure":
        return _structure_faults(value, shape, path)
    if kind == "list":
        return _list_faults(value, shape, path)
    if kind == "map":
        return _map_faults(value, shape, path)
    if kind == "blob":
        return _blob_faults(value, path)
    if kind == "timestamp":
        return _timestamp_faults(value, path)
    return _scalar_faults(value, shape, path)


_SCALARS: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "boolean": (bool,)}


def _scalar_faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    kind = shape["type"]
    allowed = _double_types() if kind == "double" else _SCALARS[kind]
    if not isinstance(value, allowed):
        yield _wrong_type(value, path, [str(kind) for kind in allowed])
    elif kind != "boolean":
        yield from _bound_faults(value, shape, path)


def _double_types() -> tuple[type, ...]:
    from decimal import Decimal

    return (float, Decimal, int)


def _bound_faults(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Only what botocore checks: the least length or the least value. What is too large the service finds."""
    least = shape.get("min")
    if least is None:
        return
    measured, what = (value, "value") if shape["type"] in ("integer", "double") else (len(value), "length")
    if measured < least:
        yield f"Invalid {what} for parameter {_name(path)}, value: {measured}, valid min {what}: {least}"


def _structure_faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield from _type_faults(value, path, (dict,))
        return
    members = shape["members"]
    for name in shape["required"]:
        if name not in value:
            yield f'Missing required parameter in {_name(path)}: "{name}"'
    for name in value:
        if name not in members:
            yield f'Unknown parameter in {_name(path)}: "{name}", must be one of: {", ".join(members)}'
    for name in value:
        if name in members:
            yield from _faults(value[name], members[name], f"{path}.{name}")


def _list_faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, (list, tuple)):
        yield from _type_faults(value, path, (list, tuple))
        return
    yield from _bound_faults(value, shape, path)
    for index, item in enumerate(value):
        yield from _faults(item, shape["member"], f"{path}[{index}]")


def _map_faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield from _type_faults(value, path, (dict,))
        return
    for key, item in value.items():
        yield from _faults(key, shape["key"], f"{path} (key: {key})")
        yield from _faults(item, shape["value"], f"{path}.{key}")


def _blob_faults(value: object, path: str) -> Iterator[str]:
    if not isinstance(value, (bytes, bytearray, str)) and not hasattr(value, "read"):
        yield _wrong_type(value, path, [str(bytes), str(bytearray), "file-like object"])


def _timestamp_faults(value: object, path: str) -> Iterator[str]:
    from localsqs._timestamps import parse

    try:
        parse(value)
    except (TypeError, ValueError):
        yield _wrong_type(value, path, ["<class 'datetime.datetime'>", "timestamp-string"])


def _type_faults(value: object, path: str, allowed: tuple[type, ...]) -> Iterator[str]:
    if not isinstance(value, allowed):
        yield _wrong_type(value, path, [str(kind) for kind in allowed])


def _wrong_type(value: object, path: str, allowed: list[str]) -> str:
    return (
        f"Invalid type for parameter {_name(path)}, value: {value}, type: {type(value)}, "
        f"valid types: {', '.join(allowed)}"
    )


def _name(path: str) -> str:
    if not path:
        return "input"
    return path[1:] if path.startswith(".") else path


# --- Hints -----------------------------------------------------------------------------------------------------------


def _hint(parameters: dict[str, Any], shape: Shape) -> str:
    """ "Did you mean VisibilityTimeout?", or nothing where no unknown name is near a known one."""
    meant = list(dict.fromkeys(_meant(parameters, shape)))
    return f"Did you mean {' and '.join(meant)}?" if meant else ""


def _meant(value: object, shape: Shape) -> Iterator[str]:
    if shape["type"] == "structure" and isinstance(value, dict):
        members = shape["members"]
        for name, item in value.items():
            if name in members:
                yield from _meant(item, members[name])
            elif isinstance(name, str):
                yield from _nearest(name, [member for member in members if member not in value])
    elif shape["type"] == "list" and isinstance(value, (list, tuple)):
        for item in value:
            yield from _meant(item, shape["member"])
    elif shape["type"] == "map" and isinstance(value, dict):
        for item in value.values():
            yield from _meant(item, shape["value"])


def _nearest(name: str, members: list[str]) -> list[str]:
    """The member that `name` most likely stands for, spelling and case aside: visibility_timeout, VisibiltyTimeout."""
    from difflib import get_close_matches

    by_plain = {_plain(member): member for member in members}
    return [by_plain[match] for match in get_close_matches(_plain(name), by_plain, n=1, cutoff=0.75)]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _with_hint(error: errors.ParamValidationError, hint: str) -> errors.ParamValidationError:
    """Adds the hint beside the text, which stays botocore's to the letter."""
    error.hint = hint  # type: ignore[attr-defined]
    if hint and hasattr(error, "add_note"):
        error.add_note(hint)
    elif hint:  # Python 3.10 shows no notes, but keeps them for those who look.
        error.__notes__ = [hint]  # type: ignore[attr-defined]
    return error
