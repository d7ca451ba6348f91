"""Calls with a callback."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from tests.support import TENANT, Hanging

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    DisconnectedError,
    LifecycleError,
    Request,
    Response,
    UnauthorizedError,
    UsersManager,
)
from usersmanager.testing import FakeTransport


async def close_in_a_task(users: AsyncUsersManager) -> None:
    await asyncio.create_task(users.aclose())


def test_a_sync_callback_gets_the_result_and_the_method_returns_none() -> None:
    outcomes: list[Any] = []
    fake = FakeTransport().profile("u").link("https://t.example/x")
    with UsersManager(TENANT, transport=fake) as users:
        assert users.get_info("t", lambda *outcome: outcomes.append(outcome)) is None
        settings = {"impersonator_id": "i", "protocol": "p", "token": "t"}
        assert users.impersonate("u", settings, lambda *outcome: outcomes.append(outcome)) is None
    assert outcomes == [(None, {"sub": "u"}), (None, "https://t.example/x")]


def test_a_sync_callback_gets_the_error() -> None:
    outcomes: list[Any] = []
    with UsersManager(TENANT, transport=FakeTransport().status(401)) as users:
        assert users.get_info("t", lambda *outcome: outcomes.append(outcome)) is None
    ((error, result),) = outcomes
    assert isinstance(error, UnauthorizedError)
    assert result is None


@pytest.mark.parametrize("status", [200, 401])
def test_an_exception_of_a_sync_callback_is_raised_and_it_is_not_called_again(status: int) -> None:
    outcomes: list[Any] = []

    def failing(error: Any, result: Any) -> None:
        outcomes.append((error, result))
        raise LookupError("of the callback")

    fake = FakeTransport().profile("u") if status == 200 else FakeTransport().status(status)
    with UsersManager(TENANT, transport=fake) as users, pytest.raises(LookupError):
        users.get_info("t", failing)
    assert len(outcomes) == 1


@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
def test_an_invalid_argument_raises_at_the_call_even_with_a_callback(kind: Any) -> None:
    async def main() -> None:
        users = kind(TENANT, transport=FakeTransport())
        for callback in (None, lambda *outcome: pytest.fail("the callback was called")):
            with pytest.raises(ArgumentError):
                users.get_info("a b", callback)
            with pytest.raises(ArgumentError):
                users.impersonate("u", None, callback)
        with pytest.raises(ArgumentError, match="callback must be callable"):
            users.get_info("t", 7)
        await users.aclose() if kind is AsyncUsersManager else users.close()

    asyncio.run(main())


class AsyncCallable:
    async def __call__(self, error: Any, result: Any) -> None:
        pytest.fail("the callback was called")


async def coroutine_callback(error: Any, result: Any) -> None:
    pytest.fail("the callback was called")


async def callback_with_context(context: str, error: Any, result: Any) -> None:
    pytest.fail("the callback was called")


ASYNC_CALLBACKS = {
    "coroutine function": coroutine_callback,
    "partial": partial(callback_with_context, "context"),
    "object": AsyncCallable(),
    "partial of an object": partial(AsyncCallable()),
    "method": AsyncCallable().__call__,
    "mock": AsyncMock(),
}


COROUTINE_FUNCTION = "^callback must not be a coroutine function: only AsyncUsersManager"


@pytest.mark.parametrize("callback", ASYNC_CALLBACKS.values(), ids=ASYNC_CALLBACKS)
def test_a_coroutine_function_as_a_sync_callback_is_rejected_before_sending(callback: Any) -> None:
    fake = FakeTransport()
    settings = {"impersonator_id": "i", "protocol": "p", "token": "t"}
    with UsersManager(TENANT, transport=fake) as users:
        with pytest.raises(ArgumentError, match=COROUTINE_FUNCTION):
            users.get_info("t", callback)
        with pytest.raises(ArgumentError, match=COROUTINE_FUNCTION):
            users.impersonate("u", settings, callback)
    assert fake.requests == []


@pytest.mark.parametrize("callback", [Mock(), partial(print), print, Mock().method])
def test_any_other_callable_is_a_sync_callback(callback: Any) -> None:
    with UsersManager(TENANT, transport=FakeTransport().profile("u")) as users:
        users.get_info("t", callback)


class Interruption(BaseException):
    """What a signal handler raises."""


def raising(error: BaseException) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        raise error

    return respond


@pytest.mark.parametrize("error", [KeyError("of a transport"), Interruption()])
def test_any_other_exception_is_raised_by_a_sync_method_without_a_callback_call(
    error: BaseException,
) -> None:
    fake = FakeTransport(raising(error))
    with UsersManager(TENANT, transport=fake) as users, pytest.raises(type(error)):
        users.get_info("t", lambda *outcome: pytest.fail("the callback was called"))


@pytest.mark.parametrize("error", [KeyError("of a transport"), Interruption()])
def test_any_other_exception_of_an_async_call_goes_to_the_exception_handler(
    error: BaseException,
) -> None:
    reported: list[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))
        fake = FakeTransport(raising(error))
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            users.get_info("t", lambda *outcome: pytest.fail("the callback was called"))
        gc.collect()  # asyncio itself reports what is not an Exception.

    asyncio.run(main())
    assert reported == [error]


def test_async_callbacks_are_awaited_by_the_close() -> None:
    outcomes: list[Any] = []

    async def coroutine_callback(error: Any, result: Any) -> None:
        await asyncio.sleep(0)
        outcomes.append(("coroutine", error, result))

    async def main() -> None:
        fake = FakeTransport().profile("u").profile("v")
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            assert users.get_info("t", lambda *outcome: outcomes.append(outcome)) is None
            assert users.get_info("t", coroutine_callback) is None
            assert outcomes == []

    asyncio.run(main())
    assert sorted(map(str, outcomes)) == [
        "('coroutine', None, <UserInfo sub='v' claims=[]>)",
        "(None, <UserInfo sub='u' claims=[]>)",
    ]


def test_an_async_callback_gets_the_error_once() -> None:
    outcomes: list[Any] = []

    async def main() -> None:
        fake = FakeTransport(DisconnectedError("gone"))
        async with AsyncUsersManager(TENANT, transport=fake, discover=False) as users:
            users.get_info("t", lambda *outcome: outcomes.append(outcome))

    asyncio.run(main())
    ((error, result),) = outcomes
    assert isinstance(error, DisconnectedError)
    assert result is None


def test_an_exception_of_an_async_callback_goes_to_the_exception_handler() -> None:
    reported: list[Any] = []
    outcomes: list[Any] = []

    def failing(error: Any, result: Any) -> None:
        outcomes.append((error, result))
        raise LookupError("of the callback")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))
        async with AsyncUsersManager(TENANT, transport=FakeTransport().profile("u")) as users:
            users.get_info("t", failing)

    asyncio.run(main())
    assert len(outcomes) == 1
    assert isinstance(reported[0], LookupError)


@pytest.mark.parametrize("seconds", [None, 0.01], ids=["before its first step", "later"])
def test_the_callback_of_a_cancelled_call_gets_an_error(seconds: float | None) -> None:
    outcomes: list[Any] = []

    async def main() -> None:
        users = AsyncUsersManager(TENANT, transport=Hanging())
        users.get_info("t", lambda *outcome: outcomes.append(outcome))
        if seconds is not None:
            await asyncio.sleep(seconds)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await users.aclose()

    asyncio.run(main())
    ((error, result),) = outcomes
    assert isinstance(error, LifecycleError)
    assert (error.operation, error.origin) == ("get_info", TENANT)
    assert result is None


@pytest.mark.parametrize("close", [AsyncUsersManager.aclose, close_in_a_task])
def test_a_callback_may_close_its_manager(close: Any) -> None:
    async def main() -> None:
        fake = FakeTransport().profile("u")
        users = AsyncUsersManager(TENANT, transport=fake)
        closed = asyncio.Event()

        async def closing(error: Any, result: Any) -> None:
            await close(users)
            closed.set()

        users.get_info("t", closing)
        await asyncio.wait_for(closed.wait(), 5)
        assert fake.closed

    asyncio.run(main())


def test_an_async_call_with_a_callback_needs_an_event_loop() -> None:
    users = AsyncUsersManager(TENANT, transport=FakeTransport())
    with pytest.raises(LifecycleError, match="running event loop"):
        users.get_info("t", lambda *outcome: None)
