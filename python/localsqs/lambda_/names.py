"""Names of functions as the API takes them: a name, a partial ARN or a full ARN, with or without a qualifier."""

from __future__ import annotations

import re
from typing import NamedTuple

from localsqs._service import ServiceError

__all__ = ["FunctionName", "parse_function_name"]

_PATTERN = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


class FunctionName(NamedTuple):
    """Attributes: `qualifier` is the version or alias, None if none was named."""

    region: str
    account: str
    name: str
    qualifier: str | None


def parse_function_name(text: str, region: str, account: str) -> FunctionName:
    """The parts of a name; region and account of the caller where it does not say.

    Raises:
        ServiceError: If it is no name of a function.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ServiceError(
            "InvalidParameterValueException",
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?"
            "(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
        )
    return FunctionName(match["region"] or region, match["account"] or account, match["name"], match["qualifier"])
