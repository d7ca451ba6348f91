"""Which tokens are accepted, and which are refused with what reason."""

from __future__ import annotations

import json
import time
import zlib
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey
from tests.plugins.jwt.checking import check
from tests.plugins.jwt.tokens import (
    ALL_ALGORITHMS,
    CLIENT,
    EC,
    ISSUER,
    NOW,
    OTHER_EC,
    RSA,
    claims,
    encode,
    encrypt,
    jwk,
    sign,
    sign_raw,
)

from usersmanager.plugins import Secret
from usersmanager_jwt.key_set import parse_decryption_keys

# joserfc refuses to import the text of a public key as a secret.
HMAC = OctKey(RSA.as_pem(private=False), RSA.as_pem(private=False))


@pytest.mark.parametrize(
    "token",
    [
        sign(),
        sign(RSA, alg="RS256", kid="2"),
        sign(RSA, alg="PS256", kid="2"),
        sign(kid=None),
        sign(typ="JWT"),
        sign(typ="jwt", cty=7, iss="anything"),
        sign(b64=True),
        b"\r\n" + sign() + b"\n",
        # A key that the token brings along is not even looked at.
        sign(jku="https://attacker.example/keys", jwk=jwk(OTHER_EC), x5u="file:///etc/passwd"),
        sign(jku=7, jwk="nonsense", x5u=[], x5c={}),
        encrypt(sign()),
        encrypt(sign(), alg="RSA-OAEP-256", enc="A256GCM"),
        encrypt(sign(), iss=ISSUER, aud=CLIENT),
        encrypt(sign(), cty=None),
        encrypt(sign(), jku=7, jwk="nonsense", x5u=[], x5c={}),
        encrypt(sign(), kid="3"),  # The key of the client has no id.
        sign(payload=claims(aud=["another", CLIENT])),
        sign(payload=claims(exp=None)),
        sign(payload=claims(exp=NOW - 59.5)),
        sign(payload=claims(exp=NOW + 0.5)),
        sign(payload=claims(nbf=NOW + 60)),
        sign(payload=claims(exp=10**400)),
    ],
)
def test_a_signed_profile_for_this_client_is_accepted(token: bytes) -> None:
    payload = check(token)
    assert isinstance(payload, bytes), payload
    assert json.loads(payload)["sub"] == "ada"


@pytest.mark.parametrize("algorithm", ALL_ALGORITHMS)
def test_each_algorithm_is_accepted_if_it_is_allowed_and_only_then(algorithm: str) -> None:
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    key: Any = ECKey.generate_key(curves[algorithm]) if algorithm in curves else RSA
    token = sign(key, alg=algorithm, kid=None)
    published = [jwk(key)]
    assert isinstance(check(token, published, algorithms=(algorithm,)), bytes)
    others = tuple(name for name in ALL_ALGORITHMS if name != algorithm)
    assert "algorithm that is allowed" in str(check(token, published, algorithms=others))


@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A192GCM"])
@pytest.mark.parametrize("alg", ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"])
@pytest.mark.parametrize("key", [EC, OKPKey.generate_key("X25519")], ids=["P-256", "X25519"])
def test_a_profile_that_is_encrypted_for_a_curve_is_decrypted(key: Any, alg: str, enc: str) -> None:
    keys = parse_decryption_keys(Secret({"keys": [jwk(key, private=True)]}))
    token = encrypt(sign(), key, alg=alg, enc=enc)
    assert isinstance(check(token, decryption=keys), bytes)


def swapped(token: bytes, **changes: Any) -> bytes:
    """Return a token with another header, and the signature of the old one."""
    header = {"alg": "ES256", "kid": "1"} | changes
    return b".".join([encode(header).encode(), *token.split(b".")[1:]])


def with_payload(token: bytes, payload: object) -> bytes:
    header, _, signature = token.split(b".")
    return b".".join([header, encode(payload).encode(), signature])


def with_header(header: dict[str, Any]) -> bytes:
    """Return what looks like an encrypted token."""
    return f"{encode({'enc': 'A128GCM'} | header)}.AA.AA.AA.AA".encode()


def nested(times: int) -> bytes:
    token = sign()
    for _ in range(times):
        token = encrypt(token)
    return token


ALGORITHM = "algorithm that is allowed"
SIGNATURE = "signature that is not valid"
UNKNOWN_KEY = "does not publish"
NOT_A_TOKEN = "is not a JWT"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        # Algorithms.
        (sign_raw(EC, {"alg": "none"}), ALGORITHM),
        (f"{encode({'alg': 'none'})}.{encode(claims())}.".encode(), ALGORITHM),
        (f"{encode({'alg': 'nOnE'})}.{encode(claims())}.".encode(), ALGORITHM),
        (sign(HMAC, alg="HS256", kid="2"), ALGORITHM),
        (sign(HMAC, alg="HS512", kid="2"), ALGORITHM),
        (sign(OKPKey.generate_key("Ed25519"), alg="Ed25519"), ALGORITHM),
        (swapped(sign(), alg="RS256"), UNKNOWN_KEY),
        (swapped(sign(), alg="RS256", kid="2"), SIGNATURE),
        (swapped(sign(RSA, alg="PS256", kid="2"), alg="RS256", kid="2"), SIGNATURE),
        (swapped(sign(RSA, alg="RS256", kid="2"), alg="ES256", kid="1"), SIGNATURE),
        (swapped(sign(), alg="HS256"), ALGORITHM),
        (swapped(sign(), alg=None), "alg is not a string"),
        (swapped(sign(), alg=["ES256"]), "alg is not a string"),
        (swapped(sign(), alg={"a": 1}), "alg is not a string"),
        (swapped(sign(), alg=""), "without alg"),
        (sign_raw(EC, {"kid": "1"}), "without alg"),
        # Keys.
        (sign(OTHER_EC), SIGNATURE),
        (sign(OTHER_EC, kid=None), SIGNATURE),
        (sign(OTHER_EC, jwk=jwk(OTHER_EC)), SIGNATURE),
        (sign(RSA, alg="RS256", kid="1"), UNKNOWN_KEY),
        (sign(kid="3"), UNKNOWN_KEY),
        (sign(kid=""), UNKNOWN_KEY),
        (sign(kid="../../../../etc/passwd"), UNKNOWN_KEY),
        (sign(kid="https://attacker.example/keys"), UNKNOWN_KEY),
        (sign(kid="1' OR '1'='1"), UNKNOWN_KEY),
        (sign(kid=1), "kid is not a string"),
        (sign(kid=["1"]), "kid is not a string"),
        # The header.
        (sign(crit=["exp"]), "crit"),
        (sign(crit=[]), "crit"),
        (sign(crit=["b64"], b64=False), "crit"),
        (sign(b64=False), "b64"),
        (sign(b64="true"), "b64"),
        (sign(zip="DEF"), "zip"),
        (sign(typ="at+jwt"), "another type"),
        (sign(typ="application/logout+JWT"), "another type"),
        (sign(typ=7), "typ is not a string"),
        (sign(padding="x" * 20_000), "more than 16 KiB"),
        (sign_raw(EC, b'{"alg": "none", "alg": "ES256", "kid": "1"}'), "not a JSON object"),
        (sign_raw(EC, b'{"alg": "ES256", "kid": "1", "x": {"a": 1, "a": 2}}'), "not a JSON object"),
        (sign_raw(EC, b'{"alg": "ES256", "kid": "1", "x": NaN}'), "not a JSON object"),
        (sign_raw(EC, b'{"alg": "ES256", "kid": "1", "x": ' + b"[" * 5000), "not a JSON object"),
        (sign_raw(EC, b'["ES256"]'), "not a JSON object"),
        (sign_raw(EC, b"\xff"), "not a JSON object"),
        (b"A" + sign(), "not a JSON object"),
        # The form.
        (b"", NOT_A_TOKEN),
        (b"nonsense", NOT_A_TOKEN),
        (b"..", NOT_A_TOKEN),
        (b"a.b", NOT_A_TOKEN),
        (b"a.b.c.d", NOT_A_TOKEN),
        (b"a.b.c.d.e.f", NOT_A_TOKEN),
        (b'{"sub": "ada"}', NOT_A_TOKEN),
        (sign().replace(b".", b"\n.", 1), NOT_A_TOKEN),
        (sign() + b"=", NOT_A_TOKEN),
        (sign() + b"." + sign(), NOT_A_TOKEN),
        (sign()[:-4], SIGNATURE),
        (sign() + b"AAAA", SIGNATURE),
        (sign().rpartition(b".")[0] + b".", SIGNATURE),
        (sign().rpartition(b".")[0] + b"." + encode(bytes(64)).encode(), SIGNATURE),
        (with_payload(sign(), claims(sub="eve")), SIGNATURE),
        (with_payload(sign(), b""), SIGNATURE),
        # The payload.
        (sign(payload=sign()), "payload that is not a JSON object"),
        (sign(payload=["ada"]), "payload that is not a JSON object"),
        (sign(payload=b'{"iss": "a", "iss": "b"}'), "payload that is not a JSON object"),
        (sign(payload=b'{"exp": NaN}'), "payload that is not a JSON object"),
        (sign(payload=b"[" * 100_000), "payload that is not a JSON object"),
        (sign(payload=claims(iss=None)), "has no iss"),
        (sign(payload=claims(iss="https://another.example")), "another issuer"),
        (sign(payload=claims(iss=ISSUER + "/")), "another issuer"),
        (sign(payload=claims(iss=[ISSUER])), "another issuer"),
        (sign(payload=claims(aud=None)), "has no aud"),
        (sign(payload=claims(aud="another")), "another audience"),
        (sign(payload=claims(aud=f"{CLIENT},another")), "another audience"),
        (sign(payload=claims(aud=[])), "another audience"),
        (sign(payload=claims(aud=[[CLIENT]])), "another audience"),
        (sign(payload=claims(aud={CLIENT: 1})), "another audience"),
        (sign(payload=claims(exp=NOW - 60)), "has expired"),
        (sign(payload=claims(exp=-(10**400))), "has expired"),
        (sign(payload=claims(exp=str(NOW + 300))), "not a number"),
        (sign(payload=claims(exp=True)), "not a number"),
        (sign(payload=claims() | {"exp": None}), "not a number"),
        (sign(payload=claims(nbf=NOW + 60.5)), "not valid yet"),
        (sign(payload=claims(nbf="now")), "not a number"),
        # Encryption.
        (nested(2), "encrypted twice"),
        (nested(8), "encrypted twice"),
        (encrypt(json.dumps(claims()).encode()), "but not signed"),
        (encrypt(b""), "but not signed"),
        (encrypt(sign_raw(EC, {"alg": "none"})), ALGORITHM),
        (encrypt(zlib.compress(bytes(100_000))), "but not signed"),
        (encrypt(sign(), zip="DEF"), "zip"),
        (encrypt(bytes(1_000_000), zip="DEF"), "zip"),
        (encrypt(sign(), RSA, alg="RSA1_5"), "algorithm that is not allowed"),
        (encrypt(sign(), OctKey.generate_key(256), alg="dir"), "algorithm that is not allowed"),
        (encrypt(sign(), OctKey.generate_key(128), alg="A128KW"), "algorithm that is not allowed"),
        (with_header({"alg": "PBES2-HS256+A128KW", "p2s": "AA", "p2c": 2**31}), "not allowed"),
        (with_header({"alg": "dir"}), "algorithm that is not allowed"),
        (with_header({"alg": "RSA-OAEP", "enc": "A128CBC"}), "algorithm that is not allowed"),
        (with_header({"alg": "RSA-OAEP", "enc": None}), "enc is not a string"),
        (with_header({"alg": "ECDH-ES", "epk": "x"}), "not in decryption_keys"),
        (encrypt(sign(), crit=["exp"], exp=1), "crit"),
        (encrypt(sign(), EC, alg="ECDH-ES"), "not in decryption_keys"),
        (b"AAAA" + encrypt(sign()), "not a JSON object"),
        (encrypt(sign())[:-4] + b"AAAA", "can't be decrypted"),
        (encrypt(sign()).rpartition(b".")[0] + b".", "can't be decrypted"),
    ],
)
def test_any_other_token_is_refused_with_the_reason(token: bytes, reason: str) -> None:
    outcome = check(token)
    assert isinstance(outcome, str)
    assert reason in outcome


def test_a_leeway_of_nothing_is_exact() -> None:
    assert check(sign(payload=claims(exp=NOW)), leeway=0) == "has expired (exp)"


def test_an_encrypted_profile_without_keys_says_what_to_pass() -> None:
    assert "pass decryption_keys" in str(check(encrypt(sign()), decryption=None))


@pytest.mark.parametrize(
    "body",
    [
        b"A" * 10_000_000 + b".e30.AAAA",
        sign(padding="x" * 10_000_000),
        b"." * 10_000_000,
        b"a" + b".b" * 5_000_000,
        b'{"alg":' * 1_000_000,
        encrypt(b"x", padding="x" * 10_000_000),
        encode({"alg": "RSA-OAEP", "enc": "A128GCM"}).encode()
        + b".a.b."
        + b"A" * 10_000_000
        + b".c",
        sign(payload=claims(padding="x" * 10_000_000)),
    ],
    ids=range(8),
)
def test_a_huge_body_is_refused_before_any_work(body: bytes) -> None:
    started = time.process_time()
    assert "is not a JWT" in str(check(body))
    assert time.process_time() - started < 0.5


def test_of_two_keys_with_one_id_the_right_one_verifies() -> None:
    published = [jwk(OTHER_EC, kid="1"), jwk(EC, kid="1"), jwk(RSA, kid="1")]
    assert isinstance(check(sign(), published), bytes)
    assert isinstance(check(sign(OTHER_EC), published), bytes)
    assert isinstance(check(sign(RSA, alg="RS256"), published), bytes)


def test_at_most_four_keys_are_tried() -> None:
    others = [jwk(ECKey.generate_key("P-256"), kid="1") for _ in range(4)]
    assert isinstance(check(sign(), [*others[1:], jwk(EC, kid="1")]), bytes)
    assert SIGNATURE in str(check(sign(), [*others, jwk(EC, kid="1")]))
    # Keys that don't fit are not counted.
    unfit = [jwk(RSA, kid="1")] * 10
    assert isinstance(check(sign(), [*unfit, *others[1:], jwk(EC, kid="1")]), bytes)


def test_a_public_key_without_an_id_is_tried_if_no_key_has_the_id_of_the_token() -> None:
    assert isinstance(check(sign(), [jwk(EC)]), bytes)
    assert SIGNATURE in str(check(sign(), [jwk(OTHER_EC, kid="1"), jwk(EC)]))


def test_a_key_of_the_client_decrypts_only_what_names_it_or_no_key() -> None:
    keys = parse_decryption_keys(Secret({"keys": [jwk(EC, private=True, kid="1", use="enc")]}))
    for kid in ("1", None):
        token = encrypt(sign(), EC, alg="ECDH-ES", kid=kid)
        assert isinstance(check(token, decryption=keys), bytes)
    token = encrypt(sign(), EC, alg="ECDH-ES", kid="2")
    assert "not in decryption_keys" in str(check(token, decryption=keys))
    malformed = encrypt(sign(), EC, alg="ECDH-ES").partition(b".")[2]
    header = encode({"alg": "ECDH-ES", "enc": "A128GCM", "epk": {"kty": "EC", "crv": "P-256"}})
    assert "can't be decrypted" in str(check(header.encode() + b"." + malformed, decryption=keys))


def test_no_reason_quotes_the_token() -> None:
    hostile = "attacker-controlled"
    tokens = [
        sign(kid=hostile),
        sign(typ=f"{hostile}+jwt"),
        sign_raw(EC, {"alg": "ES256", "kid": "1", "crit": [hostile]}),
        f"{encode({'alg': hostile})}.{encode({})}.{encode(b'x')}".encode(),
        sign(payload=claims(iss=hostile)),
        sign(payload=claims(aud=hostile)),
        sign(payload=claims(exp=hostile)),
        encrypt(hostile.encode()),
    ]
    for token in tokens:
        outcome = check(token)
        assert isinstance(outcome, str)
        assert hostile not in outcome
