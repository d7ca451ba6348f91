"""When a server asks to come back: Retry-After and X-RateLimit headers.

Total functions: whatever a header holds, the answer is a number or None. Times are
relative to the response's own Date, so the local clock plays no part.
"""

from __future__ import annotations

import re

from ..errors import RateLimit
from .headers import Headers

__all__ = ["rate_limit", "retry_after"]

_DELAY_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_EPOCH_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def retry_after(status: int, headers: Headers) -> float | None:
    """Seconds the server asks to wait.

    From Retry-After (RFC 9110, section 10.2.3), or on a 429 without it from
    X-RateLimit-Reset. A repeated or malformed field is ignored.
    """
    if "Retry-After" in headers:
        return _from_retry_after(headers)
    reset = _number(headers, "X-RateLimit-Reset") if status == 429 else None
    return None if reset is None else _since_date(reset, headers)


def rate_limit(headers: Headers) -> RateLimit | None:
    """The X-RateLimit headers, or None if none was sent."""
    limit = RateLimit(*(_number(headers, f"X-RateLimit-{name}") for name in RateLimit._fields))
    return None if limit == (None, None, None) else limit


def _from_retry_after(headers: Headers) -> float | None:
    value = _only(headers, "Retry-After")
    if value is None:
        return None
    if _DELAY_SECONDS.fullmatch(value):
        return float(value)
    moment = _http_date(value)
    return None if moment is None else _since_date(moment, headers)


def _since_date(moment: float, headers: Headers) -> float | None:
    date = _only(headers, "Date")
    now = None if date is None else _http_date(date)
    return None if now is None else max(0.0, moment - now)


def _number(headers: Headers, name: str) -> int | None:
    value = _only(headers, name)
    return int(value) if value is not None and _EPOCH_SECONDS.fullmatch(value) else None


def _only(headers: Headers, name: str) -> str | None:
    values = headers.getall(name, [])
    return values[0].strip() if len(values) == 1 else None


def _http_date(value: str) -> float | None:
    # Imported here: the email package is slow to import and errors are rare.
    from email.utils import mktime_tz, parsedate_tz

    try:
        parts = parsedate_tz(value)
        return None if parts is None else float(mktime_tz(parts))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
