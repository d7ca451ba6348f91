"""First mistakes: each is told what to do."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport

URL = "https://tenant.example"


def blocking(**settings: Any) -> UsersManager:
    return UsersManager(URL, **{"transport": FakeTransport().profile("u"), **settings})


def forgotten_await() -> None:
    async def main() -> None:
        async with AsyncUsersManager(URL, transport=FakeTransport()) as users:
            users.get_info("t")  # type: ignore[unused-coroutine] # The mistake.
            gc.collect()

    asyncio.run(main())


def forgotten_with() -> None:
    blocking().get_info("t")
    gc.collect()


def forgotten_async_with() -> None:
    async def main() -> None:
        users = AsyncUsersManager(URL, transport=FakeTransport().profile("u"))
        await users.get_info("t")

    asyncio.run(main())
    gc.collect()


def with_instead_of_async_with() -> None:
    with AsyncUsersManager(URL, transport=FakeTransport()):
        pass


def async_with_instead_of_with() -> None:
    async def main() -> None:
        with blocking() as users:
            async with users:
                pass

    asyncio.run(main())


def blocking_in_a_loop() -> None:
    async def main() -> None:
        with blocking() as users:
            users.get_info("t")

    asyncio.run(main())


def two_loops() -> None:
    users = AsyncUsersManager(URL, transport=FakeTransport().profile("u").profile("u"))

    async def main() -> None:
        await users.get_info("t")

    asyncio.run(main())
    try:
        asyncio.run(main())
    finally:
        users._closing = True


def used_after_close() -> None:
    with blocking() as users:
        pass
    users.get_info("t")


def settings(**changes: Any) -> Callable[[], None]:
    def mistake() -> None:
        given = {"impersonator_id": "i", "protocol": "oauth2", "token": "t", **changes}
        with blocking() as users:
            users.impersonate("u", given)

    return mistake


class Unmarked:
    def usersmanager_wrap_call(self) -> Any: ...


class WithArguments:
    @hookimpl
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any: ...


class Forgetful:
    """Its wrap forgets to return the response."""

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Any:
        def around(request: Any, proceed: Any) -> Any:
            yield from proceed(request)

        return around


def forgotten_return() -> None:
    with blocking(plugins=[Forgetful()]) as users:
        users.get_info("t")


class Misspelled:
    @hookimpl
    def usersmanager_wrap_atempt(self) -> Any: ...


MISTAKES: list[tuple[Callable[[], object], str]] = [
    (lambda: UsersManager("tenant.auth0.com"), "write https://tenant.auth0.com"),
    (lambda: UsersManager("http://tenant.auth0.com"), "must begin with https://"),
    (lambda: UsersManager(f"{URL}/userinfo"), "must not end in /userinfo: remove it"),
    (lambda: UsersManager.from_issuer("tenant.auth0.com"), "issuer must be an absolute URL: write"),
    (
        lambda: blocking(transport="aiohttp"),
        "use it with AsyncUsersManager, or leave transport out",
    ),
    (lambda: AsyncUsersManager(URL, transport="urllib3"), "use it with UsersManager, or leave"),
    (lambda: blocking(transport="urlib3"), "did you mean 'urllib3'?"),
    (lambda: blocking(plugins=["retrry"]), "did you mean 'retry'?"),
    (lambda: blocking(discover=["loging"]), "did you mean 'logging'?"),
    (lambda: blocking(plugins=[Unmarked]), "pass an instance, Unmarked(...)"),
    (lambda: blocking(plugins=[Unmarked()]), "usersmanager_wrap_call is not marked with @hookimpl"),
    (lambda: blocking(plugins=[WithArguments()]), "takes no arguments: it returns a function"),
    (forgotten_return, "plugin 'Forgetful' returned NoneType, not a Response: write `return"),
    (lambda: blocking(plugins=[Misspelled()]), "did you mean 'usersmanager_wrap_attempt'?"),
    (settings(impersonater_id="x"), "did you mean 'impersonator_id'?"),
    (settings(clientID="x"), "did you mean 'clientId'?"),
    (forgotten_await, "coroutine 'AsyncUsersManager.get_info' was never awaited"),
    (forgotten_with, "unclosed <UsersManager https://tenant.example"),
    (forgotten_async_with, "use `async with`, or close it"),
    (with_instead_of_async_with, "use `async with`, or UsersManager"),
    (async_with_instead_of_with, "use `with`, or AsyncUsersManager"),
    (blocking_in_a_loop, "use AsyncUsersManager, or asyncio.to_thread"),
    (two_loops, "make one inside each asyncio.run"),
    (used_after_close, "is closed: make a new one"),
]


@pytest.mark.parametrize(("mistake", "advice"), MISTAKES, ids=[advice for _, advice in MISTAKES])
@pytest.mark.filterwarnings("default")
def test_a_first_mistake_is_told_what_to_do(mistake: Callable[[], object], advice: str) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            mistake()
            told = ""
        except Exception as error:
            told = str(error)
    assert advice in told or any(advice in str(one.message) for one in warned), (told, warned)


def test_blocking_in_a_loop_is_told_once_and_where() -> None:
    async def main() -> None:
        with blocking(transport=FakeTransport().profile("u").profile("u")) as users:
            users.get_info("t")
            users.get_info("t")

    with pytest.warns(RuntimeWarning, match="blocks the event loop") as warned:
        asyncio.run(main())
    assert [one.filename for one in warned] == [__file__]


def test_blocking_in_a_thread_beside_a_loop_is_no_mistake() -> None:
    async def main() -> str:
        with blocking() as users:
            return (await asyncio.to_thread(users.get_info, "t")).sub

    assert asyncio.run(main()) == "u"
