"""What botocore takes for a timestamp: a datetime, seconds since the epoch, or a text of either."""

from __future__ import annotations

from datetime import datetime, timezone

from localsqs.clock import to_ns

__all__ = ["parse"]


def parse(value: object) -> int:
    """Nanoseconds since the Unix epoch.

    Args:
        value: A datetime (UTC if it is naive), a number of seconds, "1767225600", "2026-01-01T00:00:00Z", or
            "Thu, 01 Jan 2026 00:00:00 GMT". Where dateutil is installed, as it is with botocore, whatever that reads.

    Raises:
        TypeError, ValueError: If it is none of these.
    """
    if isinstance(value, (datetime, int, float)):
        return to_ns(value)
    try:
        return to_ns(float(value))  # type: ignore[arg-type]  # A Decimal, "1767225600".
    except ValueError:
        return to_ns(_parse_text(str(value)))


def _parse_text(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.removesuffix("Z") + ("+00:00" if text.endswith("Z") else ""))
    except ValueError:
        pass
    try:
        from dateutil.parser import parse as parse_any  # type: ignore[import-untyped]
        from dateutil.tz import tzutc  # type: ignore[import-untyped]
    except ImportError:
        from email.utils import parsedate_to_datetime

        return parsedate_to_datetime(text).astimezone(timezone.utc)
    found: datetime = parse_any(text, tzinfos={"GMT": tzutc()})
    return found
