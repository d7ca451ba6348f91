"""The client with oidc-provider, a certified OpenID provider."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from usersmanager import (
    DecodeError,
    ForbiddenError,
    NotFoundError,
    SubjectMismatchError,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from tests.e2e.conftest import Fetch, Provider, RunProvider

pytestmark = pytest.mark.e2e


def test_a_profile_has_typed_claims_and_keeps_unknown_ones(
    provider: Provider, fetch: Fetch
) -> None:
    token = provider.token("ada", scope="openid profile email address")

    profile = fetch(provider.issuer, token)

    assert profile.sub == "ada"
    assert profile.name == "Ada Lovelace"
    assert profile.email == "ada@example.com"
    assert profile.email_verified is True
    assert profile.updated_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert profile.address == {"locality": "London", "country": "GB"}
    assert profile["https://example.com/roles"] == ["author", "admin"]


def test_each_token_returns_the_profile_of_its_user(provider: Provider, fetch: Fetch) -> None:
    tokens = {name: provider.token(name) for name in ("ada", "grace")}

    assert {name: fetch(provider.issuer, token).sub for name, token in tokens.items()} == {
        "ada": "ada",
        "grace": "grace",
    }


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "email_verified"}),
        ("openid profile", {"sub", "name", "updated_at", "https://example.com/roles"}),
        ("openid address", {"sub", "address"}),
    ],
)
def test_the_claims_follow_the_scope(
    provider: Provider, fetch: Fetch, scope: str, claims: set[str]
) -> None:
    profile = fetch(provider.issuer, provider.token("ada", scope))

    assert set(profile) == claims


def test_an_unknown_token_is_unauthorized(provider: Provider, fetch: Fetch) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        fetch(provider.issuer, "not-one-of-yours")

    assert_invalid_token(caught.value)
    assert "not-one-of-yours" not in str(caught.value)


def test_an_expired_token_is_unauthorized(
    provider: Provider, fetch: Fetch, expired_token: str
) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        fetch(provider.issuer, expired_token)

    assert_invalid_token(caught.value)


def test_the_token_of_a_deleted_user_is_unauthorized(provider: Provider, fetch: Fetch) -> None:
    token = provider.token("grace")
    assert fetch(provider.issuer, token).sub == "grace"
    provider.delete_user("grace")

    with pytest.raises(UnauthorizedError) as caught:
        fetch(provider.issuer, token)

    assert_invalid_token(caught.value)


def test_a_token_without_the_openid_scope_is_forbidden(provider: Provider, fetch: Fetch) -> None:
    token = provider.token("ada", scope="profile email")

    with pytest.raises(ForbiddenError) as caught:
        fetch(provider.issuer, token)

    assert caught.value.status == 403
    assert caught.value.error == "insufficient_scope"
    assert caught.value.error_description == "access token missing openid scope"


def test_the_expected_subject_is_accepted(provider: Provider, fetch: Fetch) -> None:
    profile = fetch(provider.issuer, provider.token("ada"), expected_subject="ada")

    assert profile.sub == "ada"


def test_another_subject_than_expected_is_an_error(provider: Provider, fetch: Fetch) -> None:
    token = provider.token("ada")

    with pytest.raises(SubjectMismatchError):
        fetch(provider.issuer, token, expected_subject="grace")


def test_a_signed_profile_is_an_error_that_names_the_setting(
    provider: Provider, fetch: Fetch
) -> None:
    token = provider.token("ada", client="jwt")

    with pytest.raises(DecodeError, match="userinfo_signed_response_alg"):
        fetch(provider.issuer, token)


def test_a_userinfo_endpoint_at_another_path_is_not_found(
    run_provider: RunProvider, fetch: Fetch
) -> None:
    with run_provider(USERINFO_ROUTE="/me") as elsewhere, pytest.raises(NotFoundError) as caught:
        fetch(elsewhere.issuer, elsewhere.token("ada"))

    # The 404 of oidc-provider is plain text, without an error code.
    assert (caught.value.status, caught.value.error) == (404, None)


def assert_invalid_token(error: UnauthorizedError) -> None:
    """RFC 6750, section 3.1."""
    assert error.status == 401
    assert error.error == "invalid_token"
    assert error.error_description == "invalid token provided"
