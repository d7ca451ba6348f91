"""Verify the signature of a token (RFC 7515, section 5.2)."""

from __future__ import annotations

from joserfc import jws
from joserfc.jwk import Key

from usersmanager.plugins import Secret

from .compact import IGNORED_PARAMETERS, MAX_HEADER, MAX_TOKEN, Header
from .key_set import JOSE_ERRORS

__all__ = ["verify_signature"]


def verify_signature(token: Secret[bytes], header: Header, keys: list[Key]) -> Secret[bytes] | None:
    """Return the payload if one of the keys has signed it, otherwise None.

    Args:
        token: a token of three parts.
        header: its header, whose ``alg`` is allowed.
        keys: the keys to try, which fit the ``alg``.
    """
    registry = jws.JWSRegistry(
        IGNORED_PARAMETERS, algorithms=[header.alg], strict_check_header=False
    )
    registry.max_header_length = MAX_HEADER
    registry.max_payload_length = registry.max_signature_length = MAX_TOKEN
    for key in keys:
        try:
            return Secret(jws.deserialize_compact(token.reveal(), key, registry=registry).payload)
        except JOSE_ERRORS:
            pass
    return None
