"""Read the rate limit of a response, in the fields that providers use.

X-RateLimit-Limit, -Remaining and -Reset, X-Rate-Limit-* (Okta), RateLimit-* (GitLab, Twitch), and
RateLimit with RateLimit-Policy (IETF). A malformed or repeated field is ignored, not an error.
"""

from __future__ import annotations

import math
import re

from ..errors import RateLimit
from .dates import current_time
from .headers import Headers
from .rate_limit_items import read_rate_limit_items

__all__ = ["rate_limit", "rate_limit_reset"]

_PREFIXES = ("X-RateLimit-", "X-Rate-Limit-", "RateLimit-")
# A number, which a list of policies may follow: "100, 100;w=60".
_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(?:[,;].*)?", re.DOTALL)


def rate_limit(headers: Headers) -> RateLimit | None:
    """Return the rate limit of a response, or None if there is none."""
    item = read_rate_limit_items(headers)
    limit, remaining = _field(headers, "Limit"), _field(headers, "Remaining")
    reset = rate_limit_reset(headers)
    read = RateLimit(
        item.limit if limit is None else int(limit),
        item.remaining if remaining is None else int(remaining),
        None if reset is None else math.ceil(reset),
    )
    return None if read == (None, None, None) else read


def rate_limit_reset(headers: Headers) -> float | None:
    """Return the end of the window in seconds since the epoch, or None.

    Servers send that, or the same in milliseconds, or the seconds from now: their size tells.
    """
    reset = _field(headers, "Reset")
    if reset is None:
        reset = _field(headers, "Reset-After")  # Discord
    if reset is None:
        reset = read_rate_limit_items(headers).reset
    if reset is None:
        return None
    now = current_time(headers)
    if reset < now / 10:
        return now + reset
    seconds = reset if reset < now * 10 else reset / 1000
    return seconds if seconds < now * 10 else None


def _field(headers: Headers, name: str) -> float | None:
    values = (headers.single(prefix + name) for prefix in _PREFIXES)
    matches = (_NUMBER.fullmatch(value) for value in values if value is not None)
    return next((float(match[1]) for match in matches if match), None)
