"""Closing, event loops and `with` statements."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest
from tests.support import TENANT, Hanging

from usersmanager import (
    AsyncUsersManager,
    LifecycleError,
    Request,
    Response,
    UserInfo,
    UsersManager,
    UsersManagerError,
)
from usersmanager.testing import FakeTransport


class CountingTransport(FakeTransport):
    """A transport that counts how often it is closed."""

    closes = 0

    def close(self) -> None:
        self.closes += 1


def test_a_closed_manager_rejects_calls_and_closes_its_transport_once(mode: Any) -> None:
    transport = CountingTransport()

    async def async_manager() -> None:
        async with AsyncUsersManager(TENANT, transport=transport) as users:
            pass
        await users.aclose()
        with pytest.raises(LifecycleError, match="closed"):
            users.get_info("t")
        with pytest.raises(LifecycleError, match="closed"):
            await users.__aenter__()

    def sync_manager() -> None:
        with UsersManager(TENANT, transport=transport) as users:
            pass
        users.close()
        with pytest.raises(LifecycleError, match="is closed: create a new one"):
            users.get_info("t", lambda *outcome: pytest.fail("the callback was called"))
        with pytest.raises(LifecycleError, match="closed"):
            users.__enter__()

    if mode.name == "sync":
        sync_manager()
    else:
        asyncio.run(async_manager())
    assert transport.closes == 1


def test_of_two_threads_that_find_a_manager_open_only_one_closes_it(mode: Any) -> None:
    transport = CountingTransport()
    users = mode.make(TENANT, transport=transport)
    for _ in range(2):
        users._is_open = True  # This is what each of them has read.
        asyncio.run(users.aclose()) if mode.name == "async" else users.close()
    assert transport.closes == 1


def test_a_call_that_is_awaited_after_the_close_is_rejected() -> None:
    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=FakeTransport()) as users:
            call = users.get_info("t")
        with pytest.raises(LifecycleError, match="closed"):
            await call

    asyncio.run(main())


def test_several_event_loops_may_use_and_close_a_manager() -> None:
    fake = FakeTransport().profile("first").profile("second")
    users = AsyncUsersManager(TENANT, transport=fake)

    async def call() -> str:
        return (await users.get_info("t")).sub

    assert [asyncio.run(call()), asyncio.run(call())] == ["first", "second"]
    asyncio.run(users.aclose())
    assert fake.closed
    with pytest.raises(LifecycleError, match="closed"):
        asyncio.run(call())


def test_closing_awaits_the_calls_with_callbacks_of_the_running_loop_only() -> None:
    outcomes: list[str] = []

    async def note(error: UsersManagerError | None, profile: UserInfo | None) -> None:
        await asyncio.sleep(0)
        outcomes.append(profile.sub if profile else str(error))

    class HangingForOneToken(FakeTransport):
        async def asend(self, request: Request) -> Response:
            if request.token.reveal() == "hanging":
                await asyncio.sleep(60)
            return self.send(request)

    async def call(users: AsyncUsersManager) -> None:
        users.get_info("hanging", note)

    async def call_and_close(users: AsyncUsersManager) -> None:
        users.get_info("t", note)
        await asyncio.wait_for(users.aclose(), 5)
        assert outcomes == ["u"]

    users = AsyncUsersManager(TENANT, transport=HangingForOneToken().profile("u"))
    with asyncio.Runner() as runner:
        runner.run(call(users))
        asyncio.run(call_and_close(users))
    assert outcomes == ["u", "the call was cancelled"]


def test_closing_closes_the_transport_even_if_it_is_cancelled() -> None:
    async def main() -> None:
        fake = Hanging()
        users = AsyncUsersManager(TENANT, transport=fake)
        users.get_info("t", lambda *outcome: None)
        closing = asyncio.create_task(users.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert fake.closed

    asyncio.run(main())


def test_without_an_event_loop_nothing_can_be_called_or_closed() -> None:
    users = AsyncUsersManager(TENANT, transport=FakeTransport())
    for coroutine in (users.get_info("t"), users.aclose(), users.__aenter__()):
        with pytest.raises(LifecycleError, match="needs a running event loop"):
            coroutine.send(None)


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


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
def test_a_manager_is_made_in_each_process_not_pickled_or_copied(kind: Any, copied: Any) -> None:
    users = kind(TENANT, transport=FakeTransport())
    for thing in (users, {"users": users}, users.get_info):
        if not (copied is copy.copy and thing is not users):
            with pytest.raises(TypeError, match=r"can't be pickled or copied.*in each process"):
                copied(thing)
    if kind is UsersManager:
        users.close()
    else:
        asyncio.run(users.aclose())
