"""PrivateKeyJwt: what a client signs, with which keys, and that each attempt has its own."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Mapping
from typing import Any
from unittest import mock

import pytest
from joserfc import jwt
from joserfc.jwk import Key, generate_key
from tenacity import wait_none
from tests.oauth.support import answer, form, perform
from tests.support import TENANT, shown_below_the_test

from usersmanager import ArgumentError, Request, Response, UsersManager
from usersmanager.oauth import PrivateKeyJwt, revoke_token
from usersmanager.operations import Secret
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry

ALGORITHMS = {"RS256": ("RSA", 2048), "PS384": ("RSA", 2048), "ES256": ("EC", "P-256")}
ALGORITHMS["ES512"] = ("EC", "P-521")


@functools.cache
def key_for(kind: Any, size: Any) -> Key:
    # Generating an RSA key takes long.
    return generate_key(kind, size)


RSA = key_for("RSA", 2048)
EC = key_for("EC", "P-256")  # Importing an RSA key takes long, too.
PEM = EC.as_pem(private=True)


def assertion(request: Request, key: Key = EC, algorithm: str = "ES256") -> Any:
    """Return the verified assertion of a request."""
    fields = dict(form(request))
    assert fields["client_assertion_type"] == (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    return jwt.decode(fields["client_assertion"], key, algorithms=[algorithm])


def sent(client: PrivateKeyJwt) -> Request:
    return perform(revoke_token("t", client=client), Response(200))[1]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_client_signs_who_it_is_and_whom_it_is_for(algorithm: str) -> None:
    key = key_for(*ALGORITHMS[algorithm])
    client = PrivateKeyJwt("app", key.as_pem(private=True), algorithm=algorithm, audience="them")
    request = sent(client)
    token = assertion(request, key, algorithm)
    claims = token.claims
    assert token.header == {"alg": algorithm, "typ": "JWT"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("app", "app", "them")
    assert claims["exp"] - claims["iat"] == 60
    assert abs(claims["iat"] - time.time()) < 30
    assert dict(form(request))["client_id"] == "app"


@pytest.mark.parametrize("seal", [lambda key: key, Secret])
def test_the_key_may_be_a_jwk_whose_kid_is_sent(seal: Any) -> None:
    jwk = {**EC.as_dict(private=True), "kid": "key-1"}
    token = assertion(sent(PrivateKeyJwt("app", seal(jwk), algorithm="ES256", audience="them")))
    assert token.header["kid"] == "key-1"


def test_the_audience_is_the_issuer_by_default() -> None:
    metadata = {"issuer": TENANT, "userinfo_endpoint": f"{TENANT}/userinfo"}
    fake = FakeTransport(answer({**metadata, "revocation_endpoint": f"{TENANT}/r"}), Response(200))
    client = PrivateKeyJwt("app", PEM, algorithm="ES256")
    with UsersManager.from_issuer(TENANT, transport=fake, discover=False) as users:
        users.call(revoke_token("t", client=client))
    assert assertion(fake.requests[1]).claims["aud"] == TENANT


def test_without_metadata_the_audience_must_be_given() -> None:
    with pytest.raises(ArgumentError, match=r"PrivateKeyJwt needs an audience.*from_issuer"):
        sent(PrivateKeyJwt("app", PEM, algorithm="ES256"))


def test_each_attempt_has_an_assertion_of_its_own() -> None:
    fake = FakeTransport(Response(503), Response(503), Response(200))
    client = PrivateKeyJwt("app", PEM, algorithm="ES256", audience="them")
    retry = Retry(3, wait=wait_none())
    with UsersManager(TENANT, transport=fake, discover=False, plugins=[retry]) as users:
        users.call(revoke_token("t", client=client))
    tokens = [assertion(request).claims["jti"] for request in fake.requests]
    assert len(set(tokens)) == 3
    # The form is made anew, so no field is repeated.
    assert [len(form(request)) for request in fake.requests] == [4, 4, 4]


def public(key: Key) -> bytes:
    return key.as_pem(private=False)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (public(RSA), "RS256"),
        (RSA.as_dict(private=False), "RS256"),
        (RSA.as_pem(private=True), "ES256"),
        (key_for("EC", "P-256").as_pem(private=True), "RS256"),
        (key_for("EC", "P-256").as_pem(private=True), "ES512"),
        ({"kty": "oct", "k": "hush-hush-hush-hush-hush-hush-hush"}, "RS256"),
        ({"kty": "RSA", "n": "hush"}, "RS256"),
        ("hush", "RS256"),
        (b"", "RS256"),
        ({}, "RS256"),
        (None, "RS256"),
        (7, "RS256"),
    ],
)
def test_anything_but_a_private_key_for_the_algorithm_is_refused(key: Any, algorithm: str) -> None:
    with pytest.raises(ArgumentError, match=f"key must be a private key for {algorithm}") as caught:
        PrivateKeyJwt("app", key, algorithm=algorithm, audience="them")
    shown = shown_below_the_test(caught.value)
    assert "hush" not in shown
    assert "PRIVATE" not in shown


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS1", "", None, []])
def test_an_algorithm_without_a_private_key_is_refused(algorithm: Any) -> None:
    with pytest.raises(ArgumentError, match="algorithm must be one of RS256, RS384"):
        PrivateKeyJwt("app", PEM, algorithm=algorithm)


@pytest.mark.parametrize("settings", [{"audience": ""}, {"audience": 7}, {"client_id": "é"}])
def test_other_arguments_are_checked(settings: Mapping[str, Any]) -> None:
    arguments: dict[str, Any] = {"client_id": "app", "key": PEM}
    with pytest.raises(ArgumentError, match=r"(audience|client_id) must be"):
        PrivateKeyJwt(**{**arguments, **settings})


def test_without_joserfc_the_error_says_what_to_install() -> None:
    with (
        mock.patch.dict(sys.modules, {"joserfc": None, "joserfc.jwk": None}),
        pytest.raises(ModuleNotFoundError, match=r"pip install 'usersmanager\[jwt\]'"),
    ):
        PrivateKeyJwt("app", "key")


def test_it_shows_its_id_and_not_its_key() -> None:
    assert repr(PrivateKeyJwt("app", PEM, algorithm="ES256")) == "<PrivateKeyJwt app>"
