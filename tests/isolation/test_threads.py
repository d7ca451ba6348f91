"""Threads share a manager: each gets its own profiles, and no connection slot is lost.

Most races need a Python without the GIL. With it, threads are at least switched often.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.callers import KINDS, Kind

from usersmanager import AsyncUsersManager, LifecycleError, UsersManager
from usersmanager.testing import FaultServer
from usersmanager.transports import PoolStats
from usersmanager_cache import Cache
from usersmanager_retry import Budget

pytestmark = pytest.mark.slow

THREADS = 16
POOL = 3
CALLS = 100
"""Of each thread."""

SYNC = pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.is_async], ids=str)
ASYNC = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.is_async], ids=str)


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that answers each token with its own profile."""
    with FaultServer() as server:
        yield server


def together(work: Callable[[int], object]) -> None:
    """Call a function with the number of a thread, in all threads at once."""
    barrier = threading.Barrier(THREADS)

    def start(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(start, number) for number in range(THREADS)]:
            done.result()


def check(users: UsersManager, token: str) -> None:
    """Call, and check whose profile it is."""
    assert users.get_info(token).sub == token


def at_rest(transport: Any) -> PoolStats:
    """The connections of a transport with one origin, none of which is in use or waited for."""
    (stats,) = transport.stats().values()
    assert (stats.in_use, stats.waiting) == (0, 0)
    assert stats.idle <= POOL
    return stats


@SYNC
def test_each_thread_gets_its_own_profiles_and_no_slot_is_lost(
    kind: Kind, server: FaultServer
) -> None:
    transport = kind.transport(pool_size=POOL, connect_timeout=60.0)
    with UsersManager(server.origin, transport=transport, discover=False, timeout=60.0) as users:
        together(lambda thread: [check(users, f"{thread}.{call}") for call in range(CALLS)])
        assert at_rest(transport).opened <= POOL
    assert at_rest(transport).idle == 0


@SYNC
def test_the_first_call_may_come_from_all_threads_at_once(kind: Kind, server: FaultServer) -> None:
    for _ in range(20):
        transport = kind.transport(pool_size=POOL, connect_timeout=60.0)
        with UsersManager(
            server.origin, transport=transport, discover=False, timeout=60.0
        ) as users:
            together(lambda thread: check(users, f"{thread}"))
            assert at_rest(transport).opened <= POOL


FIRST_USE = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor

origin, transport, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.setswitchinterval(1e-5)
barrier = threading.Barrier(count)

def use(number):
    barrier.wait()
    if number == 0:
        import asyncio
    from usersmanager import UsersManager
    with UsersManager(origin, transport=transport, plugins=["cache"], timeout=60) as users:
        return users.get_info(f"{number}").sub

with ThreadPoolExecutor(count) as threads:
    assert list(threads.map(use, range(count))) == [f"{number}" for number in range(count)]
"""


@SYNC
def test_the_library_may_be_imported_and_used_by_all_threads_at_once(
    kind: Kind, server: FaultServer
) -> None:
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-W", "error", "-c", FIRST_USE, server.origin, kind.name, "16"],
            check=True,
            timeout=120,
        )


@SYNC
def test_closing_ends_the_calls_of_all_threads_and_leaves_no_connection(
    kind: Kind, server: FaultServer
) -> None:
    transport = kind.transport(pool_size=POOL, connect_timeout=60.0)
    users = UsersManager(server.origin, transport=transport, discover=False, timeout=60.0)

    def call_until_closed(thread: int) -> None:
        for call in range(1000 * CALLS):
            if (thread, call) == (0, 5):
                users.close()
            try:
                check(users, f"{thread}.{call}")
            except LifecycleError:
                return
        pytest.fail("it has not noticed that the manager is closed")

    together(call_until_closed)
    assert at_rest(transport).idle == 0


@ASYNC
def test_threads_with_event_loops_get_their_own_profiles_and_see_the_connections_of_all(
    kind: Kind, server: FaultServer
) -> None:
    transport = kind.transport(pool_size=1, connect_timeout=30.0)
    users = AsyncUsersManager(server.origin, transport=transport, discover=False, timeout=60.0)

    async def check_async(token: str) -> None:
        assert (await users.get_info(token)).sub == token
        assert transport.stats()[server.origin].opened

    async def call(thread: int) -> None:
        await asyncio.gather(*[check_async(f"{thread}.{call}") for call in range(CALLS)])

    together(lambda thread: asyncio.run(call(thread)))
    asyncio.run(users.aclose())
    assert not any(stats.in_use or stats.idle for stats in transport.stats().values())


def test_a_cache_that_is_full_gives_each_token_its_own_profile(server: FaultServer) -> None:
    cache = Cache(max_entries=4)
    with UsersManager(server.origin, plugins=[cache], discover=False, timeout=60.0) as users:

        def call(thread: int) -> None:
            for number in range(CALLS):
                check(users, f"{(thread + number) % 8}")
                if number % 10 == thread % 10:
                    cache.forget(f"{number % 8}")

        together(call)
    stats = cache.stats
    assert stats.hits + stats.waits + stats.misses == THREADS * CALLS
    assert stats.entries <= 4


def test_no_token_of_a_retry_budget_is_lost() -> None:
    budget = Budget(10 * THREADS * CALLS)
    together(lambda _: [budget.spend() for _ in range(CALLS)])
    assert budget.tokens == 5 * THREADS * CALLS
