"""Check the secret of a cache with a store. No error or local variable shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from usersmanager import ArgumentError
from usersmanager.plugins import Secret

__all__ = ["split_secrets"]

_MINIMUM = 16


def split_secrets(secret: Secret[Any]) -> tuple[Secret[bytes], ...]:
    """Return each secret of a setting, which is one secret or a sequence of them.

    Raises:
        ArgumentError: there is none, or one is not bytes or is too short.
    """
    if isinstance(secret.reveal(), bytes):
        secret = Secret((secret.reveal(),))
    if secret.reveal() is None:
        raise ArgumentError("store needs a secret: pass secret=..., the same in all processes")
    if isinstance(secret.reveal(), str) or not isinstance(secret.reveal(), Sequence):
        raise ArgumentError(_explain(type(secret.reveal())))
    if not secret.reveal():
        raise ArgumentError("secret must contain at least one secret")
    for kind in [type(item) for item in secret.reveal()]:
        if kind is not bytes:
            raise ArgumentError(_explain(kind))
    if any(len(item) < _MINIMUM for item in secret.reveal()):
        raise ArgumentError(f"secret must have at least {_MINIMUM} bytes, better 32 random ones")
    return tuple(Secret(item) for item in secret.reveal())


def _explain(kind: type) -> str:
    return (
        f"secret must be bytes or a sequence of bytes, not {kind.__name__}:"
        " decode it, as with bytes.fromhex(...)"
    )
