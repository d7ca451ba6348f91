"""The algorithms that the plugin knows, and the keys they need (RFC 7518).

``none``, HMAC, RSA1_5, ``dir``, symmetric key wrapping and passwords are missing on purpose: no
setting can allow them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from usersmanager import ArgumentError

__all__ = ["CONTENT", "KEY_MANAGEMENT", "SIGNING", "KeyKind", "check_algorithms"]


class KeyKind(NamedTuple):
    """The keys that an algorithm needs.

    Attributes:
        types: the values of ``kty``.
        curve: the only value of ``crv``, or None.
    """

    types: frozenset[str]
    curve: str | None = None


_RSA: Final = KeyKind(frozenset({"RSA"}))
_ECDH: Final = KeyKind(frozenset({"EC", "OKP"}))


def _ec(curve: str) -> KeyKind:
    return KeyKind(frozenset({"EC"}), curve)


SIGNING: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _RSA),
    "ES256": _ec("P-256"),
    "ES384": _ec("P-384"),
    "ES512": _ec("P-521"),
}
KEY_MANAGEMENT: Final = {
    **dict.fromkeys(("RSA-OAEP", "RSA-OAEP-256"), _RSA),
    **dict.fromkeys(("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"), _ECDH),
}
CONTENT: Final = frozenset(
    {
        *("A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"),
        *("A128GCM", "A192GCM", "A256GCM"),
    }
)


def check_algorithms(value: Sequence[str]) -> tuple[str, ...]:
    """Return the algorithms that a signature may have.

    Raises:
        ArgumentError: it is not a sequence of names in ``SIGNING``, or empty.
    """
    if isinstance(value, list | tuple) and value and all(map(_is_signing, value)):
        return tuple(value)
    raise ArgumentError(
        'algorithms must be a sequence such as ("RS256",), with names from'
        f" {', '.join(sorted(SIGNING))}"
    )


def _is_signing(name: object) -> bool:
    return isinstance(name, str) and name in SIGNING
