"""from_issuer: the provider's configuration, and the endpoint that stands there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    DecodeError,
    NotFoundError,
    Response,
    UserInfo,
    UsersManager,
)
from usersmanager.testing import FakeTransport, Sandbox

ISSUER = "https://accounts.example"


def configured(fake: FakeTransport, **changes: Any) -> FakeTransport:
    """The answer that a provider gives about itself."""
    document = {"issuer": ISSUER, "userinfo_endpoint": "https://api.example/v1/me", **changes}
    body = json.dumps({name: value for name, value in document.items() if value is not None})
    return fake.add(Response(200, {"Content-Type": "application/json"}, body.encode()))


def fetched(mode: Any, issuer: str, token: str = "a-token", **settings: Any) -> UserInfo:
    """A profile by way of an issuer, in either mode."""
    if mode.name == "sync":
        with UsersManager.from_issuer(issuer, **settings) as users:
            return users.get_info(token)

    async def main() -> UserInfo:
        async with await AsyncUsersManager.from_issuer(issuer, **settings) as users:
            return await users.get_info(token)

    return asyncio.run(main())


def test_the_providers_own_endpoint_is_asked(mode: Any, fake: FakeTransport) -> None:
    configured(fake).profile("u")
    assert fetched(mode, ISSUER, transport=fake).sub == "u"
    discovery, call = fake.requests
    assert discovery.operation == "discover"
    assert discovery.headers["Accept"] == "application/json"
    assert discovery.url == f"{ISSUER}/.well-known/openid-configuration"
    assert call.url == "https://api.example/v1/me"
    assert fake.closed


def test_the_discovery_carries_no_token_and_passes_the_plugins(
    mode: Any, fake: FakeTransport
) -> None:
    configured(fake).profile("u")
    fetched(mode, ISSUER, transport=fake, headers={"X-A": "1"})
    wire = fake.requests[0].headers_to_send()
    assert "Authorization" not in wire
    assert wire["X-A"] == "1"
    assert wire["User-Agent"].startswith("usersmanager/")


def test_a_discovery_that_fails_in_passing_is_repeated(mode: Any, fake: FakeTransport) -> None:
    configured(fake.status(503, retry_after="0")).profile("u")
    assert fetched(mode, ISSUER, transport=fake).sub == "u"
    assert [request.attempt for request in fake.requests] == [1, 2, 1]


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://accounts.example", ""),
        ("https://accounts.example/", ""),
        ("https://accounts.example/realms/one", "/realms/one"),
    ],
)
def test_the_document_is_below_the_issuer(
    mode: Any, fake: FakeTransport, issuer: str, path: str
) -> None:
    configured(fake, issuer=issuer).profile("u")
    fetched(mode, issuer, transport=fake)
    assert fake.requests[0].target == f"{path}/.well-known/openid-configuration"


@pytest.mark.parametrize("endpoint", ["https://api.example/me?v=2", "https://api.example/me/"])
def test_the_endpoint_is_asked_as_it_is_written(
    mode: Any, fake: FakeTransport, endpoint: str
) -> None:
    configured(fake, userinfo_endpoint=endpoint).profile("u")
    fetched(mode, ISSUER, transport=fake)
    assert fake.requests[1].url == endpoint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": "https://evil.example"}, "issuer mismatch"),
        ({"issuer": None}, "issuer mismatch"),
        ({"issuer": 7}, "issuer mismatch"),
        ({"issuer": ISSUER + "/"}, f"it names '{ISSUER}/', pass exactly that"),
        ({"userinfo_endpoint": None}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": ["x"]}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": "https://user@api.example/me"}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": "https://api.example/a/../me"}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": "https://api.example/me#x"}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": "https://api.example/me?a b"}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": "/me"}, "no usable userinfo_endpoint"),
        ({"userinfo_endpoint": "javascript:alert(1)"}, "no usable userinfo_endpoint"),
    ],
)
def test_a_configuration_that_cannot_be_trusted_is_refused(
    mode: Any, fake: FakeTransport, changes: dict[str, Any], words: str
) -> None:
    configured(fake, **changes)
    with pytest.raises(DecodeError) as caught:
        fetched(mode, ISSUER, transport=fake)
    assert words in str(caught.value)
    assert caught.value.operation == "discover"
    assert fake.closed
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["http://localhost/me", "http://127.0.0.1:9/me", "http://[::1]/me", "http://api.example/me"],
)
def test_an_https_issuer_may_not_name_an_http_endpoint(
    mode: Any, fake: FakeTransport, endpoint: str
) -> None:
    configured(fake, userinfo_endpoint=endpoint).profile("u")
    with pytest.raises(DecodeError, match=r"is http, not https.*allow_insecure=True") as caught:
        fetched(mode, ISSUER, transport=fake)
    assert caught.value.operation == "discover"
    assert [request.operation for request in fake.requests] == ["discover"]
    assert fake.closed


def test_an_https_issuer_may_name_an_http_endpoint_if_insecure_is_allowed(
    mode: Any, fake: FakeTransport
) -> None:
    configured(fake, userinfo_endpoint="http://localhost/me").profile("u")
    assert fetched(mode, ISSUER, transport=fake, allow_insecure=True).sub == "u"
    assert fake.requests[1].url == "http://localhost/me"


@pytest.mark.parametrize("endpoint", ["http://localhost:9/me", "https://api.example/me"])
def test_a_loopback_issuer_may_name_a_loopback_or_an_https_endpoint(
    mode: Any, fake: FakeTransport, endpoint: str
) -> None:
    issuer = "http://127.0.0.1:8080"
    configured(fake, issuer=issuer, userinfo_endpoint=endpoint).profile("u")
    assert fetched(mode, issuer, transport=fake).sub == "u"
    assert fake.requests[1].url == endpoint


def test_a_loopback_issuer_may_not_name_an_http_endpoint_elsewhere(
    mode: Any, fake: FakeTransport
) -> None:
    issuer = "http://127.0.0.1:8080"
    configured(fake, issuer=issuer, userinfo_endpoint="http://api.example/me").profile("u")
    with pytest.raises(DecodeError, match=r"is http, not https.*allow_insecure=True"):
        fetched(mode, issuer, transport=fake)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, {"Content-Type": "text/html"}, b"<html>"),
        Response(200, {"Content-Type": "application/json"}, b"[]"),
        Response(200, {"Content-Type": "application/jwt"}, b"e30.e30.e30"),
    ],
)
def test_what_is_no_configuration_is_a_decode_error(
    mode: Any, fake: FakeTransport, answer: Response
) -> None:
    with pytest.raises(DecodeError, match="the configuration is not"):
        fetched(mode, ISSUER, transport=fake.add(answer))
    assert fake.closed


def test_a_provider_without_the_document_is_reported(mode: Any, fake: FakeTransport) -> None:
    with pytest.raises(NotFoundError, match=r"discover failed with 404 Not Found"):
        fetched(mode, ISSUER, transport=fake.status(404))
    assert fake.closed


@pytest.mark.parametrize("issuer", [None, "", "accounts.example", "http://accounts.example"])
def test_a_bad_issuer_is_refused_before_anything_is_sent(
    mode: Any, fake: FakeTransport, issuer: Any
) -> None:
    with pytest.raises(ArgumentError, match=r"^issuer "):
        fetched(mode, issuer, transport=fake)
    assert fake.requests == []


def test_impersonate_goes_to_the_issuer(fake: FakeTransport) -> None:
    configured(fake).link("https://t.example/x")
    settings = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
    with UsersManager.from_issuer(ISSUER, transport=fake) as users:
        users.impersonate("u", settings)
    assert fake.requests[1].url == f"{ISSUER}/users/u/impersonate"


def test_the_sandbox_is_an_issuer(mode: Any, sandbox: Sandbox) -> None:
    token = sandbox.issue_token("auth0|ada")
    assert fetched(mode, sandbox.base_url, token).sub == "auth0|ada"
