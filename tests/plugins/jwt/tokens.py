"""Keys of a provider and of a client, and tokens made with them, right and wrong."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from joserfc import jwe, jws
from joserfc.jwk import ECKey, Key, RSAKey

ISSUER = "https://issuer.example"
CLIENT = "my-app"
NOW = int(time.time())

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
OTHER_EC = ECKey.generate_key("P-256")
ALL_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")


def jwk(key: Key, *, private: bool = False, **members: Any) -> dict[str, Any]:
    """Return a key as a JSON object."""
    return {**key.as_dict(private=private), **members}


def encode(value: object) -> str:
    """Return bytes, or a JSON value, in base64url."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def claims(**changes: Any) -> dict[str, Any]:
    """Return valid claims with some changes; None removes one."""
    now = int(time.time())
    valid = {"iss": ISSUER, "aud": CLIENT, "sub": "ada", "iat": now, "exp": now + 300}
    return {name: value for name, value in (valid | changes).items() if value is not None}


def sign(key: Key = EC, payload: object = None, **header: Any) -> bytes:
    """Return a signed token; a header of None removes the parameter."""
    members = {"alg": "ES256", "kid": "1"} | header
    return sign_raw(key, {name: v for name, v in members.items() if v is not None}, payload)


def sign_raw(key: Key, header: dict[str, Any] | bytes, payload: object = None) -> bytes:
    """Return a token with any header and payload, signed as the header says, or by ES256."""
    alg = header.get("alg") if isinstance(header, dict) else "ES256"
    content = claims() if payload is None else payload
    signed = f"{encode(header)}.{encode(content)}".encode()
    model = jws.JWSRegistry.algorithms.get(alg if isinstance(alg, str) else "ES256")
    assert model is not None
    return signed + b"." + encode(model.sign(signed, key)).encode()


class AnyHeader(jwe.JWERegistry):
    """Encrypt with any header and algorithm."""

    def check_header(self, header: Any, check_more: bool = False) -> None:
        pass

    def get_alg(self, name: str) -> Any:
        return self.algorithms["alg"][name]


def encrypt(content: bytes, key: Key = RSA, **header: Any) -> bytes:
    """Return an encrypted token; a header of None removes the parameter."""
    members = {"alg": "RSA-OAEP", "enc": "A128CBC-HS256", "cty": "JWT"} | header
    protected = {name: value for name, value in members.items() if value is not None}
    registry = AnyHeader(algorithms=[*jwe.JWERegistry.algorithms["enc"], "DEF"])
    return jwe.encrypt_compact(protected, content, key, registry=registry).encode()
