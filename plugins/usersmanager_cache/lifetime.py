"""How long a profile answers: at most ``max_age``, and never beyond its end or that of its token.

A profile has an end if it has an ``exp`` itself, as a signed one may have.
"""

from __future__ import annotations

import base64
import json
import math
import random
from typing import Any

from usersmanager import Response
from usersmanager.plugins import Secret, Token

from .clock import Instant

__all__ = ["jitter", "seconds_left", "token_expiry"]


def jitter() -> float:
    """Return the share of a lifetime that is used, so that entries don't all end at once."""
    return random.uniform(0.9, 1.0)  # noqa: S311 - not a secret.


def seconds_left(token: Token, profile: Secret[Any], response: Response, asked: Instant) -> float:
    """Return the seconds from a request to the end of its token, or of the profile if that is less.

    Infinity if both are unknown. The end of the token is relative to the Date of the response, so
    that a wrong local clock does not matter. The end of the profile is relative to the later of the
    two: someone who can change the Date must not extend the life of a signed profile.
    """
    now = asked.wall if response.date is None else response.date
    ends = (
        (token_expiry(token), now),
        (_finite(profile.reveal().get("exp")), max(now, asked.wall)),
    )
    return min((end - start for end, start in ends if end is not None), default=math.inf)


def token_expiry(token: Token) -> float | None:
    """Return the ``exp`` of a JWT (RFC 7519, section 4.1.4), or None if there is none.

    The signature is not verified: an ``exp`` can only shorten the life of an entry.
    """
    try:
        # No variable holds the claims: a traceback shows local variables.
        return _finite(json.loads(_decode(token)).get("exp"))
    except (ValueError, AttributeError, RecursionError):
        return None


def _finite(value: object) -> float | None:
    """Return a number as a float, or None if it is anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if math.isfinite(value) else None
    except OverflowError:  # An int may be too large for a float.
        pass
    return None


def _decode(token: Token) -> bytes:
    """Return the payload of a JWS in the compact serialization (RFC 7515, section 7.1)."""
    if token.reveal().count(".") != 2:
        raise ValueError
    return base64.urlsafe_b64decode(token.reveal().split(".")[1] + "==")
