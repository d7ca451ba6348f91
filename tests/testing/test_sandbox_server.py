"""The server of a sandbox: its port, its start and its end."""

from __future__ import annotations

import urllib.parse
import urllib.request

import pytest

from usersmanager import ConnectError, RateLimitedError, UnauthorizedError, UsersManager
from usersmanager.testing import Sandbox


def test_a_sandbox_can_be_started_once_and_stopped_repeatedly() -> None:
    sandbox = Sandbox()
    sandbox.stop()
    with sandbox, pytest.raises(RuntimeError, match="only be started once"):
        sandbox.start()
    sandbox.stop()
    with (
        UsersManager(sandbox.base_url, discover=False) as users,
        pytest.raises(ConnectError) as caught,
    ):
        users.get_info("a-token")
    assert caught.value.reason == "refused"
    with pytest.raises(RuntimeError, match="only be started once"):
        sandbox.start()


def test_a_port_that_is_not_free_is_an_error(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.rpartition(":")[2])
    other = Sandbox(port=port)
    with pytest.raises(OSError, match=str(port)):
        other.start()
    other.stop()


def test_the_token_of_a_removed_user_and_a_revoked_token_are_refused(sandbox: Sandbox) -> None:
    of_ada, of_boss = sandbox.issue_token("auth0|ada"), sandbox.issue_token("auth0|boss")
    sandbox.remove_user("auth0|ada")
    sandbox.revoke(of_boss)
    with UsersManager(sandbox.base_url, discover=False) as users:
        for token in (of_ada, of_boss):
            with pytest.raises(UnauthorizedError):
                users.get_info(token)


def test_a_fault_may_ask_to_retry_later(sandbox: Sandbox) -> None:
    sandbox.fail_next(429, retry_after=7)
    token = sandbox.issue_token("auth0|ada")
    with UsersManager(sandbox.base_url, discover=False) as users:
        with pytest.raises(RateLimitedError) as caught:
            users.get_info(token)
        assert caught.value.retry_after == 7
        assert users.get_info(token).sub == "auth0|ada"


def test_a_token_may_be_sent_in_a_form(sandbox: Sandbox) -> None:
    form = urllib.parse.urlencode({"access_token": sandbox.issue_token("auth0|ada")}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{sandbox.base_url}/userinfo", form, timeout=10) as response:
        assert b'"sub": "auth0|ada"' in response.read()
