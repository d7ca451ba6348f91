"""session_link: only for a session transfer token, and only to where no link leaks."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.oauth.support import exchanged
from tests.support import shown_below_the_test

from usersmanager import ArgumentError
from usersmanager.oauth import ExchangedToken, session_link

SESSION_TRANSFER = "urn:auth0:params:oauth:token-type:session_transfer_token"
LOGIN = "https://app.example/login"


def issued(token: str = "stt") -> ExchangedToken:
    """Return an issued session transfer token. Auth0 leaves its token_type out."""
    return exchanged(access_token=token, issued_token_type=SESSION_TRANSFER, token_type=None)


@pytest.mark.parametrize(
    ("login_uri", "link"),
    [
        (LOGIN, f"{LOGIN}?session_transfer_token=stt"),
        (f"{LOGIN}?a=b%20c", f"{LOGIN}?a=b%20c&session_transfer_token=stt"),
        (f"{LOGIN}?", f"{LOGIN}?session_transfer_token=stt"),
        (f"{LOGIN}?a&", f"{LOGIN}?a&session_transfer_token=stt"),
        ("https://app.example", "https://app.example?session_transfer_token=stt"),
        ("HTTPS://App.Example:8443/x", "HTTPS://App.Example:8443/x?session_transfer_token=stt"),
        ("http://localhost:3000/l", "http://localhost:3000/l?session_transfer_token=stt"),
        ("http://app.localhost/l", "http://app.localhost/l?session_transfer_token=stt"),
        ("http://127.0.0.1/l", "http://127.0.0.1/l?session_transfer_token=stt"),
        ("http://[::1]:1/l", "http://[::1]:1/l?session_transfer_token=stt"),
    ],
)
def test_the_token_is_added_to_the_query_of_the_login_uri(login_uri: str, link: str) -> None:
    assert session_link(login_uri, issued()) == link


def test_token_and_organization_are_encoded() -> None:
    link = session_link(LOGIN, issued("a+b/c=&d e"), organization="org&x=1")
    assert link.startswith(f"{LOGIN}?session_transfer_token=a%2Bb%2Fc%3D%26d%20e&organization=")
    assert parse_qsl(urlsplit(link).query) == [
        ("session_transfer_token", "a+b/c=&d e"),
        ("organization", "org&x=1"),
    ]


@pytest.mark.parametrize(
    ("login_uri", "message"),
    [
        ("http://app.example/login", "must begin with https://"),
        ("http://127.0.0.1.nip.io/", "must begin with https://"),
        ("http://localhost.example/", "must begin with https://"),
        ("javascript://app.example/%0ahush", "must begin with https://"),
        ("ftp://localhost/", "must begin with https://"),
        ("/login", "must be an absolute URL"),
        ("https:login", "must be an absolute URL"),
        ("https:///login", "must be an absolute URL"),
        ("https://user:hush@app.example/", "must not contain a user name"),
        ("https://app.example@hush.example/", "must not contain a user name"),
        (f"{LOGIN}#hush", "must not contain a fragment"),
        ("https://app.example\\@hush.example/", "must be a URL in ASCII"),
        (f"{LOGIN}?a=\nhush", "must be a URL in ASCII"),
        (f" {LOGIN}", "must be a URL in ASCII"),
        ("https://äpp.example/", "must be a URL in ASCII"),
        ("https://app.example:hush/", "has no valid host and port"),
        ("https://[hush/", "has no valid host and port"),
        (f"{LOGIN}?session_transfer_token=hush", "must not contain session_transfer_token or"),
        (f"{LOGIN}?organization=hush", "must not contain session_transfer_token or"),
        ("", "must be a URL in ASCII"),
        (None, "must be a str"),
        (b"hush", "must be a str"),
    ],
)
def test_another_login_uri_is_refused_and_not_shown(login_uri: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"login_uri {message}") as caught:
        session_link(login_uri, issued())
    assert "hush" not in shown_below_the_test(caught.value)


@pytest.mark.parametrize("token_type", ["urn:ietf:params:oauth:token-type:access_token", "urn:x"])
def test_only_a_session_transfer_token_makes_a_link(token_type: str) -> None:
    with pytest.raises(ArgumentError, match=r"not a session transfer token.*session_transfer"):
        session_link(LOGIN, exchanged(issued_token_type=token_type))


@pytest.mark.parametrize("value", ["stt", None, {"access_token": "stt"}])
def test_only_the_result_of_an_exchange_makes_a_link(value: Any) -> None:
    with pytest.raises(ArgumentError, match="must be the result of exchange_token"):
        session_link(LOGIN, value)


@pytest.mark.parametrize("organization", ["", " ", 7])
def test_an_organization_is_a_text(organization: Any) -> None:
    with pytest.raises(ArgumentError, match="organization must be None or a non-empty str"):
        session_link(LOGIN, issued(), organization=organization)
