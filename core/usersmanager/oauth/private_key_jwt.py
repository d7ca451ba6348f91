"""PrivateKeyJwt: a client that signs an assertion with its private key (RFC 7523)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, final

from ..operations import ArgumentError, Request, Secret
from ..plugins import MissingExtraError
from .checks import check_client_id, check_optional_text

if TYPE_CHECKING:
    from joserfc.jwk import Key

__all__ = ["PrivateKeyJwt"]

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS: Final = 60
_KEY_TYPES: Final[dict[str, Literal["RSA", "EC"]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
}


@final
class PrivateKeyJwt:
    """A client that authenticates with a JWT signed by its private key.

    Servers accept a JWT only once, so each attempt sends a new one. It is valid for a minute.

    Args:
        client_id: the id of the client, printable ASCII.
        key: the private key: PEM, or a JWK (RFC 7517) as a mapping. The ``kid`` of a JWK is sent.
        algorithm: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or ES512.
        audience: the audience of the JWT. None stands for the issuer, which only a manager made by
            `UsersManager.from_issuer` knows. Some servers want the URL of their token endpoint.

    Raises:
        ArgumentError: an argument is invalid, or the key is not a private key for the algorithm.
            A call raises it, too, if the audience is None and the issuer is unknown.
        MissingExtraError: joserfc is not installed (extra ``jwt``).

    Example::

        client = PrivateKeyJwt("my-app", Path("key.pem").read_text())
        exchanged = users.call(exchange_token(token, client=client))

    Source: RFC 7523, sections 2.2 and 3; OpenID Connect Core 1.0, section 9.
    """

    __slots__ = ("_audience", "_header", "_key", "client_id")

    def __init__(
        self,
        client_id: str,
        key: str | bytes | Mapping[str, Any] | Secret[Any],
        *,
        algorithm: str = "RS256",
        audience: str | None = None,
    ) -> None:
        sealed: Secret[Any] = key if isinstance(key, Secret) else Secret(key)
        del key
        self.client_id: str = ""  # For the repr, should this fail.
        self.client_id = check_client_id(client_id)
        check_optional_text("audience", audience)
        if algorithm not in tuple(_KEY_TYPES):  # It may be unhashable.
            raise ArgumentError(f"algorithm must be one of {', '.join(_KEY_TYPES)}")
        self._audience = audience
        imported = _import_key(sealed, algorithm)
        if imported is None or not _can_sign(imported, algorithm):
            raise ArgumentError(f"key must be a private key for {algorithm}: PEM, or a JWK")
        self._key = imported
        self._header = {"alg": algorithm}
        if kid := getattr(self._key.reveal(), "kid", None):
            self._header["kid"] = kid

    def authorize(self, request: Request) -> Request:
        """Return the request with a new assertion.

        Raises:
            ArgumentError: the audience is unknown.
        """
        audience = self._audience or (request.provider or {}).get("issuer")
        if audience is None:
            raise ArgumentError(
                "PrivateKeyJwt needs an audience, as the issuer is unknown: create the manager with"
                " from_issuer, or pass audience="
            )
        return request.with_form(
            {
                "client_id": self.client_id,
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": _sign(self._header, self._claims(audience), self._key),
            }
        )

    def _claims(self, audience: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + _SECONDS,
        }

    def __repr__(self) -> str:
        return f"<PrivateKeyJwt {self.client_id}>"


def _import_key(key: Secret[Any], algorithm: str) -> Secret[Key] | None:
    """Return a key, or None if it is not one for the algorithm."""
    try:
        from joserfc.jwk import import_key
    except ModuleNotFoundError as error:
        advice = "PrivateKeyJwt needs joserfc: python -m pip install 'usersmanager[jwt]'"
        raise MissingExtraError(advice, name=error.name) from None
    try:
        return Secret(
            import_key(
                dict(key.reveal()) if isinstance(key.reveal(), Mapping) else key.reveal(),
                _KEY_TYPES[algorithm],
            )
        )
    except Exception:  # joserfc and cryptography raise many.
        return None


def _can_sign(key: Secret[Key], algorithm: str) -> bool:
    """Return whether a key is private, and of the curve or the size for an algorithm."""
    if not getattr(key.reveal(), "is_private", False):
        return False
    try:
        _sign({"alg": algorithm}, {}, key)
    except Exception:  # As above.
        return False
    return True


def _sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: Secret[Key]) -> Secret[str]:
    from joserfc import jwt

    return Secret(jwt.encode(dict(header), dict(claims), key.reveal(), algorithms=[header["alg"]]))
