"""httpx, sync and async."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from . import CONNECTIONS, HEADERS, TIMEOUT, AsyncFetch, Fetch


@contextmanager
def open_sync(base_url: str) -> Iterator[Fetch]:
    import httpx

    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    with httpx.Client(limits=limits, timeout=TIMEOUT) as client:
        yield lambda: client.get(base_url + "/userinfo", headers=HEADERS).json()


@asynccontextmanager
async def open_async(base_url: str) -> AsyncIterator[AsyncFetch]:
    import httpx

    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=TIMEOUT) as client:

        async def fetch() -> Any:
            return (await client.get(base_url + "/userinfo", headers=HEADERS)).json()

        yield fetch
