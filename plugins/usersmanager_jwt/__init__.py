"""The jwt plugin: verify signed profiles, decrypt encrypted ones. It needs the extra ``jwt``."""

from __future__ import annotations

from usersmanager.plugins import MissingExtraError

try:
    from .plugin import JwtUserInfo
except ModuleNotFoundError as error:
    if not str(error.name).startswith(("joserfc", "cryptography")):
        raise
    raise MissingExtraError(
        "it needs joserfc 1.6.8 or newer: python -m pip install 'usersmanager[jwt]'",
        name=error.name,
    ) from None

__all__ = ["JwtUserInfo"]
