"""Derive the name of an entry and seal its content, so that reading it takes the token.

The key of an entry is a digest of the token. HKDF-SHA-256 (RFC 5869) over the secret and the key
yields the name of the entry, and separately the key that AES-GCM encrypts its content with. So the
contents of a store reveal nothing without the tokens, even to someone who knows the secret. The
name is authenticated along with the content: an entry copied to another name can't be decrypted.
"""

from __future__ import annotations

import os
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from usersmanager.transports import Secret

__all__ = ["MAX_CONTENT", "Seal"]

# A body of 64 KiB, perhaps in base64, and what describes it.
MAX_CONTENT = 96 * 1024

_VERSION = b"usersmanager cache 1"  # Of the derivation and of the format of the content.
_NONCE = 12
_TAG = 16


class Seal:
    """Names and seals entries with one secret.

    Args:
        secret: 16 bytes or more.
        namespace: what names start with, without the colon.
    """

    def __init__(self, secret: Secret[bytes], namespace: str) -> None:
        self._secret = secret
        self._namespace = namespace

    def name(self, key: Secret[bytes]) -> str:
        """Return the name of the entry of a key."""
        return f"{self._namespace}:{self._derive(key, b'name').reveal().hex()}"

    def seal(self, key: Secret[bytes], content: Secret[bytes]) -> bytes:
        """Return the encrypted content of the entry of a key."""
        nonce, name = os.urandom(_NONCE), self.name(key).encode()
        return nonce + self._cipher(key).encrypt(nonce, content.reveal(), name)

    def open(self, key: Secret[bytes], sealed: bytes) -> Secret[bytes] | None:
        """Return the content of the entry of a key, or None if it was not sealed for this key."""
        if not _NONCE + _TAG <= len(sealed) <= _NONCE + MAX_CONTENT + _TAG:
            return None
        nonce, name = sealed[:_NONCE], self.name(key).encode()
        try:
            return Secret(self._cipher(key).decrypt(nonce, sealed[_NONCE:], name))
        except InvalidTag:
            return None

    def _cipher(self, key: Secret[bytes]) -> AESGCM:
        return AESGCM(self._derive(key, b"content").reveal())

    def _derive(self, key: Secret[bytes], purpose: Literal[b"name", b"content"]) -> Secret[bytes]:
        info = _VERSION + b" " + purpose
        hkdf = HKDF(SHA256(), length=32, salt=self._secret.reveal(), info=info)
        return Secret(hkdf.derive(key.reveal()))
