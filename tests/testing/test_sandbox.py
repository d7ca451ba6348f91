"""Sandbox: back to the initial state without a restart. Most of it is tested by other tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.support import browse

from usersmanager import NotFoundError, RateLimitedError, UnauthorizedError, UsersManager
from usersmanager.testing import Limit, Sandbox
from usersmanager.testing.sandbox import endpoints


def get_info(sandbox: Sandbox, token: str) -> dict[str, Any]:
    with UsersManager(sandbox.base_url, discover=False) as users:
        return dict(users.get_info(token))


def test_a_wrong_path_is_a_404_that_asks_for_the_base_url(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/api"
    with UsersManager(url, discover=False) as users, pytest.raises(NotFoundError) as caught:
        users.get_info("a-token")
    assert str(caught.value).endswith(" failed with 404 Not Found: is base_url right?")


def test_a_reset_forgets_users_tokens_and_requests_and_keeps_the_url(sandbox: Sandbox) -> None:
    url, token = sandbox.base_url, sandbox.issue_token("auth0|ada")
    get_info(sandbox, token)
    assert sandbox.reset() is sandbox
    assert (sandbox.base_url, sandbox.requests) == (url, [])
    with pytest.raises(KeyError, match="add_user"):
        sandbox.issue_token("auth0|ada")
    sandbox.add_user("auth0|ada")
    with pytest.raises(UnauthorizedError):
        get_info(sandbox, token)
    assert get_info(sandbox, sandbox.issue_token("auth0|ada")) == {"sub": "auth0|ada"}
    assert [status for *_, status in sandbox.requests] == [401, 200]


def test_a_reset_invalidates_links_and_api_tokens(
    sandbox: Sandbox, impersonation: Callable[..., dict[str, Any]]
) -> None:
    settings = impersonation(token=sandbox.issue_api_token())
    with UsersManager(sandbox.base_url, client_id=sandbox.client_id, discover=False) as users:
        link = users.impersonate("auth0|ada", settings)
        sandbox.reset().add_user("auth0|ada").add_user("auth0|boss")
        assert browse(link).status == 403
        with pytest.raises(UnauthorizedError):
            users.impersonate("auth0|ada", settings)
        settings["token"] = sandbox.issue_api_token()
        assert browse(users.impersonate("auth0|ada", settings)).status == 200


def test_a_reset_cancels_faults_and_keeps_the_rate_limit() -> None:
    with Sandbox(rate_limit=Limit(per_minute=1, burst=1)) as sandbox:
        for _ in range(2):
            sandbox.fail_next(500, times=5)
            token = sandbox.reset().add_user("u").issue_token("u")
            assert get_info(sandbox, token) == {"sub": "u"}
            with pytest.raises(RateLimitedError):
                get_info(sandbox, token)


def test_a_request_that_is_answered_after_a_reset_is_not_recorded(sandbox: Sandbox) -> None:
    arrived: Future[Callable[[], object]] = Future()

    async def wait_for_reset(seconds: float) -> None:
        loop, is_reset = asyncio.get_running_loop(), asyncio.Event()
        arrived.set_result(lambda: loop.call_soon_threadsafe(is_reset.set))
        await is_reset.wait()

    delays = SimpleNamespace(sleep=wait_for_reset)
    token = sandbox.issue_token("auth0|ada")
    with mock.patch.object(endpoints, "asyncio", delays), ThreadPoolExecutor() as threads:
        answered = threads.submit(get_info, sandbox, token)
        answer = arrived.result(20)
        sandbox.reset()
        answer()
        assert isinstance(answered.exception(), UnauthorizedError)
    assert sandbox.requests == []


def is_ended(connection: socket.socket) -> bool:
    connection.settimeout(20)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_connection_that_has_just_been_accepted_is_closed_when_it_stops() -> None:
    with contextlib.ExitStack() as stack:
        with Sandbox() as sandbox:
            address = ("127.0.0.1", int(sandbox.base_url.rpartition(":")[2]))
            connections = [socket.create_connection(address) for _ in range(3)]
        for connection in connections:
            stack.enter_context(connection)
        assert all(map(is_ended, connections))


def test_any_claim_name_may_be_used(sandbox: Sandbox) -> None:
    claims = {"user_id": "auth0|ada", "self": True}
    token = sandbox.add_user("auth0|ada", **claims).issue_token("auth0|ada")
    assert get_info(sandbox, token) == {"sub": "auth0|ada", **claims}


def test_profiles_are_signed_with_a_published_key_also_after_a_rotation() -> None:
    with Sandbox(userinfo_signed_response_alg="ES256", client_id="my-app") as sandbox:
        sandbox.add_user("auth0|ada", name="Ada")
        answers = []
        for _ in range(3):
            token = sandbox.issue_token("auth0|ada")
            profile = browse(f"{sandbox.base_url}/userinfo", Authorization=f"Bearer {token}")
            published = json.loads(browse(f"{sandbox.base_url}/.well-known/jwks.json").text)
            answers.append((profile, published))
            sandbox.rotate_keys()
    seen = set()
    for profile, published in answers:
        assert profile.media_type == "application/jwt"
        decoded = jwt.decode(profile.text, KeySet.import_key_set(published), ["ES256"])
        seen.add(decoded.header["kid"])
        assert decoded.claims["aud"] == "my-app"
        assert decoded.claims["name"] == "Ada"
        assert all("d" not in key for key in published["keys"])
    assert len(seen) == 3
    assert [len(published["keys"]) for _, published in answers] == [1, 2, 2]


def test_a_sandbox_without_signed_profiles_publishes_no_key_and_rotates_none(
    sandbox: Sandbox,
) -> None:
    assert browse(f"{sandbox.base_url}/.well-known/jwks.json").text == '{"keys": []}'
    with pytest.raises(RuntimeError, match='_response_alg, such as "ES256"'):
        sandbox.rotate_keys()
    with pytest.raises(ValueError, match="RS256"):
        Sandbox(userinfo_signed_response_alg="none")
