"""Clients of the sandbox, and how they authenticate (RFC 6749, section 2.3; RFC 7523)."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_plus

__all__ = ["Client", "Clients"]

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KEY_TYPES: Final[Mapping[str, Any]] = {"RS": "RSA", "PS": "RSA", "ES": "EC"}


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. It is public if it has neither a secret nor a key.

    Attributes:
        client_id: its id.
        secret: its secret, or None.
        public_key: the key that verifies its assertions, in PEM or as a JWK, or None.
    """

    client_id: str
    secret: str | None = None
    public_key: str | dict[str, Any] | None = None

    @property
    def is_public(self) -> bool:
        """Whether it does not authenticate."""
        return self.secret is None and self.public_key is None


@dataclass(slots=True)
class Clients:
    """The registered clients."""

    _clients: dict[str, Client] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def add(self, client: Client) -> None:
        """Register a client, or replace it."""
        self._clients[client.client_id] = client

    def authenticate(
        self, authorization: str | None, form: Mapping[str, Any], audiences: set[str]
    ) -> Client | None:
        """Return the client that a request is from, or None.

        Args:
            authorization: the header Authorization.
            form: the fields of the request.
            audiences: whom an assertion may be for.
        """
        if authorization is not None:
            return self._by_secret(*_basic(authorization))
        if form.get("client_assertion_type") == _ASSERTION_TYPE:
            return self._by_assertion(str(form.get("client_assertion")), audiences)
        client_id, secret = str(form.get("client_id")), form.get("client_secret")
        if secret is not None:
            return self._by_secret(client_id, str(secret))
        client = self._clients.get(client_id)
        return client if client is not None and client.is_public else None

    def _by_secret(self, client_id: str, secret: str) -> Client | None:
        client = self._clients.get(client_id)
        return client if client is not None and client.secret == secret else None

    def _by_assertion(self, assertion: str, audiences: set[str]) -> Client | None:
        """Verify an assertion (RFC 7523, section 3), which may be used once."""
        from joserfc import errors, jwk, jws, jwt

        try:
            unverified = jws.extract_compact(assertion.encode())
            client = self._clients.get(str(json.loads(unverified.payload).get("iss")))
            if client is None or client.public_key is None:
                return None
            algorithm = str(unverified.headers().get("alg"))
            key: Any = jwk.import_key(client.public_key, _KEY_TYPES.get(algorithm[:2], "RSA"))
            claims = jwt.decode(assertion, key, algorithms=[algorithm]).claims
        except (errors.JoseError, AttributeError, ValueError):
            return None
        is_valid = (
            claims.get("sub") == client.client_id
            and claims.get("aud") in audiences
            and claims.get("exp", 0) > time.time()
            and bool(claims.get("jti"))
            and claims["jti"] not in self._used
        )
        self._used.add(str(claims.get("jti")))
        return client if is_valid else None


def _basic(authorization: str) -> tuple[str, str]:
    """Return the id and the secret in a header, which are form-encoded (RFC 6749, 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode() if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    client_id, _, secret = decoded.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
