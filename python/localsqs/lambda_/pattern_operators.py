"""The operators of event patterns: each makes a test of one value from its operand."""

from __future__ import annotations

import operator
import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[Any], bool]
else:
    Test = Any

__all__ = ["OPERATORS", "PatternError", "Test", "equals", "exists"]


class PatternError(ValueError):
    """Not a valid pattern."""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise PatternError(f"{name} takes a string")
    return operand


def equals(wanted: Any) -> Test:
    """A value of the same type; numbers by their value, so 300.0 equals 300."""
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    return lambda value: type(value) is type(wanted) and value == wanted


# --- Strings ---------------------------------------------------------------------------------------------------------


def _ignoring_case(operand: Any, name: str) -> str | None:
    """The text of {"equals-ignore-case": text}, None if the operand is something else."""
    if isinstance(operand, dict) and list(operand) == ["equals-ignore-case"]:
        return _text(operand["equals-ignore-case"], name).casefold()
    return None


def _prefix(operand: Any) -> Test:
    folded = _ignoring_case(operand, "prefix")
    if folded is not None:
        return lambda value: isinstance(value, str) and value.casefold().startswith(folded)
    wanted = _text(operand, "prefix")
    return lambda value: isinstance(value, str) and value.startswith(wanted)


def _suffix(operand: Any) -> Test:
    folded = _ignoring_case(operand, "suffix")
    if folded is not None:
        return lambda value: isinstance(value, str) and value.casefold().endswith(folded)
    wanted = _text(operand, "suffix")
    return lambda value: isinstance(value, str) and value.endswith(wanted)


def _equals_ignore_case(operand: Any) -> Test:
    wanted = _text(operand, "equals-ignore-case").casefold()
    return lambda value: isinstance(value, str) and value.casefold() == wanted


def _wildcard(operand: Any) -> Test:
    expression = re.compile(_wildcard_expression(_text(operand, "wildcard")), re.DOTALL)
    return lambda value: isinstance(value, str) and expression.fullmatch(value) is not None


def _wildcard_expression(text: str) -> str:
    r"""`*` stands for any characters, also none; `\*` and `\\` for themselves."""
    parts = []
    for match in re.finditer(r"\\(.?)|\*|[^\\*]+", text, re.DOTALL):
        token = match.group()
        if token.startswith("\\"):
            if match.group(1) not in ("*", "\\"):
                raise PatternError(r"in a wildcard a backslash stands before * or \ only")
            parts.append(re.escape(match.group(1)))
        elif token == "*":
            if parts and parts[-1] == ".*":
                raise PatternError("two wildcards in a row")
            parts.append(".*")
        else:
            parts.append(re.escape(token))
    return "".join(parts)


# --- Numbers, addresses, presence ------------------------------------------------------------------------------------

_COMPARISONS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise PatternError("numeric takes one or two comparisons")
    comparisons = [_comparison(operand[i], operand[i + 1]) for i in range(0, len(operand), 2)]
    if len(comparisons) == 2:
        is_range = operand[0] in (">", ">=") and operand[2] in ("<", "<=")
        if not is_range or operand[1] >= operand[3]:
            raise PatternError("a numeric range goes from > or >= a bottom to < or <= a larger top")
    return lambda value: _is_number(value) and all(compare(value, bound) for compare, bound in comparisons)


def _comparison(name: Any, bound: Any) -> tuple[Callable[[Any, Any], bool], float]:
    if not isinstance(name, str) or name not in _COMPARISONS:
        raise PatternError(f"numeric has no comparison {name!r}")
    if not _is_number(bound):
        raise PatternError("numeric compares with numbers")
    return _COMPARISONS[name], bound


def _cidr(operand: Any) -> Test:
    try:
        network = ip_network(_text(operand, "cidr"), strict=False)
    except ValueError as error:
        raise PatternError(f"cidr: {error}") from None

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and ip_address(value) in network
        except ValueError:
            return False

    return test


class _Exists:
    """{"exists": true}, {"exists": false}. The latter, `absent`, is for the leaf to ask: it is no test of a value."""

    @staticmethod
    def present(value: Any) -> bool:
        return True

    @staticmethod
    def absent(value: Any) -> bool:
        return False

    def __call__(self, operand: Any) -> Test:
        if not isinstance(operand, bool):
            raise PatternError("exists takes true or false")
        return self.present if operand else self.absent


exists = _Exists()

# --- anything-but ----------------------------------------------------------------------------------------------------


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, dict):
        return _anything_but_operator(operand)
    values = operand if isinstance(operand, list) else [operand]
    if not values or not (all(isinstance(v, str) for v in values) or all(_is_number(v) for v in values)):
        raise PatternError("anything-but takes strings or numbers, not both")
    tests = [equals(value) for value in values]
    return lambda value: not any(test(value) for test in tests)


def _anything_but_operator(operand: dict[str, Any]) -> Test:
    if len(operand) != 1:
        raise PatternError("anything-but takes one operator")
    ((name, texts),) = operand.items()
    if name not in ("prefix", "suffix", "wildcard", "equals-ignore-case"):
        raise PatternError(f"anything-but does not take {name!r}")
    listed = texts if isinstance(texts, list) else [texts]
    if not listed:
        raise PatternError("anything-but takes at least one string")
    tests = [OPERATORS[name](_text(text, name)) for text in listed]
    return lambda value: not any(test(value) for test in tests)


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": exists,
    "anything-but": _anything_but,
}
