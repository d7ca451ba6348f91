"""Read the dates in the header of a response (RFC 9110, section 5.6.7).

A malformed date is ignored, not an error.
"""

from __future__ import annotations

from .headers import Headers

__all__ = ["parse_http_date", "response_date"]


def response_date(headers: Headers) -> float | None:
    """Return the Date of a response in seconds since the epoch, or None."""
    value = headers.single("Date")
    return None if value is None else parse_http_date(value)


def parse_http_date(value: str) -> float | None:
    """Return a date in seconds since the epoch, or None if it is malformed."""
    # The email package is slow to import, and few calls need a date.
    from email.utils import mktime_tz, parsedate_tz

    try:
        parts = parsedate_tz(value)
        return None if parts is None else float(mktime_tz(parts))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
