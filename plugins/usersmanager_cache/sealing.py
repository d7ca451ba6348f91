"""Derive the name of an entry and seal its content, so that reading it takes the token.

The key of an entry is a digest of the token. HKDF-SHA-256 (RFC 5869) over the secret and the key
yields the name of the entry, and separately the key that AES-GCM encrypts its content with. So the
contents of a store reveal nothing without the tokens, even to someone who knows the secret. The
name is authenticated along with the content: an entry copied to another name can't be decrypted.
"""

from __future__ import annotations

import os
from typing import Literal

from usersmanager.plugins import MissingExtraError, Secret

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "a store needs cryptography: python -m pip install 'usersmanager[cache]'", name=error.name
    ) from None

__all__ = ["MAX_CONTENT", "Seal"]

# A body of 64 KiB, perhaps in base64, and what describes it.
MAX_CONTENT = 96 * 1024

_VERSION = b"usersmanager cache 1"  # Of the derivation and of the format of the content.
_NONCE = 12
_TAG = 16


class Seal:
    """Derives the name and the encryption of one entry from a secret and the key of the entry.

    Args:
        secret: 16 bytes or more.
        key: the digest that identifies the entry.
        namespace: what the name starts with, before a colon.
    """

    __slots__ = ("_key", "_secret", "name")

    def __init__(self, secret: Secret[bytes], key: Secret[bytes], namespace: str) -> None:
        self._secret = secret
        self._key = key
        self.name: str = f"{namespace}:{self._derive(b'name').reveal().hex()}"

    def seal(self, content: Secret[bytes]) -> bytes:
        """Return the encrypted content."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher().encrypt(nonce, content.reveal(), self.name.encode())

    def open(self, sealed: bytes) -> Secret[bytes] | None:
        """Return the content, or None if it was not sealed for this entry, or is too long."""
        if not _NONCE + _TAG <= len(sealed) <= _NONCE + MAX_CONTENT + _TAG:
            return None
        nonce, encrypted = sealed[:_NONCE], sealed[_NONCE:]
        try:
            return Secret(self._cipher().decrypt(nonce, encrypted, self.name.encode()))
        except InvalidTag:
            return None

    def _cipher(self) -> AESGCM:
        return AESGCM(self._derive(b"content").reveal())

    def _derive(self, purpose: Literal[b"name", b"content"]) -> Secret[bytes]:
        info = _VERSION + b" " + purpose
        hkdf = HKDF(SHA256(), length=32, salt=self._secret.reveal(), info=info)
        return Secret(hkdf.derive(self._key.reveal()))
