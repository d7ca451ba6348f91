"""Read the Retry-After and X-RateLimit headers of a response.

A malformed value is ignored, not an error. Dates are compared with the Date header of the response,
so that a wrong local clock does not matter.
"""

from __future__ import annotations

import re

from ..errors import RateLimit
from .dates import parse_http_date, response_date
from .headers import Headers

__all__ = ["rate_limit", "retry_after"]

_DELAY_SECONDS = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,12}")


def retry_after(status: int, headers: Headers) -> float | None:
    """Return the seconds that the server asks to wait, or None.

    They are in Retry-After (RFC 9110, section 10.2.3), or for a 429 without it in
    X-RateLimit-Reset.
    """
    if "Retry-After" in headers:
        return _parse_retry_after(headers)
    reset = _number(headers, "X-RateLimit-Reset") if status == 429 else None
    return None if reset is None else _seconds_after_date(reset, headers)


def rate_limit(headers: Headers) -> RateLimit | None:
    """Return the X-RateLimit headers, or None if there are none."""
    limit = RateLimit(*(_number(headers, f"X-RateLimit-{name}") for name in RateLimit._fields))
    return None if limit == (None, None, None) else limit


def _parse_retry_after(headers: Headers) -> float | None:
    value = headers.single("Retry-After")
    if value is None:
        return None
    if _DELAY_SECONDS.fullmatch(value):
        return float(value)
    timestamp = parse_http_date(value)
    return None if timestamp is None else _seconds_after_date(timestamp, headers)


def _seconds_after_date(timestamp: float, headers: Headers) -> float | None:
    now = response_date(headers)
    return None if now is None else max(0.0, timestamp - now)


def _number(headers: Headers, name: str) -> int | None:
    value = headers.single(name)
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None
