"""Processes that share a real Redis, and entries that somebody tampers with."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.plugins.cache.calling import Provider
from tests.plugins.cache.servers import Server, running_server
from tests.plugins.cache.support import SECRET
from tests.support import TENANT

from usersmanager import UsersManager
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager_cache import Cache, RedisStore

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PROCESSES, CALLS, THREADS, TOKENS = 8, 100_000, 4, 20

PROCESS = """
import asyncio, sys
from tests.plugins.cache.clients import store_of
from usersmanager import AsyncUsersManager, UsersManager
from usersmanager_cache import Cache, shared

url, origin, style, secret = sys.argv[1:]
shared._LOCK_SECONDS = 20.0  # A busy machine must not let it expire.
cache = Cache(store=store_of(url), secret=secret.encode())

async def main():
    async with AsyncUsersManager(origin, plugins=[cache], timeout=60) as users:
        print("ready", flush=True)
        sys.stdin.readline()
        profiles = await asyncio.gather(*[users.get_info("the-token") for _ in range(5)])
        print([profile.sub for profile in profiles], flush=True)

if style == "async":
    asyncio.run(main())
else:
    with UsersManager(origin, plugins=[cache], timeout=60) as users:
        print("ready", flush=True)
        sys.stdin.readline()
        print([users.get_info("the-token").sub for _ in range(5)], flush=True)
print(cache.stats.store_errors, flush=True)
"""


@pytest.fixture
def redis_server() -> Iterator[Server]:
    with running_server("redis") as server:
        yield server


def test_eight_processes_make_one_request(redis_server: Server) -> None:
    def answer(peer: Peer) -> None:
        while peer.request():
            threading.Event().wait(0.2)
            peer.send(profile("auth0|ada"))

    with FaultServer(otherwise=answer) as provider, contextlib.ExitStack() as stack:
        arguments = [
            [redis_server.url, provider.origin, style, SECRET.decode()]
            for style in ("sync", "async") * (PROCESSES // 2)
        ]
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROCESS, *own],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
            )
            for own in arguments
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        ends = [process.communicate(timeout=120)[0] for process in processes]
        assert ends == [f"{['auth0|ada'] * 5}\n0\n"] * PROCESSES
        assert len(provider.requests) == 1


class Vandal:
    """Swaps, damages and restores values of a server until it is stopped."""

    def __init__(self, server: Server) -> None:
        self._client = redis.Redis(unix_socket_path=str(server.path))
        self._random = random.Random(1)
        self._stopped = threading.Event()
        self._old: list[bytes] = []
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Vandal:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._client.close()

    def _work(self) -> None:
        while not self._stopped.wait(0.001):
            keys: Any = self._client.keys("*")
            names = [name for name in keys if not name.endswith(b":lock")]
            if len(names) < 2:
                continue
            first, second = self._random.sample(names, 2)
            values: Any = self._client.mget([first, second])
            if None in values:
                continue
            for name, value in zip((second, first), values, strict=True):
                self._client.set(name, self._damage(value), xx=True, keepttl=True)

    def _damage(self, value: bytes) -> bytes:
        value = value or b"nothing"
        self._old = [*self._old[-50:], value]
        index = self._random.randrange(len(value))
        return self._random.choice(
            [
                value,  # Under the name of another entry.
                value[:index],
                value + b"x",
                value[:index] + bytes([value[index] ^ 1]) + value[index + 1 :],
                b"",
                self._random.choice(self._old),
            ]
        )


def test_entries_that_are_damaged_and_swapped_never_lead_to_a_wrong_profile(
    redis_server: Server,
) -> None:
    provider = Provider()
    cache = Cache(store=RedisStore.from_url(redis_server.url, timeout=1), secret=SECRET)
    wrong: list[tuple[str, str]] = []
    with UsersManager(TENANT, transport=provider, plugins=[cache], discover=False) as users:

        def work(seed: int) -> None:
            choose = random.Random(seed).randrange
            for _ in range(CALLS // THREADS):
                token = f"user-{choose(TOKENS)}"
                sub = users.get_info(token).sub
                if sub != token:
                    wrong.append((token, sub))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
        with Vandal(redis_server):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    stats = cache.stats
    assert not wrong
    assert stats.hits + stats.misses + stats.waits == CALLS
    assert stats.hits > CALLS // 10
    assert stats.misses > TOKENS
