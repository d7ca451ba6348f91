"""Closing, event loops and `with` statements."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from usersmanager import AsyncUsersManager, LifecycleError, UsersManager
from usersmanager.testing import FakeTransport

TENANT = "https://tenant.example"


def test_a_closed_manager_rejects_calls_and_closes_its_transport_once(mode: Any) -> None:
    closes: list[str] = []

    class Counting(FakeTransport):
        def close(self) -> None:
            closes.append("closed")

    async def async_manager() -> None:
        async with AsyncUsersManager(TENANT, transport=Counting()) as users:
            pass
        await users.aclose()
        with pytest.raises(LifecycleError, match="closed"):
            users.get_info("t")
        with pytest.raises(LifecycleError, match="closed"):
            await users.__aenter__()

    def sync_manager() -> None:
        with UsersManager(TENANT, transport=Counting()) as users:
            pass
        users.close()
        with pytest.raises(LifecycleError, match="closed"):
            users.get_info("t", lambda *outcome: pytest.fail("the callback was called"))
        with pytest.raises(LifecycleError, match="closed"):
            users.__enter__()

    if mode.name == "sync":
        sync_manager()
    else:
        asyncio.run(async_manager())
    assert closes == ["closed"]


def test_a_call_that_is_awaited_after_the_close_is_rejected() -> None:
    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=FakeTransport()) as users:
            call = users.get_info("t")
        with pytest.raises(LifecycleError, match="closed"):
            await call

    asyncio.run(main())


def test_another_event_loop_is_rejected() -> None:
    users = AsyncUsersManager(TENANT, transport=FakeTransport().profile("u").profile("u"))

    async def call() -> None:
        await users.get_info("t")

    asyncio.run(call())
    for again in (call, users.aclose):
        with pytest.raises(LifecycleError, match="another event loop"):
            asyncio.run(again())
    users._loop = None
    asyncio.run(users.aclose())


async def enter_error(users: Any) -> BaseException | None:
    """Return the error that `async with` raises."""
    try:
        await users.__aenter__()
    except LifecycleError as error:
        return error
    return None


def test_the_error_for_the_wrong_with_names_the_right_one() -> None:
    async def main() -> None:
        with UsersManager(TENANT, transport=FakeTransport()) as users:
            error = await enter_error(users)
        assert "use `with`, or AsyncUsersManager" in str(error)
        async_users = AsyncUsersManager(TENANT, transport=FakeTransport())
        with pytest.raises(LifecycleError, match="use `async with`, or UsersManager"), async_users:
            pass

    asyncio.run(main())


def test_a_manager_that_is_never_closed_warns() -> None:
    async def async_manager() -> None:
        users = AsyncUsersManager(TENANT, transport=FakeTransport().profile("u"))
        await users.get_info("t")

    with pytest.warns(ResourceWarning, match="unclosed <UsersManager .*use `with`"):
        UsersManager(TENANT, transport=FakeTransport())
    with pytest.warns(ResourceWarning, match="unclosed <AsyncUsersManager .*use `async with`"):
        asyncio.run(async_manager())
