"""The scenarios: which clients make which calls, and how many at a time."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from statistics import median
from typing import NamedTuple

from .measure import Batch, interleave, quartiles
from .peers import (
    ASYNC_BASE,
    SYNC_BASE,
    AsyncOpen,
    Open,
    async_clients,
    cached_async_clients,
    cached_sync_clients,
    sync_clients,
)
from .profiles import SUBJECT
from .server import Server


class Scenario(NamedTuple):
    """A number of calls at a time, in threads or in one event loop."""

    name: str
    title: str
    concurrency: int
    is_async: bool = False
    tls: bool = False
    size: int = 1_000
    cached: bool = False


SCENARIOS = (
    Scenario("thread", "One thread", 1),
    Scenario("threads", "8 threads", 8),
    Scenario("asyncio", "asyncio, 100 in flight", 100, is_async=True),
    Scenario("thread-tls", "One thread, TLS", 1, tls=True),
    Scenario("asyncio-tls", "asyncio, 100 in flight, TLS", 100, is_async=True, tls=True),
    Scenario("100kb", "One thread, 100 kB", 1, size=100_000),
    Scenario("100kb", "asyncio, 100 in flight, 100 kB", 100, is_async=True, size=100_000),
    Scenario("cache", "One thread, 1,000 cached profiles", 1, cached=True),
    Scenario("cache", "64 threads, 1,000 cached profiles", 64, cached=True),
    Scenario(
        "cache", "asyncio, 100 in flight, 1,000 cached profiles", 100, is_async=True, cached=True
    ),
    Scenario(
        "cache",
        "asyncio, 1,000 in flight, 1,000 cached profiles",
        1_000,
        is_async=True,
        cached=True,
    ),
)


class Row(NamedTuple):
    """The result of one client in one scenario: quartiles of its time × base, and medians."""

    scenario: str
    client: str
    quartiles: list[float]
    microseconds: float
    server_busy: float


def run(scenario: Scenario, server: Server, rounds: int, seconds: float) -> list[Row]:
    """Measure the clients of a scenario; return the fastest first."""
    _, title, number, is_async, tls, size, cached = scenario
    url = server.base_url(size, tls)
    if is_async:
        async_ones = cached_async_clients() if cached else async_clients()
        opening = {name: in_flight(one, url, number) for name, one in async_ones.items()}
    else:
        sync_ones = cached_sync_clients() if cached else sync_clients()
        opening = {name: in_threads(one, url, number) for name, one in sync_ones.items()}
    with ExitStack() as stack:
        batches = {name: stack.enter_context(client) for name, client in opening.items()}
        turns = interleave(
            batches, rounds, seconds, max(1, 100 // number) * number, server.cpu_seconds
        )
    base = turns[ASYNC_BASE if is_async else SYNC_BASE]
    rows = []
    for client, own in turns.items():
        wall, busy = (median(column) for column in zip(*own, strict=True))
        rows.append(Row(title, client, quartiles(own, base), wall * 1e6, busy))
    return sorted(rows, key=lambda row: row.quartiles[1])


@contextmanager
def in_threads(open_client: Open, url: str, threads: int) -> Iterator[Batch]:
    """Open a sync client whose calls are spread over so many threads."""
    with open_client(url) as fetch, ThreadPoolExecutor(threads) as pool:

        def share(calls: int) -> None:
            for _ in range(calls):
                profile = fetch()
            assert profile["sub"] == SUBJECT

        yield lambda count: list(pool.map(share, [count // threads] * threads))


@contextmanager
def in_flight(open_client: AsyncOpen, url: str, tasks: int) -> Iterator[Batch]:
    """Open an async client, in its own event loop, whose calls are spread over so many tasks."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        fetch = runner.run(stack.enter_async_context(open_client(url)))

        async def share(calls: int) -> None:
            for _ in range(calls):
                profile = await fetch()
            assert profile["sub"] == SUBJECT

        async def shares(count: int) -> None:
            await asyncio.gather(*[share(count // tasks) for _ in range(tasks)])

        try:
            yield lambda count: runner.run(shares(count))
        finally:
            runner.run(stack.aclose())
