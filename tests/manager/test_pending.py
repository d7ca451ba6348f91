"""PendingManager: `from_issuer` with `await`, with `async with`, and as any other coroutine."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.manager.issuer import ISSUER, add_configuration
from tests.support import Hanging

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    LifecycleError,
    NotFoundError,
    PendingManager,
)
from usersmanager.testing import FakeTransport


@pytest.fixture
def provider() -> FakeTransport:
    """A transport that responds with a configuration document and a profile."""
    return add_configuration(FakeTransport()).profile("u")


def from_issuer(provider: FakeTransport) -> PendingManager[AsyncUsersManager]:
    return AsyncUsersManager.from_issuer(ISSUER, transport=provider, discover=False)


def test_async_with_creates_and_closes_the_manager(provider: FakeTransport) -> None:
    async def main() -> None:
        async with from_issuer(provider) as users:
            assert (await users.get_info("t")).sub == "u"
            assert not provider.closed
        assert provider.closed
        with pytest.raises(LifecycleError, match="closed"):
            users.get_info("t")

    asyncio.run(main())


def test_async_with_closes_the_manager_if_its_body_raises(provider: FakeTransport) -> None:
    async def main() -> None:
        with pytest.raises(LookupError, match="of the body"):
            async with from_issuer(provider):
                raise LookupError("of the body")
        assert provider.closed

    asyncio.run(main())


def test_async_with_raises_the_error_of_the_creation() -> None:
    fake = FakeTransport().status(404)

    async def main() -> None:
        with pytest.raises(NotFoundError):
            async with from_issuer(fake):
                pytest.fail("the body was run")
        assert fake.closed

    asyncio.run(main())


def test_an_invalid_issuer_is_an_error_of_await_and_of_async_with() -> None:
    with pytest.raises(ArgumentError, match=r"^issuer "):
        asyncio.run(enter(AsyncUsersManager.from_issuer("accounts.example")))
    with pytest.raises(ArgumentError, match=r"^issuer "):
        asyncio.run(AsyncUsersManager.from_issuer("accounts.example"))


async def enter(pending: PendingManager[AsyncUsersManager]) -> None:
    async with pending:
        pass


async def await_and_close(pending: PendingManager[AsyncUsersManager]) -> None:
    await (await pending).aclose()


@pytest.mark.parametrize("first", [enter, await_and_close])
def test_it_can_be_entered_once(first: Callable[..., Any], provider: FakeTransport) -> None:
    async def main() -> None:
        pending = from_issuer(provider)
        await first(pending)
        with pytest.raises(LifecycleError, match=r"from_issuer\(\.\.\.\) was used before"):
            await enter(pending)

    asyncio.run(main())
    assert len(provider.requests) == 1


def test_it_cannot_be_awaited_twice(provider: FakeTransport) -> None:
    async def main() -> None:
        pending = from_issuer(provider)
        await await_and_close(pending)
        with pytest.raises(RuntimeError, match="already awaited"):
            await pending

    asyncio.run(main())


async def run_in_a_task(pending: PendingManager[AsyncUsersManager]) -> AsyncUsersManager:
    return await asyncio.create_task(pending)


async def run_in_a_group(pending: PendingManager[AsyncUsersManager]) -> AsyncUsersManager:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(pending)
    return task.result()


async def gather(pending: PendingManager[AsyncUsersManager]) -> AsyncUsersManager:
    (users,) = await asyncio.gather(pending)
    return users


async def wait_for(pending: PendingManager[AsyncUsersManager]) -> AsyncUsersManager:
    return await asyncio.wait_for(pending, 5)


@pytest.mark.parametrize("wait", [run_in_a_task, run_in_a_group, gather, wait_for])
def test_asyncio_accepts_it_as_a_coroutine(
    wait: Callable[[PendingManager[AsyncUsersManager]], Coroutine[Any, Any, AsyncUsersManager]],
    provider: FakeTransport,
) -> None:
    async def main() -> None:
        pending = from_issuer(provider)
        assert isinstance(pending, Coroutine)
        assert asyncio.iscoroutine(pending)
        async with await wait(pending) as users:
            assert (await users.get_info("t")).sub == "u"

    asyncio.run(main())


@pytest.mark.parametrize("debug", [False, True])
def test_asyncio_run_accepts_it(provider: FakeTransport, debug: bool) -> None:
    users = asyncio.run(from_issuer(provider), debug=debug)
    assert isinstance(users, AsyncUsersManager)
    asyncio.run(users.aclose())


def test_a_task_that_awaits_it_has_the_name_of_the_method(provider: FakeTransport) -> None:
    async def main() -> None:
        task = asyncio.create_task(from_issuer(provider))
        assert "AsyncUsersManager.from_issuer" in repr(task)
        await (await task).aclose()

    asyncio.run(main())


def test_a_cancelled_creation_closes_the_manager() -> None:
    async def main() -> None:
        fake = Hanging()
        task = asyncio.create_task(from_issuer(fake))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert fake.closed

    asyncio.run(main())


def test_one_that_is_never_awaited_warns_with_the_name_of_the_method(
    provider: FakeTransport,
) -> None:
    expected = r"coroutine 'AsyncUsersManager\.from_issuer' was never awaited"
    pending = [from_issuer(provider)]
    with pytest.warns(RuntimeWarning, match=expected):
        pending.clear()


def test_closing_it_as_a_coroutine_creates_no_manager(provider: FakeTransport) -> None:
    pending = from_issuer(provider)
    pending.close()
    gc.collect()
    assert provider.requests == []


def test_a_subclass_creates_its_own_kind(provider: FakeTransport) -> None:
    class Own(AsyncUsersManager):
        pass

    async def main() -> None:
        async with Own.from_issuer(ISSUER, transport=provider, discover=False) as users:
            assert type(users) is Own

    asyncio.run(main())
