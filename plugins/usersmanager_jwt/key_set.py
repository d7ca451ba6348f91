"""KeySet: the usable keys of a JWK set (RFC 7517), and which of them a token may need.

No function here raises an error whose traceback would show a key.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from usersmanager import ArgumentError
from usersmanager.plugins import Secret

from .algorithms import KEY_MANAGEMENT, SIGNING, KeyKind

__all__ = ["JOSE_ERRORS", "KeySet", "parse_decryption_keys", "parse_public_keys"]

# What joserfc raises for keys and tokens that it does not like.
JOSE_ERRORS: Final = (
    JoseError,
    UnsupportedAlgorithm,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)

_MAX_KEYS: Final = 100
_MAX_TRIED: Final = 4
_RSA_BITS: Final = range(2048, 8193)
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeySet:
    """Usable keys.

    Args:
        keys: the keys.
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = tuple(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def candidates(self, kid: str | None, alg: str) -> list[Key]:
        """Return the keys to try for a token: at most four.

        Args:
            kid: the id that the token names. Only if no key has it, keys without an id are tried.
            alg: the algorithm that the token names.
        """
        fitting = [key for key in self._keys if _fits(key, alg)]
        if kid is not None:
            named = [key for key in fitting if key.kid == kid]
            fitting = named or [key for key in fitting if key.kid is None]
        return fitting[:_MAX_TRIED]


def _fits(key: Key, alg: str) -> bool:
    kind: KeyKind = SIGNING.get(alg) or KEY_MANAGEMENT[alg]
    if key.key_type not in kind.types or key.alg not in (None, alg):
        return False
    return kind.curve is None or key.get("crv") == kind.curve


def parse_public_keys(jwks: Mapping[str, Any]) -> KeySet | str:
    """Return the keys of a provider that can verify a signature, or what is wrong with the set.

    Other keys are ignored (RFC 7517, section 5): private and symmetric ones, those for encryption,
    those of an unknown type, malformed ones, RSA keys of an unusual size, and all after 100.
    """
    keys = jwks.get("keys")
    if not isinstance(keys, list):
        return "have no list of keys"
    parsed = (_parse(Secret(key), _is_for_verifying) for key in keys[:_MAX_KEYS])
    return KeySet(key for key in parsed if key is not None)


def _is_for_verifying(jwk: Mapping[str, Any]) -> bool:
    return not _PRIVATE & jwk.keys() and _is_for(jwk, "sig", {"verify"})


def parse_decryption_keys(jwks: Secret[Any]) -> KeySet:
    """Return the private keys of this client.

    Raises:
        ArgumentError: it is not a JWK set, or a key in it can't decrypt.
    """
    if not _is_set(jwks):
        raise ArgumentError(
            'decryption_keys: must be a JWK set with your private keys, such as {"keys": [...]}'
        )
    # Sealed: a traceback shows local variables, and the repr of a key may change.
    keys = Secret([_parse(jwk, _is_for_decrypting) for jwk in map(Secret, jwks.reveal()["keys"])])
    is_usable = [key is not None for key in keys.reveal()]
    if not all(is_usable):
        raise ArgumentError(
            f"decryption_keys: key {is_usable.index(False) + 1} is not a private RSA, EC or OKP"
            f" key for encryption, with {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits if it is RSA"
        )
    return KeySet(key for key in keys.reveal() if key is not None)


def _is_set(jwks: Secret[Any]) -> bool:
    if not isinstance(jwks.reveal(), Mapping):
        return False
    return isinstance(jwks.reveal().get("keys"), list | tuple) and bool(jwks.reveal()["keys"])


def _is_for_decrypting(jwk: Mapping[str, Any]) -> bool:
    allowed = {"decrypt", "unwrapKey", "deriveKey", "deriveBits"}
    return "d" in jwk and _is_for(jwk, "enc", allowed)


def _is_for(jwk: Mapping[str, Any], use: str, operations: set[str]) -> bool:
    allowed = jwk.get("key_ops", operations)
    return jwk.get("use", use) == use and bool(operations.intersection(allowed))


def _parse(jwk: Secret[Any], is_wanted: Callable[[Mapping[str, Any]], bool]) -> Key | None:
    """Return a key, or None if it is not usable."""
    try:
        if not is_wanted(jwk.reveal()) or not _has_good_size(jwk):
            return None
        key = import_key(dict(jwk.reveal()))
    except JOSE_ERRORS:
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


def _has_good_size(jwk: Secret[Any]) -> bool:
    if jwk.reveal()["kty"] != "RSA":
        return True
    modulus = base64.urlsafe_b64decode(jwk.reveal()["n"] + "==")
    return int.from_bytes(modulus).bit_length() in _RSA_BITS
