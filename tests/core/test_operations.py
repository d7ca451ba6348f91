"""The request specs: arguments, bodies, and the reference implementation's messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError, DecodeError, UsersManager, UsersManagerError
from usersmanager._operations.arguments import get_info_arguments
from usersmanager._operations.provider import userinfo_endpoint
from usersmanager._values.token import Secret
from usersmanager.testing import FakeTransport

Refused = Callable[[Callable[[], object]], UsersManagerError]
TENANT = "https://tenant.example"


def test_get_info_asks_for_userinfo_with_the_token(
    fetch: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.profile("auth0|1")
    fetch("a-token")
    (request,) = fake.requests
    assert (request.operation, request.method, request.url) == (
        "get_info",
        "GET",
        f"{TENANT}/userinfo",
    )
    assert (request.body, request.idempotent, request.attempt) == (None, True, 1)
    assert request.token.reveal() == "a-token"
    assert request.headers["Accept"] == "application/json"


def test_impersonate_posts_the_settings_without_the_token(
    impersonate: Callable[..., Any], impersonation: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.link("https://t.example/x")
    settings = impersonation(client_id="c", additional_parameters={"scope": "openid"})
    assert impersonate("auth0|a/b", settings) == "https://t.example/x"
    (request,) = fake.requests
    assert (request.method, request.target) == ("POST", "/users/auth0%7Ca%2Fb/impersonate")
    assert json.loads(request.body or b"") == {
        "client_id": "c",
        "impersonator_id": "auth0|boss",
        "protocol": "oauth2",
        "additionalParameters": {"scope": "openid"},
    }
    assert request.token.reveal() == "an-api-token"
    assert request.headers["Accept"].startswith("text/plain,")
    assert not request.idempotent
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("changes", "constructor", "client_id"),
    [
        ({}, {}, None),
        ({}, {"client_id": "mine"}, "mine"),
        ({"clientId": "theirs"}, {"client_id": "mine"}, "theirs"),
        ({"client_id": "theirs"}, {"client_id": "mine"}, "theirs"),
    ],
)
def test_the_settings_client_id_goes_before_the_constructors(
    changes: dict[str, str],
    constructor: dict[str, str],
    client_id: str | None,
    impersonate: Callable[..., Any],
    impersonation: Callable[..., Any],
    fake: FakeTransport,
) -> None:
    fake.link("https://t.example/x")
    impersonate("u", impersonation(**changes), **constructor)
    assert json.loads(fake.requests[0].body or b"").get("client_id") == client_id


def test_both_spellings_of_the_optional_settings_are_taken(
    impersonate: Callable[..., Any], impersonation: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.link("https://t.example/x").link("https://t.example/x")
    impersonate("u", impersonation(additionalParameters={"a": 1}))
    impersonate("u", impersonation(additional_parameters={"a": 1}))
    assert fake.requests[0].body == fake.requests[1].body


STRIP_IT = "it has leading or trailing whitespace: strip it"
NO_TOKEN_HAS_THESE = "it contains characters not allowed in a bearer token (RFC 6750, section 2.1)"


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, "An access token is required"),
        ("", "Invalid access token: it is empty"),
        ("  ", "Invalid access token: it is empty"),
        ("Bearer a", "Invalid access token: remove the 'Bearer ' prefix"),
        ("a b", f"Invalid access token: {NO_TOKEN_HAS_THESE}"),
        ("a\r\nX: y", f"Invalid access token: {NO_TOKEN_HAS_THESE}"),
        ("a\n", f"Invalid access token: {STRIP_IT}"),
        ("tökén", f"Invalid access token: {NO_TOKEN_HAS_THESE}"),
        (b"a", "Invalid access token: it must be a str, not bytes"),
        (7, "Invalid access token: it must be a str, not int"),
        (["a"], "Invalid access token: it must be a str, not list"),
    ],
)
def test_a_bad_token_has_the_reference_message_and_advice(
    token: object, message: str, fetch: Callable[..., Any], fake: FakeTransport, refused: Refused
) -> None:
    error = refused(lambda: fetch(token))
    assert isinstance(error, ArgumentError)
    assert isinstance(error, ValueError)
    assert (str(error), error.operation) == (message, "get_info")
    assert fake.requests == []


BAD_IMPERSONATIONS = [
    (None, {}, "You must specify a user ID"),
    ("", {}, "The user ID is not valid"),
    (" ", {}, "The user ID is not valid"),
    ("..", {}, "The user ID is not valid"),
    (7, {}, "The user ID is not valid"),
    ("u", {"impersonator_id": None}, "impersonator_id field is required"),
    ("u", {"impersonator_id": " "}, "impersonator_id field is required"),
    ("u", {"impersonator_id": 7}, "impersonator_id field is required"),
    ("u", {"protocol": None}, "protocol field is required"),
    ("u", {"protocol": ""}, "protocol field is required"),
    ("u", {"token": None}, "token field is required"),
    ("u", {"token": " "}, "token field is required"),
    ("u", {"token": 7}, "token field is required: it must be a str, not int"),
    ("u", {"token": b"a"}, "token field is required: it must be a str, not bytes"),
    ("u", {"token": "Bearer a"}, "token field is not a bearer token: remove the 'Bearer ' prefix"),
    ("u", {"token": "a\n"}, f"token field is not a bearer token: {STRIP_IT}"),
    ("u", {"token": "a\r\nb"}, f"token field is not a bearer token: {NO_TOKEN_HAS_THESE}"),
    ("u", {"client_id": " "}, "client_id field is required"),
    ("u", {"client_id": "a", "clientId": "b"}, "pass client_id or clientId, not both"),
    ("u", {"additional_parameters": "x"}, "additional_parameters must be a mapping"),
    (
        "u",
        {"additional_parameters": {"a": object()}},
        "the impersonation settings must be JSON-serializable",
    ),
    (
        "u",
        {"additional_parameters": {"a": float("nan")}},
        "the impersonation settings must be JSON-serializable",
    ),
    (
        "u",
        {"protocol": "\ud800"},
        "the impersonation settings must be JSON-serializable",
    ),
    (
        "u",
        {"impersonater_id": "x"},
        "no such impersonation setting: 'impersonater_id' (did you mean 'impersonator_id'?)",
    ),
    ("u", {"tokn": "x"}, "no such impersonation setting: 'tokn' (did you mean 'token'?)"),
]


@pytest.mark.parametrize(("user_id", "changes", "message"), BAD_IMPERSONATIONS)
def test_bad_impersonation_arguments_have_their_message(
    user_id: object,
    changes: dict[str, Any],
    message: str,
    impersonate: Callable[..., Any],
    impersonation: Callable[..., Any],
    fake: FakeTransport,
    refused: Refused,
) -> None:
    error = refused(lambda: impersonate(user_id, impersonation(**changes)))
    assert isinstance(error, ArgumentError)
    assert (str(error), error.operation) == (message, "impersonate")
    assert fake.requests == []


@pytest.mark.parametrize("settings", ["x", 7, ["token"], [("token", "x")]])
def test_settings_that_are_no_mapping_have_the_reference_message(
    settings: object, impersonate: Callable[..., Any], refused: Refused
) -> None:
    error = refused(lambda: impersonate("u", settings))
    assert str(error) == "Missing impersonation settings object"


def test_missing_settings_have_the_reference_message(refused: Refused, fake: FakeTransport) -> None:
    with UsersManager(TENANT, transport=fake) as users:
        error = refused(lambda: users.impersonate("u", None))  # type: ignore[call-overload]
    assert str(error) == "Missing impersonation settings object"


def test_the_checks_come_in_the_reference_order(
    impersonate: Callable[..., Any], refused: Refused
) -> None:
    assert str(refused(lambda: impersonate("u", {}))) == "impersonator_id field is required"
    assert (
        str(refused(lambda: impersonate("u", {"impersonator_id": "x"})))
        == "protocol field is required"
    )


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.none() | st.integers()))
def test_any_settings_are_taken_or_an_argument_error(settings: dict[str, Any]) -> None:
    fake = FakeTransport().link("https://t.example/x")
    with UsersManager(TENANT, transport=fake, discover=False) as users:
        complete = {"impersonator_id": "i", "protocol": "p", "token": "t", **settings}
        for candidate in (settings, complete):
            try:
                users.impersonate("u", candidate)
            except ArgumentError:
                continue
            assert set(candidate) <= {
                "impersonator_id", "protocol", "token", "client_id", "clientId",
                "additional_parameters", "additionalParameters",
            }  # fmt: skip


def test_checked_arguments_are_not_shown() -> None:
    assert repr(get_info_arguments(Secret("hush"))) == "<Arguments>"


@pytest.mark.parametrize(
    ("issuer", "named", "advice"),
    [
        ("https://a.example/", "https://a.example", True),
        ("https://a.example", "https://a.example//", True),
        ("https://a.example", "https://a.exampleX", False),
        ("https://a.exampleX", "https://a.example", False),
        ("https://a.example", None, False),
    ],
)
def test_another_issuer_is_told_only_if_it_is_the_same_but_for_slashes(
    issuer: str, named: str | None, advice: bool
) -> None:
    configuration = {"issuer": named, "userinfo_endpoint": "https://a.example/me"}
    with pytest.raises(DecodeError) as caught:
        userinfo_endpoint(configuration, issuer, allow_insecure=False)
    told = f": it names {named!r}, pass exactly that" if advice else ""
    assert str(caught.value) == f"issuer mismatch in the provider configuration{told}"


def test_an_endpoint_in_the_clear_needs_an_explicit_word() -> None:
    configuration = {"issuer": "https://a", "userinfo_endpoint": "http://a/me"}
    assert str(userinfo_endpoint(configuration, "https://a", allow_insecure=True)) == "http://a/me"
    with pytest.raises(DecodeError) as caught:
        userinfo_endpoint(configuration, "https://a", allow_insecure=False)
    assert str(caught.value) == (
        "the userinfo_endpoint in the provider configuration is http, not https: the token"
        " would be sent in the clear (allow_insecure=True permits it)"
    )


def test_a_misplaced_secret_in_an_unknown_key_is_not_shown(
    impersonate: Callable[..., Any], impersonation: Callable[..., Any], refused: Refused
) -> None:
    error = refused(lambda: impersonate("u", impersonation(**{"e" * 61: "x"})))
    assert "eee" not in str(error)
