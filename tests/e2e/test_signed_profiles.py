"""Signed and encrypted profiles of a certified provider, over every transport in both modes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from usersmanager import DecodeError, PluginError, UserInfo, UsersManager
from usersmanager_cache import Cache
from usersmanager_jwt import JwtUserInfo

if TYPE_CHECKING:
    from tests.e2e.conftest import CallIssuer

pytestmark = pytest.mark.e2e

CLIENTS = ["jwt", "ps256", "es256", "rsa", "rsa-256", "ecdh", "ecdh-kw"]

Fetch = Callable[..., UserInfo]


@cache
def client_keys() -> list[RSAKey | ECKey]:
    """Return the keys of the clients: that of RSA takes long to generate."""
    return [
        RSAKey.generate_key(2048, {"use": "enc", "kid": "rsa"}),
        ECKey.generate_key("P-256", {"use": "enc", "kid": "ec"}),
    ]


def key_set(*, private: bool) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=private) for key in client_keys()]}


@pytest.fixture(scope="module")
def encrypting(run_provider: Any) -> Iterator[Any]:
    """A provider that knows the public keys of its clients."""
    with run_provider(CLIENT_JWKS=json.dumps(key_set(private=False))) as provider:
        yield provider


@pytest.fixture(params=["the default", "native"])
def fetch_over(request: pytest.FixtureRequest, call_issuer: CallIssuer) -> Fetch:
    """Call `get_info` with a new manager over a transport, in either mode."""
    transport = "native" if request.param == "native" else None

    def fetch(issuer: str, token: str, *plugins: Any) -> UserInfo:
        (profile,) = call_issuer(
            issuer,
            lambda users: users.get_info(token, expected_subject="ada"),
            transport=transport,
            plugins=plugins,
        )
        assert isinstance(profile, UserInfo)
        return profile

    return fetch


@pytest.mark.parametrize("client", CLIENTS)
def test_a_profile_is_decrypted_and_verified(
    encrypting: Any, fetch_over: Fetch, client: str
) -> None:
    plugin = JwtUserInfo(client, decryption_keys=key_set(private=True))
    token = encrypting.token("ada", client=client)
    profile = fetch_over(encrypting.issuer, token, plugin, Cache())
    assert profile.name == "Ada Lovelace"
    assert (profile["iss"], profile["aud"]) == (encrypting.issuer, client)


@pytest.mark.parametrize(
    ("client", "plugin", "problem"),
    [
        ("jwt", JwtUserInfo("another"), "another audience"),
        ("es256", JwtUserInfo("es256", algorithms=["RS256"]), "algorithm that is allowed: RS256"),
        ("json", JwtUserInfo("json"), "is not signed"),
        ("rsa", JwtUserInfo("rsa"), "pass decryption_keys"),
        (
            "rsa",
            JwtUserInfo("rsa", decryption_keys={"keys": [key_set(private=True)["keys"][1]]}),
            "not in decryption_keys",
        ),
    ],
)
def test_what_does_not_agree_with_the_settings_is_refused(
    encrypting: Any, fetch_over: Fetch, client: str, plugin: JwtUserInfo, problem: str
) -> None:
    token = encrypting.token("ada", client=client)
    with pytest.raises(DecodeError, match=problem):
        fetch_over(encrypting.issuer, token, plugin)


def test_a_manager_without_metadata_is_refused(encrypting: Any) -> None:
    token = encrypting.token("ada", client="jwt")
    with (
        UsersManager(encrypting.issuer, plugins=[JwtUserInfo("jwt")]) as users,
        pytest.raises(PluginError, match="from_issuer"),
    ):
        users.get_info(token)
