"""Decrypt a token (RFC 7516, section 5.2)."""

from __future__ import annotations

from joserfc import jwe
from joserfc.jwk import Key

from usersmanager.plugins import Secret

from .algorithms import CONTENT, KEY_MANAGEMENT
from .compact import IGNORED_PARAMETERS, MAX_HEADER, MAX_TOKEN, read_header
from .key_set import JOSE_ERRORS, KeySet

__all__ = ["decrypt"]


def decrypt(token: Secret[bytes], keys: KeySet | None) -> Secret[bytes] | str:
    """Return the content of a token of five parts, or why it is refused.

    Args:
        token: the token.
        keys: the private keys of this client, or None.
    """
    if keys is None:
        return "is encrypted: pass decryption_keys to JwtUserInfo"
    header = read_header(token)
    if isinstance(header, str):
        return header
    if header.alg not in KEY_MANAGEMENT or header.enc not in CONTENT:
        return (
            "is encrypted by an algorithm that is not allowed: use RSA-OAEP, RSA-OAEP-256 or"
            " ECDH-ES, with AES in CBC-HMAC or GCM mode"
        )
    candidates = keys.candidates(header.kid, header.alg)
    if not candidates:
        return "is encrypted for a key that is not in decryption_keys"
    # Allowed header fields beyond the known ones: some providers copy iss and aud into the header.
    registry = jwe.JWERegistry(
        IGNORED_PARAMETERS, algorithms=[header.alg, header.enc], strict_check_header=False
    )
    registry.max_protected_header_length = MAX_HEADER
    registry.max_encrypted_key_length = registry.max_ciphertext_length = MAX_TOKEN
    return _try(token, registry, candidates) or "can't be decrypted with decryption_keys"


def _try(token: Secret[bytes], registry: jwe.JWERegistry, keys: list[Key]) -> Secret[bytes] | None:
    for key in keys:
        try:
            content = jwe.decrypt_compact(token.reveal(), key, registry=registry).plaintext
        except JOSE_ERRORS:
            continue
        return Secret(content or b"")
    return None
