"""from_issuer: the configuration of a provider, and the endpoint in it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.manager.issuer import ISSUER, add_configuration, fetch_profile

from usersmanager import (
    ArgumentError,
    DecodeError,
    NotFoundError,
    Response,
    UnauthorizedError,
    UsersManager,
)
from usersmanager.testing import FakeTransport, Sandbox


def test_the_endpoint_of_the_provider_is_requested(mode: Any, fake: FakeTransport) -> None:
    add_configuration(fake).profile("u")
    assert fetch_profile(mode, ISSUER, transport=fake).sub == "u"
    discovery, call = fake.requests
    assert discovery.operation == "discover"
    assert discovery.headers["Accept"] == "application/json"
    assert discovery.url == f"{ISSUER}/.well-known/openid-configuration"
    assert call.url == "https://api.example/v1/me"
    assert fake.closed


def test_the_discovery_request_has_no_token_and_passes_through_the_plugins(
    mode: Any, fake: FakeTransport
) -> None:
    add_configuration(fake).profile("u")
    fetch_profile(mode, ISSUER, transport=fake, headers={"X-A": "1"})
    headers = fake.requests[0].headers_to_send()
    assert "Authorization" not in headers
    assert headers["X-A"] == "1"
    assert headers["User-Agent"].startswith("usersmanager/")


def test_a_discovery_request_is_retried_after_a_transient_error(
    mode: Any, fake: FakeTransport
) -> None:
    add_configuration(fake.status(503, retry_after="0")).profile("u")
    assert fetch_profile(mode, ISSUER, transport=fake).sub == "u"
    assert [request.attempt for request in fake.requests] == [1, 2, 1]


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://accounts.example", ""),
        ("https://accounts.example/", ""),
        ("https://accounts.example/realms/one", "/realms/one"),
    ],
)
def test_the_document_is_below_the_path_of_the_issuer(
    mode: Any, fake: FakeTransport, issuer: str, path: str
) -> None:
    add_configuration(fake, issuer=issuer).profile("u")
    fetch_profile(mode, issuer, transport=fake)
    assert fake.requests[0].target == f"{path}/.well-known/openid-configuration"


@pytest.mark.parametrize("endpoint", ["https://api.example/me?v=2", "https://api.example/me/"])
def test_the_query_and_trailing_slash_of_the_endpoint_are_kept(
    mode: Any, fake: FakeTransport, endpoint: str
) -> None:
    add_configuration(fake, userinfo_endpoint=endpoint).profile("u")
    fetch_profile(mode, ISSUER, transport=fake)
    assert fake.requests[1].url == endpoint


@pytest.mark.parametrize(
    ("changes", "keyword"),
    [
        ({"issuer": "https://evil.example"}, "issuer mismatch"),
        ({"issuer": None}, "issuer mismatch"),
        ({"issuer": 7}, "issuer mismatch"),
        ({"issuer": ISSUER + "/"}, f"pass exactly '{ISSUER}/'"),
        ({"userinfo_endpoint": None}, "has no userinfo_endpoint"),
        ({"userinfo_endpoint": "https://user@api.example/me"}, "must not contain a user name"),
        ({"userinfo_endpoint": "/me"}, "must be an absolute URL"),
    ],
)
def test_an_untrustworthy_configuration_is_rejected(
    mode: Any, fake: FakeTransport, changes: dict[str, Any], keyword: str
) -> None:
    add_configuration(fake, **changes)
    with pytest.raises(DecodeError) as caught:
        fetch_profile(mode, ISSUER, transport=fake)
    assert str(caught.value).startswith(f"discover at {ISSUER} failed: ")
    assert keyword in str(caught.value)
    assert caught.value.operation == "discover"
    assert fake.closed
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("issuer", "endpoint"),
    [
        *(
            (ISSUER, f"http://{host}/me")
            for host in ("localhost", "127.0.0.1:9", "[::1]", "a.example")
        ),
        ("http://127.0.0.1:8080", "http://api.example/me"),
    ],
)
def test_an_http_endpoint_is_rejected_unless_it_and_the_issuer_are_loopback(
    mode: Any, fake: FakeTransport, issuer: str, endpoint: str
) -> None:
    add_configuration(fake, issuer=issuer, userinfo_endpoint=endpoint).profile("u")
    with pytest.raises(DecodeError, match="is http, not https") as caught:
        fetch_profile(mode, issuer, transport=fake)
    assert caught.value.operation == "discover"
    assert [request.operation for request in fake.requests] == ["discover"]
    assert fake.closed


def test_an_http_endpoint_of_an_https_issuer_can_be_allowed(mode: Any, fake: FakeTransport) -> None:
    add_configuration(fake, userinfo_endpoint="http://localhost/me").profile("u")
    assert fetch_profile(mode, ISSUER, transport=fake, allow_insecure=True).sub == "u"
    assert fake.requests[1].url == "http://localhost/me"


@pytest.mark.parametrize("endpoint", ["http://localhost:9/me", "https://api.example/me"])
def test_a_loopback_issuer_may_have_a_loopback_or_an_https_endpoint(
    mode: Any, fake: FakeTransport, endpoint: str
) -> None:
    issuer = "http://127.0.0.1:8080"
    add_configuration(fake, issuer=issuer, userinfo_endpoint=endpoint).profile("u")
    assert fetch_profile(mode, issuer, transport=fake).sub == "u"
    assert fake.requests[1].url == endpoint


@pytest.mark.parametrize(
    "response",
    [
        Response(200, {"Content-Type": "text/html"}, b"<html>"),
        Response(200, {"Content-Type": "application/json"}, b"[]"),
        Response(200, {"Content-Type": "application/jwt"}, b"e30.e30.e30"),
    ],
)
def test_a_malformed_configuration_is_a_decode_error(
    mode: Any, fake: FakeTransport, response: Response
) -> None:
    with pytest.raises(DecodeError, match=r"the configuration is (sent as|an array)"):
        fetch_profile(mode, ISSUER, transport=fake.add(response))
    assert fake.closed


# Which step finds the depth too great depends on the version of Python.
@pytest.mark.parametrize("depth", [400, 700, 990, 5000])
def test_a_configuration_that_is_nested_deeply_is_used_or_a_decode_error(
    mode: Any, fake: FakeTransport, depth: int
) -> None:
    start = f'{{"issuer": "{ISSUER}", "userinfo_endpoint": "{ISSUER}/me", "x": '
    opening = '{"x": '
    body = f"{start}{opening * depth}1{'}' * depth}}}".encode()
    fake.add(Response(200, {"Content-Type": "application/json"}, body)).profile("u")
    outcome: object
    try:
        outcome = fetch_profile(mode, ISSUER, transport=fake).sub
    except DecodeError as error:
        outcome = str(error)
    assert outcome in ("u", f"discover at {ISSUER} failed: the configuration is nested too deeply")
    assert fake.closed


def test_the_origin_of_an_error_is_that_of_the_endpoint_which_the_provider_names(
    mode: Any, fake: FakeTransport
) -> None:
    add_configuration(fake, userinfo_endpoint="https://api.example:8443/me").status(401)
    with pytest.raises(UnauthorizedError) as caught:
        fetch_profile(mode, ISSUER, transport=fake)
    assert caught.value.origin == "https://api.example:8443"


def test_a_missing_document_is_a_not_found_error(mode: Any, fake: FakeTransport) -> None:
    message = rf"discover at {ISSUER} failed with 404 Not Found: is issuer right\?$"
    with pytest.raises(NotFoundError, match=message):
        fetch_profile(mode, ISSUER, transport=fake.status(404))
    assert fake.closed


@pytest.mark.parametrize("issuer", [None, "", "accounts.example", "http://accounts.example"])
def test_an_invalid_issuer_is_rejected_before_sending(
    mode: Any, fake: FakeTransport, issuer: Any
) -> None:
    with pytest.raises(ArgumentError, match=r"^issuer "):
        fetch_profile(mode, issuer, transport=fake)
    assert fake.requests == []


def test_impersonate_is_sent_to_the_issuer(fake: FakeTransport) -> None:
    add_configuration(fake).link("https://t.example/x")
    settings = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
    with UsersManager.from_issuer(ISSUER, transport=fake) as users:
        users.impersonate("u", settings)
    assert fake.requests[1].url == f"{ISSUER}/users/u/impersonate"


def test_the_sandbox_is_an_issuer(mode: Any, sandbox: Sandbox) -> None:
    token = sandbox.issue_token("auth0|ada")
    assert fetch_profile(mode, sandbox.base_url, token).sub == "auth0|ada"
