"""Which keys of a JWK set are used."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.plugins.jwt.tokens import EC, RSA, encode, jwk

from usersmanager import ArgumentError
from usersmanager.plugins import Secret
from usersmanager_jwt.key_set import KeySet, parse_decryption_keys, parse_public_keys

SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
NUMBERS = SMALL.public_numbers()
SMALL_JWK = {
    "kty": "RSA",
    "n": encode(NUMBERS.n.to_bytes(128)),
    "e": "AQAB",
}
HUGE_JWK = SMALL_JWK | {"n": encode(b"\xff" * 2048)}


def parsed(*keys: Any) -> KeySet:
    key_set = parse_public_keys({"keys": list(keys)})
    assert isinstance(key_set, KeySet)
    return key_set


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"use": "sig"},
        {"key_ops": ["verify"]},
        {"use": "sig", "key_ops": ["verify", "sign"]},
        {"alg": "ES256"},
        {"kid": "1"},
        {"x-unknown": {"a": 1}},
    ],
)
def test_a_public_key_for_signatures_is_used(changes: dict[str, Any]) -> None:
    assert len(parsed(jwk(EC, **changes))) == 1


@pytest.mark.parametrize(
    "key",
    [
        None,
        7,
        "key",
        [],
        {},
        {"kty": None},
        {"kty": ["EC"]},
        {"kty": "EC"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
        jwk(EC, private=True),
        jwk(RSA, private=True),
        jwk(OctKey.generate_key(256)),
        jwk(OctKey.generate_key(256), private=True),
        jwk(EC, use="enc"),
        jwk(EC, use=["sig"]),
        jwk(EC, key_ops=["encrypt"]),
        jwk(EC, key_ops=[]),
        jwk(EC, key_ops="sign"),
        jwk(EC, key_ops=7),
        jwk(EC, key_ops=None),
        jwk(EC, use="sig", key_ops=["verify", "encrypt"]),
        jwk(EC, kid=7),
        jwk(EC, alg=7),
        jwk(EC, crv="P-999"),
        jwk(EC, x=7),
        jwk(EC, x="AAAA"),
        jwk(EC, x="!"),
        jwk(EC, x=jwk(EC)["y"]),
        jwk(RSA, n="AAAA"),
        jwk(RSA, n=7),
        jwk(RSA, e="AA"),
        jwk(RSA, e=""),
        SMALL_JWK,
        HUGE_JWK,
    ],
)
def test_any_other_key_is_ignored_and_those_beside_it_are_used(key: Any) -> None:
    assert len(parsed(key)) == 0
    assert len(parsed(key, jwk(EC), key)) == 1


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": {}}, {"keys": "keys"}])
def test_what_is_not_a_set_is_a_problem(jwks: dict[str, Any]) -> None:
    assert parse_public_keys(jwks) == "have no list of keys"


def test_at_most_a_hundred_keys_are_considered() -> None:
    assert len(parsed(*[jwk(EC)] * 101)) == 100
    assert len(parsed(*[None] * 100, jwk(EC))) == 0


def test_only_keys_that_fit_the_algorithm_are_candidates() -> None:
    other_curve = ECKey.generate_key("P-384")
    keys = parsed(
        jwk(EC, kid="1"),
        jwk(other_curve, kid="1"),
        jwk(RSA, kid="1"),
        jwk(RSA, kid="1", alg="PS256"),
    )
    counts = {alg: len(keys.candidates("1", alg)) for alg in ("ES256", "ES384", "ES512", "RS256")}
    assert counts == {"ES256": 1, "ES384": 1, "ES512": 0, "RS256": 1}
    assert len(keys.candidates("1", "PS256")) == 2


# Keys of the client.


@pytest.mark.parametrize(
    "value",
    [
        7,
        "keys",
        [],
        {},
        {"keys": []},
        {"keys": "keys"},
        {"keys": [None]},
        {"keys": [jwk(EC)]},
        {"keys": [jwk(EC, private=True, use="sig")]},
        {"keys": [jwk(EC, private=True, key_ops=["sign"])]},
        {"keys": [jwk(EC, private=True, d="!")]},
        {"keys": [jwk(EC, private=True), SMALL_JWK]},
        {"keys": [jwk(OctKey.generate_key(256), private=True)]},
        {"keys": [jwk(RSA, private=True, qi=None)]},
    ],
)
def test_decryption_keys_are_private_keys_for_encryption(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^decryption_keys: ") as caught:
        parse_decryption_keys(Secret(value))
    if isinstance(value, dict) and len(value.get("keys", ())) == 2:
        assert "key 2 " in str(caught.value)


def test_decryption_keys_may_say_what_they_are_for() -> None:
    rsa_key = RSAKey.import_key(RSA.as_pem(private=True))
    keys = [
        jwk(EC, private=True, use="enc"),
        jwk(EC, private=True, key_ops=["deriveKey"]),
        jwk(rsa_key, private=True, alg="RSA-OAEP", key_ops=["unwrapKey", "decrypt"]),
    ]
    parsed = parse_decryption_keys(Secret({"keys": tuple(keys)}))
    assert len(parsed.candidates(None, "ECDH-ES")) == 2
    assert len(parsed.candidates(None, "RSA-OAEP")) == 1
    assert len(parsed.candidates(None, "RSA-OAEP-256")) == 0
