"""Check the claims of a verified token (OpenID Connect Core, 5.3.2 and 5.3.4; RFC 7519, 4.1).

The client checks the rest, such as ``sub``, as in any other profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

from usersmanager.plugins import Secret

from .strict_json import parse_object

__all__ = ["Expected", "explain_claims"]


class Expected(NamedTuple):
    """What the claims must agree with.

    Attributes:
        issuer: the issuer of the provider.
        client_id: the id of this client.
        leeway: the seconds by which the clocks may differ.
    """

    issuer: str
    client_id: str
    leeway: float


def explain_claims(payload: Secret[bytes], expected: Expected, now: float) -> str | None:
    """Return why a payload is refused, or None if it is accepted.

    Args:
        payload: the payload of a verified token.
        expected: what it must agree with.
        now: the time, in seconds since the epoch.
    """
    claims = parse_object(payload)
    if claims is None:
        return "has a payload that is not a JSON object"
    return _explain_origin(claims.reveal(), expected) or _explain_times(
        claims.reveal(), expected.leeway, now
    )


def _explain_origin(claims: Mapping[str, Any], expected: Expected) -> str | None:
    if claims.get("iss") != expected.issuer:
        return _missing(claims, "iss") or "is from another issuer (iss)"
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in named:
        return _missing(claims, "aud") or (
            "is for another audience (aud): pass the client id that has requested the token"
        )
    return None


def _missing(claims: Mapping[str, Any], name: str) -> str | None:
    return None if name in claims else f"has no {name}"


def _explain_times(claims: Mapping[str, Any], leeway: float, now: float) -> str | None:
    expiry, start = claims.get("exp", now + 1), claims.get("nbf", now)
    if not _is_number(expiry) or not _is_number(start):
        return "has an exp or nbf that is not a number"
    if now - leeway >= expiry:  # Compared, not added: an int may be too large for a float.
        return "has expired (exp)"
    if now + leeway < start:
        return "is not valid yet (nbf): check the clock"
    return None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
