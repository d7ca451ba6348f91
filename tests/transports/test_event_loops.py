"""One manager in several event loops: their connections, and the ends of both."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Self, TypeVar

import pytest
from tests.callers import AIOHTTP, NATIVE_ASYNC, UVLOOP_KINDS, Kind
from tests.descriptors import count_descriptors, settled_descriptors
from tests.support import in_child

from usersmanager import AsyncUsersManager, LifecycleError, UsersManagerError
from usersmanager.testing import FaultServer, Peer, echo
from usersmanager.testing.certificates import client_context, server_context

T = TypeVar("T")


@pytest.fixture(params=[AIOHTTP, NATIVE_ASYNC, *UVLOOP_KINDS], ids=str)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=[AIOHTTP, NATIVE_ASYNC], ids=str)
def asyncio_kind(request: pytest.FixtureRequest) -> Any:
    """A kind with an event loop of asyncio's own."""
    return request.param


def manager(kind: Kind, server: FaultServer, **settings: Any) -> AsyncUsersManager:
    return AsyncUsersManager(server.origin, transport=kind.transport(**settings), discover=False)


def run(kind: Kind, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a new event loop, as asyncio.run does."""
    with asyncio.Runner(loop_factory=kind.loop_factory) as runner:
        return runner.run(coroutine)


def run_without_shutdown(kind: Kind, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a new event loop that is closed without the steps of asyncio.run."""
    loop = (kind.loop_factory or asyncio.new_event_loop)()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


async def subject(users: AsyncUsersManager, token: str) -> str:
    return (await users.get_info(token)).sub


def open_sockets(sockets: list[Any]) -> int:
    """Return how many sockets of the client are open. uvloop's have no number once closed."""
    return sum(sock is not None and sock.fileno() >= 0 for sock in sockets)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_one_manager_serves_50_event_loops_one_after_another(kind: Kind) -> None:
    with FaultServer() as server:
        users = manager(kind, server)
        subjects = [run(kind, subject(users, "warm-up"))]
        wait_until(lambda: len(server.requests) == 1)
        before = count_descriptors()
        subjects += [run(kind, subject(users, f"user-{number}")) for number in range(50)]
        assert subjects == ["warm-up", *(f"user-{number}" for number in range(50))]
        assert server.connections == 51
        assert settled_descriptors(before) <= before  # The server closes its side, too.
        run(kind, users.aclose())
    gc.collect()


def test_threads_with_their_own_event_loops_share_a_manager(kind: Kind) -> None:
    with FaultServer() as server:
        users = manager(kind, server)

        async def call_repeatedly(thread: int) -> dict[str, str]:
            tokens = [f"user-{thread}-{number}" for number in range(50)]
            subjects = [await subject(users, token) for token in tokens[:10]]
            subjects += await asyncio.gather(*[subject(users, token) for token in tokens[10:]])
            return dict(zip(tokens, subjects, strict=True))

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(lambda n: run(kind, call_repeatedly(n)), range(4)))
        assert [len(result) for result in results] == [50] * 4
        assert all(token == sub for result in results for token, sub in result.items())
        run(kind, users.aclose())
    gc.collect()


def test_threads_may_start_an_event_loop_for_each_call(kind: Kind) -> None:
    with FaultServer() as server:
        users = manager(kind, server)

        def call_repeatedly(thread: int) -> list[tuple[str, str]]:
            tokens = [f"user-{thread}-{number}" for number in range(10)]
            return [(token, run(kind, subject(users, token))) for token in tokens]

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(call_repeatedly, range(4)))
        assert all(token == sub for result in results for token, sub in result)
        run(kind, users.aclose())
    gc.collect()


def test_an_event_loop_reuses_its_own_connection_only(kind: Kind) -> None:
    async def call_twice(users: AsyncUsersManager) -> list[str]:
        return [await subject(users, "one"), await subject(users, "two")]

    with FaultServer() as server:
        users = manager(kind, server)
        for loops in (1, 2):
            assert run(kind, call_twice(users)) == ["one", "two"]
            assert server.connections == loops
        run(kind, users.aclose())


def test_the_sockets_are_closed_once_the_manager_is(kind: Kind, sockets: list[Any]) -> None:
    async def main(server: FaultServer) -> tuple[int, int]:
        users = manager(kind, server)
        await asyncio.gather(subject(users, "ada"), subject(users, "bob"))
        before = open_sockets(sockets)
        await users.aclose()
        return before, open_sockets(sockets)

    with FaultServer(otherwise=echo) as server:
        assert run(kind, main(server)) == (2, 0)


def test_a_connection_does_not_keep_the_context_of_the_call_that_opened_it(kind: Kind) -> None:
    class Session: ...

    session: ContextVar[Session] = ContextVar("session")

    async def call(users: AsyncUsersManager) -> weakref.ref[Session]:
        session.set(Session())
        await users.get_info("user")
        return weakref.ref(session.get())

    async def main() -> None:
        async with manager(kind, server) as users:
            reference = await asyncio.create_task(call(users))
            await asyncio.sleep(0)
            gc.collect()
            assert reference() is None
            await users.get_info("user")
            assert server.connections == 1

    with FaultServer() as server:
        run(kind, main())


def test_connections_are_closed_with_their_event_loop(kind: Kind, sockets: list[Any]) -> None:
    closed = threading.Event()

    def wait(peer: Peer) -> None:
        echo(peer)  # Until the client closes the connection.
        closed.set()

    with FaultServer(wait) as server:
        users = manager(kind, server)
        run(kind, subject(users, "a-token"))
        assert closed.wait(10)
        assert open_sockets(sockets) == 0
        run(kind, users.aclose())


def test_the_connections_of_a_loop_that_was_closed_abruptly_are_freed_by_the_next_one(
    asyncio_kind: Kind, sockets: list[Any]
) -> None:
    with FaultServer() as server:
        users = manager(asyncio_kind, server)
        for number in range(3):
            run_without_shutdown(asyncio_kind, subject(users, f"user-{number}"))
            gc.collect()
            assert open_sockets(sockets) == 1
        run(asyncio_kind, users.aclose())
        assert open_sockets(sockets) == 0
        assert server.connections == 3


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_manager_whose_loop_is_gone_is_closed_by_another_without_a_warning(
    asyncio_kind: Kind, is_tls: bool
) -> None:
    before = count_descriptors()
    context = server_context() if is_tls else None
    with (
        FaultServer(ssl_context=context, host="localhost") as server,
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        users = manager(asyncio_kind, server, ssl_context=client_context())
        for number in range(2):
            run_without_shutdown(asyncio_kind, subject(users, f"user-{number}"))
        while_open = count_descriptors()
        run(asyncio_kind, users.aclose())
        gc.collect()
        assert settled_descriptors(while_open - 2) <= while_open - 2
        del users
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
    assert settled_descriptors(before) <= before


def test_a_call_that_its_loop_abandoned_frees_its_connection(
    asyncio_kind: Kind, sockets: list[Any]
) -> None:
    def never_respond(peer: Peer) -> None:
        peer.request()
        peer.wait_closed()

    with FaultServer(never_respond) as server:
        users = manager(asyncio_kind, server)
        loop = asyncio.new_event_loop()
        reported: list[Any] = []
        loop.set_exception_handler(lambda loop, context: reported.append(context["message"]))
        task = loop.create_task(users.get_info("a-token"))
        while not server.requests:
            loop.run_until_complete(asyncio.sleep(0.001))
        loop.close()
        del task
        gc.collect()
        assert reported == ["Task was destroyed but it is pending!"]
        assert open_sockets(sockets) == 0
        run(asyncio_kind, users.aclose())


def test_the_connection_limit_is_that_of_each_event_loop(kind: Kind) -> None:
    release = threading.Event()

    def hold(peer: Peer) -> None:
        peer.request()
        release.wait(10)
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def held(users: AsyncUsersManager) -> None:
        with pytest.raises(UsersManagerError):
            await users.get_info("held")

    with FaultServer(hold) as server:
        users = manager(kind, server, pool_size=1)
        with ThreadPoolExecutor(1) as threads:
            holding = threads.submit(run, kind, held(users))
            wait_until(lambda: len(server.requests) == 1)
            assert run(kind, subject(users, "free")) == "free"
            release.set()
            holding.result(10)
        run(kind, users.aclose())


class LoopThread:
    """A thread that runs an event loop. Use it with `with`."""

    def __init__(self, kind: Kind) -> None:
        self._loop = (kind.loop_factory or asyncio.new_event_loop)()
        self._end = self._loop.create_future()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._wait())

    async def _wait(self) -> None:
        await self._end

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set_result, None)
        self._thread.join()


def test_closing_the_manager_in_another_loop_closes_the_connections_of_all(
    kind: Kind, sockets: list[Any]
) -> None:
    with FaultServer() as server, LoopThread(kind) as one, LoopThread(kind) as two:
        users = manager(kind, server)
        assert [one.call(subject(users, name)) for name in ("one", "two")] == ["one", "two"]
        assert two.call(subject(users, "three")) == "three"
        assert run(kind, subject(users, "four")) == "four"
        assert open_sockets(sockets) == 2
        run(kind, users.aclose())
        wait_until(lambda: open_sockets(sockets) == 0)
        with pytest.raises(LifecycleError, match="closed"):
            one.call(subject(users, "five"))
    gc.collect()


def test_closing_the_manager_between_two_runs_of_another_loop_leaves_nothing_behind(
    kind: Kind, sockets: list[Any]
) -> None:
    reported: list[Any] = []
    with FaultServer() as server:
        users = manager(kind, server)
        with asyncio.Runner(loop_factory=kind.loop_factory) as runner:
            runner.get_loop().set_exception_handler(lambda loop, context: reported.append(context))
            runner.run(subject(users, "a-token"))
            run(kind, users.aclose())
        gc.collect()
        assert open_sockets(sockets) == 0
    assert reported == []


def test_a_manager_may_be_closed_by_an_async_generator_that_ends_with_the_loop(
    kind: Kind, sockets: list[Any]
) -> None:
    reported: list[Any] = []

    async def dependency(server: FaultServer) -> AsyncIterator[AsyncUsersManager]:
        async with manager(kind, server) as users:
            yield users

    async def main(server: FaultServer) -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: reported.append(context)
        )
        generators.append(dependency(server))
        users = await anext(generators[0])
        assert await subject(users, "a-token") == "a-token"

    generators: list[AsyncIterator[AsyncUsersManager]] = []
    with FaultServer() as server:
        run(kind, main(server))
        assert open_sockets(sockets) == 0
    assert reported == []


def test_a_loop_that_ends_can_still_be_used_by_its_last_tasks(kind: Kind) -> None:
    subjects: list[str] = []

    async def main(users: AsyncUsersManager) -> None:
        async def last_call() -> AsyncIterator[None]:
            try:
                yield
            finally:
                subjects.append(await subject(users, "last"))

        generators.append(last_call())
        await anext(generators[0])
        await subject(users, "first")

    generators: list[AsyncIterator[None]] = []
    with FaultServer() as server:
        users = manager(kind, server)
        run(kind, main(users))
        run(kind, users.aclose())
    assert subjects == ["last"]


def test_a_forked_process_uses_new_connections_in_a_new_loop_and_not_the_old_loop(
    asyncio_kind: Kind,
) -> None:
    def run_child(users: AsyncUsersManager, runner: asyncio.Runner) -> str:
        with pytest.raises(LifecycleError, match="does not survive a fork"):
            runner.run(users.get_info("child"))
        return asyncio.run(subject(users, "child"))

    with FaultServer() as server, asyncio.Runner() as runner:
        users = manager(asyncio_kind, server)
        runner.run(subject(users, "parent"))
        assert in_child(lambda: run_child(users, runner)) == "child"
        assert server.connections == 2
        assert runner.run(subject(users, "parent")) == "parent"
        assert server.connections == 2
        runner.run(users.aclose())
