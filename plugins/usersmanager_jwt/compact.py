"""Read the header of a token in the compact serialization (RFC 7515, 7.1; RFC 7516, 7.1).

Nothing here has been verified yet. No function raises an error: its frame would hold a part of the
token, and a traceback shows it. Each returns what it read, or why the token is refused, as the end
of a sentence about the profile: "is not a JWT".
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from joserfc.registry import HeaderParameter
from joserfc.util import urlsafe_b64decode

from usersmanager.plugins import Secret

from .strict_json import parse_object

__all__ = [
    "ENCRYPTED",
    "IGNORED_PARAMETERS",
    "MAX_HEADER",
    "MAX_TOKEN",
    "SIGNED",
    "Header",
    "parts_of",
    "read_header",
]

SIGNED: Final = 3
ENCRYPTED: Final = 5

# In bytes. A header with a chain of certificates (x5c) has some kilobytes.
MAX_TOKEN: Final = 512 * 1024
MAX_HEADER: Final = 16 * 1024

_COMPACT = re.compile(rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2,4}")
# A type that says "this is another kind of token" (RFC 8725, section 3.11), such as at+jwt.
_OTHER_TYPE = re.compile(r".+\+jwt", re.IGNORECASE)


def _accept(value: object) -> None:
    """Accept any value."""


# Parameters that name or contain a key, and types: joserfc must not even check them.
IGNORED_PARAMETERS: Final = {
    name: HeaderParameter("ignored", _accept)
    for name in ("jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty")
}


class Header(NamedTuple):
    """What counts in a header; everything else is ignored, above all jku, jwk, x5u and x5c.

    Attributes:
        alg: the algorithm of the signature, or of the encryption of the key.
        enc: the algorithm of the encryption of the content; "" if there is none.
        kid: the id of the key. It is only compared.
    """

    alg: str
    enc: str
    kid: str | None


def parts_of(token: Secret[bytes]) -> int:
    """Return the number of parts: SIGNED, ENCRYPTED, or 0 if it is not a token."""
    if len(token.reveal()) > MAX_TOKEN or not _COMPACT.fullmatch(token.reveal()):
        return 0
    count = token.reveal().count(b".") + 1
    return count if count in (SIGNED, ENCRYPTED) else 0


def read_header(token: Secret[bytes]) -> Header | str:
    """Return the header of a token that has parts, or why it is refused."""
    encoded = Secret(token.reveal().partition(b".")[0])
    if len(encoded.reveal()) > MAX_HEADER:
        return f"has a header of more than {MAX_HEADER // 1024} KiB"
    members = _decode(encoded)
    if members is None:
        return "has a header that is not a JSON object"
    return _explain(members.reveal()) or _header_of(members.reveal())


def _decode(encoded: Secret[bytes]) -> Secret[dict[str, Any]] | None:
    try:
        return parse_object(Secret(urlsafe_b64decode(encoded.reveal())))
    except ValueError:
        return None


def _explain(members: dict[str, Any]) -> str | None:
    """Return the first rule that a header breaks, or None."""
    if "crit" in members:
        return "has a header with critical extensions (crit), and none is supported"
    if members.get("b64", True) is not True:
        return "has a payload that is not encoded (b64), which is not supported"
    if "zip" in members:
        return "is compressed (zip), which is not supported"
    for name in ("alg", "enc", "kid", "typ"):
        if not isinstance(members.get(name, ""), str):
            return f"has a header whose {name} is not a string"
    if not members.get("alg"):
        return "has a header without alg"
    if _OTHER_TYPE.fullmatch(members.get("typ", "")):
        return "is a token of another type (typ)"
    return None


def _header_of(members: dict[str, Any]) -> Header:
    return Header(members["alg"], members.get("enc", ""), members.get("kid"))
