"""usersmanager with its cache, in the process and in Redis on loopback: most calls are hits."""

import itertools
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager_cache import Cache, RedisStore

from ..profiles import TOKEN
from . import AsyncFetch, Fetch

_TOKENS = [f"{TOKEN}{number}" for number in range(1_000)]
_HOST = "127.0.0.1"
_REDIS = shutil.which("redis-server") or ""

OpenCache: TypeAlias = Callable[[], Any]


@contextmanager
def _in_process() -> Iterator[Cache]:
    yield Cache(max_age=3600)


@contextmanager
def _in_redis() -> Iterator[Cache]:
    """Run a Redis server in a folder of its own, and use it."""
    with socket.socket() as reserved, TemporaryDirectory() as folder:
        # Bound but not listening: the system gives the port to nobody else, and Redis can use it.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((_HOST, 0))
        port = reserved.getsockname()[1]
        command = [_REDIS, "--bind", _HOST, "--port", str(port), "--save", "", "--dir", folder]
        with subprocess.Popen(  # noqa: S603 - no input of others.
            command, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "ready to accept" in line.lower())
            try:
                store = RedisStore.from_url(f"redis://{_HOST}:{port}/0")
                yield Cache(max_age=3600, store=store, secret=os.urandom(32))
            finally:
                process.terminate()


def per_store(open_client: Callable[..., Any]) -> dict[str, Any]:
    """Return a client for each place of the entries that is available."""
    places: dict[str, OpenCache] = {"cache": _in_process}
    if _REDIS:
        places["cache in Redis"] = _in_redis
    return {
        f"usersmanager ({name})": partial(open_client, cache=one) for name, one in places.items()
    }


@contextmanager
def open_sync(base_url: str, cache: OpenCache) -> Iterator[Fetch]:
    tokens = itertools.cycle(_TOKENS)
    with cache() as plugin, UsersManager(base_url, plugins=[plugin]) as users:
        for token in _TOKENS:
            users.get_info(token)
        yield lambda: users.get_info(next(tokens))
        assert plugin.stats.hits > plugin.stats.misses


@asynccontextmanager
async def open_async(base_url: str, cache: OpenCache) -> AsyncIterator[AsyncFetch]:
    tokens = itertools.cycle(_TOKENS)
    with cache() as plugin:
        async with AsyncUsersManager(base_url, plugins=[plugin]) as users:
            for token in _TOKENS:
                await users.get_info(token)
            yield lambda: users.get_info(next(tokens))
            assert plugin.stats.hits > plugin.stats.misses
