"""The errors of SNS that several rules share."""

from __future__ import annotations

from localsqs._service import ServiceError

__all__ = ["arn_parts", "invalid", "not_found"]

_ARN_PARTS = 6


def invalid(what: str) -> ServiceError:
    """InvalidParameter: "Invalid parameter: <what>"."""
    return ServiceError("InvalidParameter", f"Invalid parameter: {what}")


def not_found(what: str) -> ServiceError:
    """NotFound: "<what> does not exist"."""
    return ServiceError("NotFound", f"{what} does not exist")


def arn_parts(arn: str, parameter: str) -> list[str]:
    """The words of an ARN. InvalidParameter if there are too few."""
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS:
        raise invalid(f"{parameter} Reason: An ARN must have at least {_ARN_PARTS} elements, not {len(parts)}")
    return parts
