"""Common mistakes: each has an error or a warning that says what to do."""

from __future__ import annotations

import asyncio
import gc
import linecache
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.support import TENANT

from usersmanager import AsyncUsersManager, Response, UsersManager
from usersmanager._manager.sync_manager import _warn_of_blocked_loop
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport


@pytest.fixture(autouse=True)
def not_warned() -> None:
    """As if no call of this process had blocked an event loop yet."""
    _warn_of_blocked_loop.cache_clear()


def sync_manager(**arguments: Any) -> UsersManager:
    return UsersManager(TENANT, **{"transport": FakeTransport().profile("u"), **arguments})


def forgotten_await() -> None:
    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=FakeTransport()) as users:
            users.get_info("t")  # type: ignore[unused-coroutine] # The mistake.
            gc.collect()

    asyncio.run(main())


def forgotten_with() -> None:
    sync_manager().get_info("t")
    gc.collect()


def forgotten_async_with() -> None:
    async def main() -> None:
        users = AsyncUsersManager(TENANT, transport=FakeTransport().profile("u"))
        await users.get_info("t")

    asyncio.run(main())
    gc.collect()


def with_instead_of_async_with() -> None:
    with AsyncUsersManager(TENANT, transport=FakeTransport()):
        pass


def async_with_instead_of_with() -> None:
    async def main() -> None:
        with sync_manager() as users:
            async with users:
                pass

    asyncio.run(main())


def sync_call_in_an_event_loop() -> None:
    async def main() -> None:
        with sync_manager() as users:
            users.get_info("t")

    asyncio.run(main())


def async_callback_of_a_sync_call() -> None:
    async def callback(error: Any, profile: Any) -> None: ...

    with sync_manager() as users:
        users.get_info("t", callback)


def used_after_close() -> None:
    with sync_manager() as users:
        pass
    users.get_info("t")


def settings(**changes: Any) -> Callable[[], None]:
    def mistake() -> None:
        given = {"impersonator_id": "i", "protocol": "oauth2", "token": "t", **changes}
        with sync_manager() as users:
            users.impersonate("u", given)

    return mistake


class Unmarked:
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any: ...


class WithOtherArguments:
    @hookimpl
    def usersmanager_wrap_call(self, request: Any, handler: Any) -> Any: ...


class Forgetful:
    """A wrap that does not return the response."""

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Any, proceed: Any) -> Any:
        yield from proceed(request)


def forgotten_return() -> None:
    with sync_manager(plugins=[Forgetful()]) as users:
        users.get_info("t")


class Misspelled:
    @hookimpl
    def usersmanager_wrap_atempt(self, request: Any, proceed: Any) -> Any: ...


MISTAKES: list[tuple[Callable[[], object], str]] = [
    (lambda: UsersManager("tenant.auth0.com"), "write https://tenant.auth0.com"),
    (lambda: UsersManager("http://tenant.auth0.com"), "must begin with https://"),
    (lambda: UsersManager(f"{TENANT}/userinfo"), "must not end in /userinfo: remove it"),
    (
        lambda: UsersManager.from_issuer("tenant.auth0.com"),
        "issuer must be an absolute URL: write",
    ),
    (
        lambda: sync_manager(transport="aiohttp"),
        "use it with AsyncUsersManager, or leave transport out",
    ),
    (lambda: AsyncUsersManager(TENANT, transport="urllib3"), "use it with UsersManager, or leave"),
    (lambda: sync_manager(transport="urlib3"), "did you mean 'urllib3'?"),
    (lambda: sync_manager(plugins=["retrry"]), "did you mean 'retry'?"),
    (lambda: sync_manager(discover=["loging"]), "did you mean 'logging'?"),
    (lambda: sync_manager(plugins=[Unmarked]), "pass an instance, Unmarked(...)"),
    (
        lambda: sync_manager(plugins=[Unmarked()]),
        "usersmanager_wrap_call is not marked with @hookimpl",
    ),
    (
        lambda: sync_manager(plugins=[WithOtherArguments()]),
        "the arguments of usersmanager_wrap_call are (request, proceed), or fewer",
    ),
    (forgotten_return, "plugin 'Forgetful' returned None: return the Response"),
    (lambda: sync_manager(plugins=[Misspelled()]), "did you mean 'usersmanager_wrap_attempt'?"),
    (settings(impersonater_id="x"), "did you mean 'impersonator_id'?"),
    (settings(clientID="x"), "did you mean 'clientId'?"),
    (forgotten_await, "coroutine 'AsyncUsersManager.get_info' was never awaited"),
    (forgotten_with, "unclosed <UsersManager https://tenant.example"),
    (forgotten_async_with, "use `async with`, or close it"),
    (with_instead_of_async_with, "use `async with`, or UsersManager"),
    (async_with_instead_of_with, "use `with`, or AsyncUsersManager"),
    (sync_call_in_an_event_loop, "use AsyncUsersManager or asyncio.to_thread"),
    (async_callback_of_a_sync_call, "must not be a coroutine function: only AsyncUsersManager"),
    (used_after_close, "is closed: create a new one"),
]


@pytest.mark.parametrize(("mistake", "advice"), MISTAKES, ids=[advice for _, advice in MISTAKES])
@pytest.mark.filterwarnings("default")
def test_a_common_mistake_is_reported_with_advice(
    mistake: Callable[[], object], advice: str
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            mistake()
            message = ""
        except Exception as error:
            message = str(error)
    messages = [message, *(str(warning.message) for warning in warned)]
    assert any(advice in message for message in messages), messages


async def get_info() -> None:
    with sync_manager() as users:
        users.get_info("t")  # The call.


async def get_info_with_callback() -> None:
    with sync_manager() as users:
        users.get_info("t", lambda error, profile: None)  # The call.


async def discover() -> None:
    document = b'{"issuer": "https://id.example", "userinfo_endpoint": "https://id.example/me"}'
    fake = FakeTransport(Response(200, {"Content-Type": "application/json"}, document))
    UsersManager.from_issuer("https://id.example", transport=fake).close()  # The call.


@pytest.mark.parametrize("call", [get_info, get_info_with_callback, discover])
def test_a_sync_call_in_an_event_loop_warns_at_the_call(
    call: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    with pytest.warns(RuntimeWarning, match="blocks the running event loop") as warned:
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
