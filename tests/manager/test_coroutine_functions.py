"""Libraries treat the methods of AsyncUsersManager as coroutine functions."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock, create_autospec

import pytest
from tenacity import AsyncRetrying, retry, stop_after_attempt
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    ServerError,
    UnauthorizedError,
    UserInfo,
    UsersManager,
)
from usersmanager.testing import FakeTransport

METHODS = ["get_info", "impersonate", "call", "from_issuer", "aclose"]
# Python 3.11 has no mark that `inspect` and tenacity know.
needs_mark = pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12")
# Python 3.14 deprecates the function of asyncio.
CHECKS = [inspect.iscoroutinefunction] if sys.version_info >= (3, 12) else []
CHECKS += [asyncio.iscoroutinefunction] if sys.version_info < (3, 14) else []
checks = pytest.mark.parametrize("check", CHECKS)


@checks
@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_a_coroutine_function_of_its_class_and_of_an_instance(
    check: Callable[[object], bool], name: str
) -> None:
    users = AsyncUsersManager(TENANT, transport=FakeTransport())
    assert check(getattr(AsyncUsersManager, name))
    assert check(getattr(users, name))


@checks
@pytest.mark.parametrize("name", METHODS)
def test_a_sync_method_is_not_a_coroutine_function(
    check: Callable[[object], bool], name: str
) -> None:
    if hasattr(UsersManager, name):
        assert not check(getattr(UsersManager, name))


@pytest.mark.parametrize(
    "make_double",
    [
        lambda: create_autospec(AsyncUsersManager, instance=True),
        lambda: create_autospec(AsyncUsersManager(TENANT, transport=FakeTransport())),
        lambda: AsyncMock(spec=AsyncUsersManager),
    ],
)
def test_a_test_double_is_awaited_as_the_original_is(make_double: Callable[[], Any]) -> None:
    async def main() -> None:
        users = make_double()
        users.get_info.return_value = UserInfo(sub="u")
        assert (await users.get_info("t")).sub == "u"
        users.get_info.assert_awaited_once_with("t")
        users.impersonate.side_effect = ServerError("down")
        with pytest.raises(ServerError):
            await users.impersonate("u", {})
        await users.aclose()

    asyncio.run(main())


@needs_mark
def test_tenacity_retries_a_method() -> None:
    async def main() -> None:
        fake = FakeTransport().status(401).status(401).profile("u").status(401).profile("u")
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            get_info = retry(stop=stop_after_attempt(3))(users.get_info)
            assert (await get_info("t")).sub == "u"
            retrying = AsyncRetrying(stop=stop_after_attempt(2))
            assert (await retrying(users.get_info, "t")).sub == "u"
        assert len(fake.requests) == 5

    asyncio.run(main())


def test_tenacity_retries_a_coroutine_function_that_calls_a_method() -> None:
    async def main() -> None:
        fake = FakeTransport().status(401).status(401).profile("u")
        async with AsyncUsersManager(TENANT, transport=fake) as users:

            @retry(stop=stop_after_attempt(3))
            async def get_info(token: str) -> UserInfo:
                return await users.get_info(token)

            assert (await get_info("t")).sub == "u"
        assert len(fake.requests) == 3

    asyncio.run(main())


def test_a_marked_method_still_raises_at_the_call_and_takes_a_callback() -> None:
    outcomes: list[Any] = []

    async def main() -> None:
        fake = FakeTransport().status(401)
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            with pytest.raises(ArgumentError):
                users.get_info("a b")  # type: ignore[unused-coroutine] # It raises.
            assert users.get_info("t", lambda *outcome: outcomes.append(outcome)) is None

    asyncio.run(main())
    assert [type(error) for error, _ in outcomes] == [UnauthorizedError]


def test_a_call_that_is_never_awaited_warns_with_the_name_of_the_method() -> None:
    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=FakeTransport()) as users:
            users.get_info("t")  # type: ignore[unused-coroutine] # The mistake.
            gc.collect()

    expected = r"coroutine 'AsyncUsersManager\.get_info' was never awaited"
    with pytest.warns(RuntimeWarning, match=expected):
        asyncio.run(main())
