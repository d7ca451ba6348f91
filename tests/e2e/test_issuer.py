"""`from_issuer` with a certified provider whose userinfo endpoint is at another path."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from usersmanager import (
    AsyncUsersManager,
    DecodeError,
    ForbiddenError,
    SubjectMismatchError,
    UnauthorizedError,
    UserInfo,
    UsersManager,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def moved(run_provider: Any) -> Iterator[Any]:
    """A provider with its userinfo endpoint at another path."""
    with run_provider(USERINFO_ROUTE="/api/v2/me") as provider:
        yield provider


def fetch_from_issuer(mode: Any, issuer: str, token: str, **settings: Any) -> UserInfo:
    """Return a profile from the provider of an issuer, in either mode."""
    if mode.name == "sync":
        with UsersManager.from_issuer(issuer) as users:
            return users.get_info(token, **settings)

    async def main() -> UserInfo:
        async with await AsyncUsersManager.from_issuer(issuer) as users:
            return await users.get_info(token, **settings)

    return asyncio.run(main())


def test_the_userinfo_endpoint_comes_from_the_provider_configuration(mode: Any, moved: Any) -> None:
    profile = fetch_from_issuer(mode, moved.issuer, moved.token("ada"), expected_subject="ada")
    assert profile.sub == "ada"
    assert profile.email is not None


def test_another_subject_than_expected_is_an_error(mode: Any, moved: Any) -> None:
    with pytest.raises(SubjectMismatchError):
        fetch_from_issuer(mode, moved.issuer, moved.token("grace"), expected_subject="ada")


def test_an_issuer_that_differs_from_the_providers_is_an_error(mode: Any, moved: Any) -> None:
    with pytest.raises(DecodeError, match="pass exactly"):
        fetch_from_issuer(mode, moved.issuer + "/", "a-token")


def test_a_signed_profile_is_an_error_that_names_the_setting(mode: Any, moved: Any) -> None:
    token = moved.token("ada", client="jwt")
    with pytest.raises(DecodeError, match="userinfo_signed_response_alg"):
        fetch_from_issuer(mode, moved.issuer, token)


def test_a_missing_scope_and_a_deleted_user_are_reported(mode: Any, moved: Any) -> None:
    with pytest.raises(ForbiddenError) as forbidden:
        fetch_from_issuer(mode, moved.issuer, moved.token("ada", scope="email"))
    assert forbidden.value.error == "insufficient_scope"
    token = moved.token("grace")
    moved.delete_user("grace")
    with pytest.raises(UnauthorizedError) as gone:
        fetch_from_issuer(mode, moved.issuer, token)
    assert gone.value.error == "invalid_token"
