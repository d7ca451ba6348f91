"""Whatever happens to the server or to the calls, a key never gets the content of another."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from unittest import mock

import pytest
from tests.plugins.cache.clients import entries_over
from tests.plugins.cache.servers import Server, running_server
from tests.plugins.cache.support import arun, running, shared_entries

from usersmanager.plugins import Flow, sleep
from usersmanager_cache import health
from usersmanager_cache.redis_store import RedisStore
from usersmanager_cache.shared import SharedEntries

pytestmark = pytest.mark.slow

KEYS = [bytes([number]) * 32 for number in range(50)]


def content(key: bytes, size: int = 1) -> bytes:
    return key * size


@pytest.fixture(autouse=True)
def _tried_again_soon() -> Iterator[None]:
    with mock.patch.object(health, "_SECONDS_ALONE", 0.05):
        yield


class Tally:
    """Counts hits, and fails at the first wrong answer."""

    def __init__(self) -> None:
        self.hits = 0

    def check(self, key: bytes, found: bytes | None) -> None:
        assert found is None or found == content(key), "the content of another key"
        self.hits += found is not None


@contextmanager
def repeatedly(disturb: Callable[[], None], tally: Tally) -> Iterator[threading.Event]:
    """Disturb eight times, each after more hits; yield an event that is set at the end."""
    ended = threading.Event()

    def work() -> None:
        latest = time.monotonic() + 120.0
        for number in range(1, 9):
            time.sleep(0.2)
            while tally.hits < 10 * number and time.monotonic() < latest:
                time.sleep(0.01)
            disturb()
        ended.set()

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(work)
        try:
            yield ended
        finally:
            future.result()


def restart(server: Server) -> Callable[[], None]:
    def work() -> None:
        server.kill()
        time.sleep(0.05)
        server.start()

    return work


def pause(server: Server) -> Callable[[], None]:
    def work() -> None:
        with server.paused():
            time.sleep(random.choice([0.02, 0.3]))

    return work


@pytest.mark.parametrize("disturb", [restart, pause])
@pytest.mark.parametrize("program", ["redis", "valkey"])
def test_threads_get_right_answers_from_a_disturbed_server(
    program: str, disturb: Callable[[Server], Callable[[], None]]
) -> None:
    tally = Tally()
    with running_server(program) as server:
        shared = shared_entries(RedisStore.from_url(server.url, timeout=0.25))

        def work(seed: int, ended: threading.Event) -> None:
            choose = random.Random(seed).choice
            with running("sync") as run:
                while not ended.is_set():
                    key = choose(KEYS)
                    run(shared.put(key, content(key), 60.0))
                    tally.check(key, run(shared.get(choose([key]))))

        with repeatedly(disturb(server), tally) as ended, ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8), [ended] * 8))
        with running("sync") as run:
            run(recover(shared))
        shared.close()
    assert tally.hits >= 80


@pytest.mark.parametrize("disturb", [restart, pause])
@pytest.mark.parametrize("program", ["redis", "valkey"])
def test_tasks_get_right_answers_from_a_disturbed_server_while_some_are_cancelled(
    program: str, disturb: Callable[[Server], Callable[[], None]]
) -> None:
    tally = Tally()
    with running_server(program) as server:
        shared = shared_entries(RedisStore.from_url(server.url, timeout=0.25))

        async def work(key: bytes) -> None:
            await arun(shared.put(key, content(key), 60.0))
            tally.check(key, await arun(shared.get(key)))

        async def main(ended: threading.Event) -> None:
            while not ended.is_set():
                tasks = [asyncio.ensure_future(work(key)) for key in KEYS]
                for task in random.sample(tasks, 25):
                    await asyncio.sleep(random.choice([0, 0.0005]))
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
                for result in results:
                    assert result is None or isinstance(result, asyncio.CancelledError), result
            await arun(recover(shared))

        with repeatedly(disturb(server), tally) as ended:
            asyncio.run(main(ended))
    assert tally.hits >= 80


def recover(shared: SharedEntries) -> Flow[None]:
    """Read every key, as soon as the store is tried again and answers in time."""
    latest = time.monotonic() + 15.0
    for key in KEYS:
        found = None
        while found is None and time.monotonic() < latest:
            yield from shared.put(key, content(key), 60.0)
            found = yield from shared.get(key)
            yield from sleep(0.0 if found else 0.02)
        assert found == content(key)


class Interruption(BaseException):
    """Raised by a signal handler, at any moment."""


# Interrupted, the libraries may lose a socket, which is closed when it is garbage collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["from_url", "redis", "valkey"])
def test_an_interruption_at_any_moment_mixes_up_no_answers(kind: str) -> None:
    interrupted = 0
    latest = time.monotonic() + 120.0
    tally = Tally()

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interruption

    with running_server("redis") as server, entries_over(kind, "sync", server) as (shared, run):
        for key in KEYS:
            run(shared.put(key, content(key), 60.0))
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            while min(interrupted, tally.hits) < 200 and time.monotonic() < latest:
                key = random.choice(KEYS)
                try:
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 1e-3))
                    tally.check(key, run(shared.get(key)))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except Interruption:
                    interrupted += 1
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
        finally:
            signal.signal(signal.SIGALRM, before)
        run(recover(shared))
    gc.collect()  # While the warnings about lost sockets are ignored.
    assert min(interrupted, tally.hits) >= 200
