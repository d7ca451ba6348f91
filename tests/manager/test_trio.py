"""AsyncUsersManager under trio, which it can't use, and UsersManager in trio's threads."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable

import pytest
import trio
from tests.support import TENANT

from usersmanager import AsyncUsersManager, LifecycleError, UsersManager
from usersmanager.testing import FakeTransport


def manager() -> AsyncUsersManager:
    return AsyncUsersManager(TENANT, transport=FakeTransport())


async def enter() -> None:
    async with manager():
        pass


async def get_info() -> None:
    await manager().get_info("t")


async def get_info_with_a_callback() -> None:
    manager().get_info("t", lambda *outcome: pytest.fail("the callback was called"))


async def await_from_issuer() -> None:
    await AsyncUsersManager.from_issuer(TENANT, transport=FakeTransport())


async def enter_from_issuer() -> None:
    async with AsyncUsersManager.from_issuer(TENANT, transport=FakeTransport()):
        pass


@pytest.mark.parametrize(
    "use", [enter, get_info, get_info_with_a_callback, await_from_issuer, enter_from_issuer]
)
def test_the_error_names_trio_and_what_to_do(use: Callable[[], Awaitable[None]]) -> None:
    with pytest.raises(LifecycleError) as caught:
        trio.run(use)
    assert "needs asyncio, but trio is running" in str(caught.value)
    assert "trio.to_thread.run_sync(users.get_info, token)" in str(caught.value)
    del caught
    gc.collect()  # A coroutine that was never awaited would warn.


def test_trio_is_not_blamed_where_it_is_not_running() -> None:
    with pytest.raises(LifecycleError, match=r"needs a running event loop$"):
        manager().get_info("t").send(None)


def test_the_advice_works() -> None:
    async def main() -> str:
        with UsersManager(TENANT, transport=FakeTransport().profile("u")) as users:
            return (await trio.to_thread.run_sync(users.get_info, "t")).sub

    assert trio.run(main) == "u"
