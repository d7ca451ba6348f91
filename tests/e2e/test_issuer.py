"""By way of the issuer, against the certified provider with its userinfo route moved."""

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
    """A provider that serves profiles at another path."""
    with run_provider(USERINFO_ROUTE="/api/v2/me") as provider:
        yield provider


def fetched(mode: Any, issuer: str, token: str, **settings: Any) -> UserInfo:
    """A profile by way of an issuer, in either mode."""
    if mode.name == "sync":
        with UsersManager.from_issuer(issuer) as users:
            return users.get_info(token, **settings)

    async def main() -> UserInfo:
        async with await AsyncUsersManager.from_issuer(issuer) as users:
            return await users.get_info(token, **settings)

    return asyncio.run(main())


def test_a_profile_is_found_wherever_it_is(mode: Any, moved: Any) -> None:
    profile = fetched(mode, moved.issuer, moved.token("ada"), expected_subject="ada")
    assert profile.sub == "ada"
    assert profile.email is not None


def test_another_subject_is_refused(mode: Any, moved: Any) -> None:
    with pytest.raises(SubjectMismatchError):
        fetched(mode, moved.issuer, moved.token("grace"), expected_subject="ada")


def test_an_issuer_that_is_not_exactly_the_providers_is_refused(mode: Any, moved: Any) -> None:
    with pytest.raises(DecodeError, match="pass exactly"):
        fetched(mode, moved.issuer + "/", "a-token")


def test_a_signed_profile_is_refused_with_the_setting_to_change(mode: Any, moved: Any) -> None:
    token = moved.token("ada", client="jwt")
    with pytest.raises(DecodeError, match="userinfo_signed_response_alg"):
        fetched(mode, moved.issuer, token)


def test_a_missing_scope_and_a_deleted_user_are_reported(mode: Any, moved: Any) -> None:
    with pytest.raises(ForbiddenError) as forbidden:
        fetched(mode, moved.issuer, moved.token("ada", scope="email"))
    assert forbidden.value.error == "insufficient_scope"
    token = moved.token("grace")
    moved.delete_user("grace")
    with pytest.raises(UnauthorizedError) as gone:
        fetched(mode, moved.issuer, token)
    assert gone.value.error == "invalid_token"
