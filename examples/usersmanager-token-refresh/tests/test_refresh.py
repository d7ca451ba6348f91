"""An expired token is replaced once, in both modes, and never logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from token_refresh_usersmanager import RefreshToken

from usersmanager import AsyncUsersManager, SubjectMismatchError, UnauthorizedError, UsersManager
from usersmanager.plugins import Token
from usersmanager.testing import PluginContract, Sandbox


class Store:
    """A store with the next token for each token."""

    def __init__(self, *renewals: tuple[str, str]) -> None:
        self._next = dict(renewals)
        self.refreshes = 0

    def refresh(self, expired: Token) -> Token | None:
        self.refreshes += 1
        renewed = self._next.get(expired.reveal())
        return Token(renewed) if renewed else None

    async def arefresh(self, expired: Token) -> Token | None:
        await asyncio.sleep(0)
        return self.refresh(expired)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox.add_user("auth0|ada").add_user("auth0|bob")


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, sandbox: Sandbox) -> Callable[..., Any]:
    """Return a function that makes one call, sync or async, with a plugin over a store."""

    def call(store: Store, method: str, *arguments: Any, **settings: Any) -> Any:
        plugins = [RefreshToken(store.refresh, store.arefresh)]
        if request.param == "sync":
            with UsersManager(sandbox.base_url, plugins=plugins) as users:
                return getattr(users, method)(*arguments, **settings)

        async def main() -> Any:
            async with AsyncUsersManager(sandbox.base_url, plugins=plugins) as users:
                return await getattr(users, method)(*arguments, **settings)

        return asyncio.run(main())

    return call


class TestContract(PluginContract):
    def plugin(self) -> RefreshToken:
        store = Store(("a-token", "another-token"))
        return RefreshToken(store.refresh, store.arefresh)


def statuses(sandbox: Sandbox) -> list[int]:
    return [status for _, _, status in sandbox.requests]


def test_an_expired_token_is_replaced(call: Callable[..., Any], sandbox: Sandbox) -> None:
    expired = sandbox.issue_token("auth0|ada", expires_in=0)
    store = Store((expired, sandbox.issue_token("auth0|ada")))
    assert call(store, "get_info", expired).sub == "auth0|ada"
    assert (statuses(sandbox), store.refreshes) == ([401, 200], 1)


def test_a_valid_token_is_not_replaced(call: Callable[..., Any], sandbox: Sandbox) -> None:
    store = Store()
    assert call(store, "get_info", sandbox.issue_token("auth0|ada")).sub == "auth0|ada"
    assert (statuses(sandbox), store.refreshes) == ([200], 0)


def test_a_second_401_reaches_the_caller(call: Callable[..., Any], sandbox: Sandbox) -> None:
    first, second = (sandbox.issue_token("auth0|ada", expires_in=0) for _ in range(2))
    store = Store((first, second), (second, sandbox.issue_token("auth0|ada")))
    with pytest.raises(UnauthorizedError):
        call(store, "get_info", first)
    assert (statuses(sandbox), store.refreshes) == ([401, 401], 1)


def test_a_401_reaches_the_caller_if_there_is_no_new_token(
    call: Callable[..., Any], sandbox: Sandbox
) -> None:
    with pytest.raises(UnauthorizedError):
        call(Store(), "get_info", "unknown-token")
    assert statuses(sandbox) == [401]


def test_retries_apply_before_and_after_the_token_is_replaced(
    call: Callable[..., Any], sandbox: Sandbox
) -> None:
    expired = sandbox.issue_token("auth0|ada", expires_in=0)
    store = Store((expired, sandbox.issue_token("auth0|ada")))
    sandbox.fail_next(502)
    assert call(store, "get_info", expired).sub == "auth0|ada"
    assert (statuses(sandbox), store.refreshes) == ([502, 401, 200], 1)


def test_a_new_token_of_another_user_is_detected(
    call: Callable[..., Any], sandbox: Sandbox
) -> None:
    expired = sandbox.issue_token("auth0|ada", expires_in=0)
    store = Store((expired, sandbox.issue_token("auth0|bob")))
    with pytest.raises(SubjectMismatchError):
        call(store, "get_info", expired, expected_subject="auth0|ada")


def test_the_token_of_an_impersonation_is_not_replaced(
    call: Callable[..., Any], sandbox: Sandbox
) -> None:
    expired = sandbox.issue_api_token(expires_in=0)
    store = Store((expired, sandbox.issue_api_token()))
    settings = {"impersonator_id": "auth0|bob", "protocol": "oauth2", "token": expired}
    with pytest.raises(UnauthorizedError):
        call(store, "impersonate", "auth0|ada", {**settings, "client_id": sandbox.client_id})
    assert store.refreshes == 0


def test_logs_contain_no_token(
    call: Callable[..., Any], sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    class LoggingStore(Store):
        def refresh(self, expired: Token) -> Token | None:
            logging.getLogger("store").warning("refreshing %s, %r", expired, expired)
            return super().refresh(expired)

    caplog.set_level(logging.DEBUG)
    expired = sandbox.issue_token("auth0|ada", expires_in=0)
    renewed = sandbox.issue_token("auth0|ada")
    call(LoggingStore((expired, renewed)), "get_info", expired)
    records = repr([vars(record) for record in caplog.records])
    assert "refreshing <Token>, <Token>" in caplog.text
    assert expired not in records
    assert renewed not in records
