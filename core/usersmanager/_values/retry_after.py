"""Read how long a server asks to wait.

A malformed or repeated value is ignored, not an error. Dates are compared with the Date of the
response, so that a wrong local clock does not matter, and without one with the local clock.
"""

from __future__ import annotations

import re

from .dates import current_time, parse_http_date
from .headers import Headers
from .rate_limit import rate_limit_reset

__all__ = ["retry_after"]

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
# Dates have a resolution of one second: the wait until a date that has just passed.
_SHORTEST_WAIT = 1.0


def retry_after(status: int, headers: Headers) -> float | None:
    """Return the seconds that the server asks to wait, or None.

    They are in Retry-After (RFC 9110, section 10.2.3), or for a 429 without it in the fields of
    the rate limit. They are 0 only if the server sends a Retry-After of 0 seconds.
    """
    if "Retry-After" not in headers:
        return _seconds_until(rate_limit_reset(headers), headers) if status == 429 else None
    value = headers.single("Retry-After") or ""
    if _SECONDS.fullmatch(value):
        return float(value)
    return _seconds_until(parse_http_date(value), headers)


def _seconds_until(timestamp: float | None, headers: Headers) -> float | None:
    if timestamp is None:
        return None
    seconds = timestamp - current_time(headers)
    return seconds if seconds > 0 else _SHORTEST_WAIT
