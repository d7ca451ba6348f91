"""Calls of managers to a sandbox, with all that is installed."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Any

import pytest

from usersmanager import (
    APIError,
    AsyncUsersManager,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
)
from usersmanager.testing import Limit, Sandbox


def test_a_profile_is_fetched(mode: Any, sandbox: Sandbox) -> None:
    token = sandbox.issue_token("auth0|ada")
    profile = mode.call("get_info", token, base_url=sandbox.base_url)
    assert (profile.sub, profile.name, profile.email_verified) == ("auth0|ada", "Ada", True)
    assert sandbox.requests == [("GET", "/userinfo", 200)]


def test_the_claims_follow_the_scope(mode: Any, sandbox: Sandbox) -> None:
    token = sandbox.issue_token("auth0|ada", scope="openid email")
    profile = mode.call("get_info", token, base_url=sandbox.base_url)
    assert sorted(profile) == ["email", "email_verified", "sub"]


def test_a_link_logs_in_once(mode: Any, sandbox: Sandbox, impersonation: Any) -> None:
    settings = impersonation(token=sandbox.issue_api_token())
    link = mode.call(
        "impersonate", "auth0|ada", settings, base_url=sandbox.base_url, client_id=sandbox.client_id
    )
    with urllib.request.urlopen(link) as page:
        assert "Logged in as Ada" in page.read().decode()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(link)
    assert caught.value.code == 403
    caught.value.close()
    assert sandbox.requests == [("POST", "/users/auth0%7Cada/impersonate", 200)]


@pytest.mark.parametrize(
    ("issued", "kind", "code"),
    [
        ({"scope": "openid", "expires_in": 0}, UnauthorizedError, "invalid_token"),
        ({"scope": "email"}, ForbiddenError, "insufficient_scope"),
        (None, UnauthorizedError, "invalid_token"),
    ],
)
def test_an_error_has_the_servers_code_and_description(
    mode: Any, sandbox: Sandbox, issued: Any, kind: Any, code: str
) -> None:
    token = sandbox.issue_token("auth0|ada", **issued) if issued else "not-a-token"
    with pytest.raises(kind) as caught:
        mode.call("get_info", token, base_url=sandbox.base_url)
    assert caught.value.error == code
    assert caught.value.error_description
    assert token not in f"{caught.value!r}{vars(caught.value)}"
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("user_id", "changes", "client_id", "kind"),
    [
        ("auth0|nobody", {}, "sandbox-client", NotFoundError),
        ("auth0|ada", {"impersonator_id": "auth0|nobody"}, "sandbox-client", APIError),
        ("auth0|ada", {"protocol": "smoke-signals"}, "sandbox-client", APIError),
        ("auth0|ada", {}, "other-client", APIError),
        ("auth0|ada", {}, None, APIError),
        ("auth0|ada", {"token": "not-a-token"}, "sandbox-client", UnauthorizedError),
    ],
)
def test_an_error_of_impersonate_has_a_description(
    mode: Any,
    sandbox: Sandbox,
    impersonation: Any,
    user_id: str,
    changes: Any,
    client_id: Any,
    kind: Any,
) -> None:
    settings = impersonation(**{"token": sandbox.issue_api_token(), **changes})
    with pytest.raises(kind) as caught:
        mode.call("impersonate", user_id, settings, base_url=sandbox.base_url, client_id=client_id)
    assert 400 <= caught.value.status < 500
    assert caught.value.error_description


def test_an_access_token_cannot_impersonate(
    mode: Any, sandbox: Sandbox, impersonation: Any
) -> None:
    settings = impersonation(token=sandbox.issue_token("auth0|boss"))
    with pytest.raises(UnauthorizedError):
        mode.call(
            "impersonate",
            "auth0|ada",
            settings,
            base_url=sandbox.base_url,
            client_id=sandbox.client_id,
        )


def test_a_call_succeeds_after_two_failed_attempts(mode: Any, sandbox: Sandbox) -> None:
    sandbox.fail_next(503)
    sandbox.disconnect_next()
    token = sandbox.issue_token("auth0|ada")
    assert mode.call("get_info", token, base_url=sandbox.base_url).sub == "auth0|ada"
    assert [status for _, _, status in sandbox.requests] == [503, 0, 200]


def test_the_rate_limit_is_reported(mode: Any) -> None:
    with Sandbox(rate_limit=Limit(per_minute=1, burst=2)) as sandbox:
        token = sandbox.add_user("u").issue_token("u")
        calls: list[Any] = [("get_info", (token,), {})] * 3
        with pytest.raises(RateLimitedError) as caught:
            mode.calls(calls, base_url=sandbox.base_url)
    assert caught.value.rate_limit is not None
    assert caught.value.rate_limit[:2] == (2, 0)
    assert 50 <= (caught.value.retry_after or 0) <= 62


def test_a_thousand_concurrent_calls_get_their_own_profiles(sandbox: Sandbox) -> None:
    tokens = {sandbox.add_user(f"u{n}").issue_token(f"u{n}"): f"u{n}" for n in range(1000)}

    async def main() -> list[Any]:
        async with AsyncUsersManager(sandbox.base_url, timeout=60) as users:
            return await asyncio.gather(*map(users.get_info, tokens))

    assert [profile.sub for profile in asyncio.run(main())] == list(tokens.values())
