"""A sync call in an event loop, which it blocks, is a warning that says what to do."""

from __future__ import annotations

import asyncio
import linecache
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from tests.manager.issuer import ISSUER, add_configuration
from tests.support import TENANT

from usersmanager import UsersManager
from usersmanager._manager.sync_manager import _warn_of_blocked_loop
from usersmanager.testing import FakeTransport


@pytest.fixture(autouse=True)
def not_warned() -> Iterator[None]:
    """As if no call of this process had blocked an event loop yet."""
    _warn_of_blocked_loop.cache_clear()
    yield
    _warn_of_blocked_loop.cache_clear()


def sync_manager() -> UsersManager:
    return UsersManager(TENANT, transport=FakeTransport().profile("u"))


async def get_info() -> None:
    with sync_manager() as users:
        users.get_info("t")  # The call.


async def get_info_with_callback() -> None:
    with sync_manager() as users:
        users.get_info("t", lambda error, profile: None)  # The call.


async def discover() -> None:
    fake = add_configuration(FakeTransport())
    UsersManager.from_issuer(ISSUER, transport=fake).close()  # The call.


ADVICE = "blocks the running event loop: use AsyncUsersManager or asyncio.to_thread"


@pytest.mark.parametrize("call", [get_info, get_info_with_callback, discover])
def test_a_sync_call_in_an_event_loop_warns_at_the_call(
    call: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    with pytest.warns(RuntimeWarning, match=ADVICE) as warned:
        asyncio.run(call())
    (warning,) = warned
    assert linecache.getline(warning.filename, warning.lineno).endswith("  # The call.\n")


def test_a_process_is_warned_of_a_blocked_event_loop_once() -> None:
    async def main() -> None:
        await get_info()
        await get_info()

    with pytest.warns(RuntimeWarning) as warned:
        asyncio.run(main())
    assert len(warned) == 1


def test_a_sync_call_in_a_thread_beside_an_event_loop_does_not_warn() -> None:
    async def main() -> str:
        with sync_manager() as users:
            return (await asyncio.to_thread(users.get_info, "t")).sub

    assert asyncio.run(main()) == "u"
