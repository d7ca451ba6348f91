"""Forgetting a token, and what a forked process starts with."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.plugins.cache.calling import JSON
from tests.plugins.cache.support import shown_by
from tests.support import TENANT, held_by_a_thread, in_child

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    Response,
    UnauthorizedError,
    UsersManager,
)
from usersmanager.plugins import Token
from usersmanager.testing import FakeTransport
from usersmanager_cache import Cache


@pytest.mark.parametrize("kind", [str, Token])
def test_a_forgotten_token_is_requested_again(caller: Any, kind: Any) -> None:
    call = caller()
    call("ada")
    call("bob")
    assert call.forget(kind("ada"))
    assert call.forget(kind("never-seen"))
    call("ada")
    call("bob")
    assert call.requests == 3


def test_what_is_remembered_of_failures_is_forgotten_too(caller: Any) -> None:
    call = caller(negative_max_age=30)
    call.provider.outcome = Response(401, JSON, b'{"error": "invalid_token"}')
    with pytest.raises(UnauthorizedError):
        call()
    call.forget("ada")
    call.provider.outcome = None
    assert call().sub == "ada"


@pytest.mark.parametrize("token", ["", "Bearer hush", "hush token", 7, None, b"hush"])
def test_what_is_no_token_is_an_argument_error_that_shows_nothing(caller: Any, token: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        caller().forget(token)
    assert "hush" not in shown_by(caught.value)


def test_a_forked_process_starts_without_entries_and_locks() -> None:
    cache = Cache()

    def settings(sub: str) -> dict[str, Any]:
        transport = FakeTransport().profile(sub)
        return {"transport": transport, "plugins": [cache], "discover": False}

    def call(sub: str) -> str:
        with UsersManager(TENANT, **settings(sub)) as users:
            return users.get_info("t").sub

    async def acall(sub: str) -> str:
        async with AsyncUsersManager(TENANT, **settings(sub)) as users:
            return (await users.get_info("t")).sub

    assert call("parent") == "parent"
    with held_by_a_thread(cache._counters._lock):
        assert in_child(lambda: call("child") + asyncio.run(acall("late"))) == "childchild"
    assert call("again") == "parent"
