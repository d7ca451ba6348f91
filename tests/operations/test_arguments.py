"""The arguments of the operations, and the messages for invalid ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import TENANT

from usersmanager import ArgumentError, InvalidTokenError, UsersManager, UsersManagerError
from usersmanager.testing import FakeTransport

ErrorOf = Callable[[Callable[[], object]], UsersManagerError]


# Only a str may come from a request, so that another type is a mistake of the program.
@pytest.mark.parametrize(
    ("token", "kind", "message"),
    [
        (None, ArgumentError, "An access token is required"),
        ("", InvalidTokenError, "Invalid access token: it is empty"),
        ("  ", InvalidTokenError, "Invalid access token: it is empty"),
        ("Bearer a", InvalidTokenError, "Invalid access token: .*prefix"),
        ("a b", InvalidTokenError, "Invalid access token: .*characters not allowed"),
        ("a\r\nX: y", InvalidTokenError, "Invalid access token: .*characters not allowed"),
        ("a\n", InvalidTokenError, "Invalid access token: .*strip it"),
        ("t\u00f6ken", InvalidTokenError, "Invalid access token: .*characters not allowed"),
        ("\ud800", InvalidTokenError, "Invalid access token: .*characters not allowed"),
        (b"a", ArgumentError, "Invalid access token: .*not bytes"),
        (7, ArgumentError, "Invalid access token: .*not int"),
        (["a"], ArgumentError, "Invalid access token: .*not list"),
    ],
)
def test_a_bad_token_has_the_reference_message_and_advice(
    token: object,
    kind: type[ArgumentError],
    message: str,
    fetch: Callable[..., Any],
    fake: FakeTransport,
    error_of: ErrorOf,
) -> None:
    error = error_of(lambda: fetch(token))
    assert type(error) is kind
    assert error.operation == "get_info"
    assert re.match(message, str(error))
    assert fake.requests == []


@pytest.mark.parametrize("token", ["", "a b", "t\u00f6ken"])
def test_an_invalid_token_of_impersonate_is_a_mistake_of_the_program(
    token: str,
    impersonate: Callable[..., Any],
    impersonation: Callable[..., Any],
    error_of: ErrorOf,
) -> None:
    error = error_of(lambda: impersonate("u", impersonation(token=token)))
    assert type(error) is ArgumentError


# The messages up to a colon are those of the reference implementation.
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
    ("u", {"token": 7}, r"token field is required: .*not int"),
    ("u", {"token": b"a"}, r"token field is required: .*not bytes"),
    ("u", {"token": "Bearer a"}, r"token field is not .*prefix"),
    ("u", {"token": "a\n"}, r"token field is not .*strip it"),
    ("u", {"token": "a\r\nb"}, r"token field is not .*characters not allowed"),
    ("u", {"client_id": " "}, "client_id field is required"),
    ("u", {"client_id": "a", "clientId": "b"}, "client_id or clientId, not both"),
    ("u", {"additional_parameters": "x"}, "additional_parameters must be a mapping"),
    ("u", {"additional_parameters": {"a": object()}}, "JSON-serializable"),
    ("u", {"additional_parameters": {"a": float("nan")}}, "JSON-serializable"),
    ("u", {"protocol": "\ud800"}, "JSON-serializable"),
    ("u", {"impersonater_id": "x"}, "did you mean 'impersonator_id'"),
    ("u", {"tokn": "x"}, "did you mean 'token'"),
    ("u", {"clientID": "x"}, "did you mean 'clientId'"),
]


@pytest.mark.parametrize(("user_id", "changes", "pattern"), BAD_IMPERSONATIONS)
def test_a_bad_argument_of_impersonate_is_rejected_with_advice(
    user_id: object,
    changes: dict[str, Any],
    pattern: str,
    impersonate: Callable[..., Any],
    impersonation: Callable[..., Any],
    fake: FakeTransport,
    error_of: ErrorOf,
) -> None:
    error = error_of(lambda: impersonate(user_id, impersonation(**changes)))
    assert isinstance(error, ArgumentError)
    assert error.operation == "impersonate"
    assert re.search(pattern, str(error))
    assert fake.requests == []


@pytest.mark.parametrize("settings", ["x", 7, ["token"], [("token", "x")]])
def test_settings_that_are_not_a_mapping_have_the_reference_message(
    settings: object, impersonate: Callable[..., Any], error_of: ErrorOf
) -> None:
    error = error_of(lambda: impersonate("u", settings))
    assert str(error) == "Missing impersonation settings object"


def test_missing_settings_have_the_reference_message(
    error_of: ErrorOf, fake: FakeTransport
) -> None:
    with UsersManager(TENANT, transport=fake) as users:
        error = error_of(lambda: users.impersonate("u", None))  # type: ignore[call-overload] # None is not allowed.
    assert str(error) == "Missing impersonation settings object"


def test_settings_are_checked_in_the_order_of_the_reference(
    impersonate: Callable[..., Any], error_of: ErrorOf
) -> None:
    assert str(error_of(lambda: impersonate("u", {}))) == "impersonator_id field is required"
    assert (
        str(error_of(lambda: impersonate("u", {"impersonator_id": "x"})))
        == "protocol field is required"
    )


SETTINGS = [
    *("impersonator_id", "protocol", "token", "client_id", "clientId"),
    *("additional_parameters", "additionalParameters"),
]
NAMES = st.sampled_from(SETTINGS) | st.text(max_size=5)


@given(st.dictionaries(NAMES, st.text(max_size=5) | st.none() | st.integers(), max_size=3))
def test_any_settings_are_accepted_or_an_argument_error(settings: dict[str, Any]) -> None:
    fake = FakeTransport().link("https://t.example/x")
    with UsersManager(TENANT, transport=fake, discover=False) as users:
        complete = {"impersonator_id": "i", "protocol": "p", "token": "t", **settings}
        for candidate in (settings, complete):
            try:
                users.impersonate("u", candidate)
            except ArgumentError:
                continue
            assert set(candidate) <= set(SETTINGS)


def test_an_unknown_setting_that_may_be_a_secret_is_not_quoted(
    impersonate: Callable[..., Any], impersonation: Callable[..., Any], error_of: ErrorOf
) -> None:
    error = error_of(lambda: impersonate("u", impersonation(**{"e" * 61: "x"})))
    assert "eee" not in str(error)
