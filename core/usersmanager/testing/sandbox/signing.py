"""SigningKeys: how the sandbox signs profiles, and the keys that it publishes. It needs joserfc."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from ...plugins import MissingExtraError

__all__ = ["SigningKeys"]

_KEY_TYPES: Final = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
_PUBLISHED: Final = 2


class SigningKeys:
    """The keys of a provider. The newest one signs.

    Args:
        algorithm: "RS256", "PS256" or "ES256".

    Raises:
        ValueError: it is another algorithm.
        MissingExtraError: joserfc is not installed (extra ``jwt``).
    """

    def __init__(self, algorithm: str) -> None:
        if algorithm not in _KEY_TYPES:
            raise ValueError(f"userinfo_signed_response_alg must be one of {', '.join(_KEY_TYPES)}")
        try:
            from joserfc.jwk import Key
        except ModuleNotFoundError as error:
            advice = "signed profiles need joserfc: python -m pip install 'usersmanager[jwt]'"
            raise MissingExtraError(advice, name=error.name) from None

        self._algorithm = algorithm
        self._keys: deque[Key] = deque(maxlen=_PUBLISHED)
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on. The previous one stays published."""
        from joserfc.jwk import generate_key

        parameters: Any = {"kid": secrets.token_hex(8), "use": "sig", "alg": self._algorithm}
        key_type = _KEY_TYPES[self._algorithm]
        self._keys.append(
            generate_key("EC", "P-256", parameters)
            if key_type == "EC"
            else generate_key("RSA", 2048, parameters)
        )

    def published(self) -> dict[str, Any]:
        """Return the public keys as a JWK set (RFC 7517, section 5)."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return claims as a signed JWT."""
        from joserfc import jwt

        key = self._keys[-1]
        header = {"alg": self._algorithm, "kid": key.kid}
        return jwt.encode(header, dict(claims), key, algorithms=[self._algorithm])
