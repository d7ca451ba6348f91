"""Write the challenge in a WWW-Authenticate header (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import ArgumentError
from .headers import TOKEN

__all__ = ["format_bearer_challenge"]

_NAME = re.compile(TOKEN)
_RESERVED = frozenset({"realm", "error", "error_description", "error_uri"})
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_SCOPE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6750, section 3.


def format_bearer_challenge(realm: str, parameters: Mapping[str, str]) -> str:
    """Return a Bearer challenge without an error code (RFC 6750, section 3).

    Args:
        realm: printable ASCII.
        parameters: more parameters, printable ASCII.

    Raises:
        ArgumentError: a name or value is not allowed, or a name is given twice.
    """
    seen = set(_RESERVED)
    for name in parameters:
        # Names are case-insensitive, and each may occur only once (RFC 9110, section 11.2).
        if not _NAME.fullmatch(name) or name.lower() in seen:
            raise ArgumentError(f"a challenge can't have the parameter {name!r}")
        seen.add(name.lower())
    pairs = {"realm": realm, **parameters}
    return "Bearer " + ", ".join(f"{name}={_quote(name, pairs[name])}" for name in pairs)


def _quote(name: str, value: object) -> str:
    """Return a value as a quoted string (RFC 9110, section 5.6.4)."""
    allowed = _SCOPE if name.lower() == "scope" else _PRINTABLE
    if not isinstance(value, str) or not allowed.fullmatch(value):
        raise ArgumentError(f"{name} must be a non-empty str of characters allowed in a challenge")
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
