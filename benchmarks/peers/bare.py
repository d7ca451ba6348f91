"""urllib3 and aiohttp used well: nothing is parsed, resolved or stored that a call doesn't need."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from json import loads
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import urllib3
from yarl import URL

from . import CONNECTIONS, HEADERS, TIMEOUT, AsyncFetch, Fetch


@contextmanager
def open_urllib3(base_url: str) -> Iterator[Fetch]:
    path, context = urlsplit(base_url).path + "/userinfo", ssl.create_default_context()
    retries = urllib3.Retry(total=False, redirect=False)
    options: dict[str, Any] = {"retries": retries, "redirect": False, "assert_same_host": False}
    with urllib3.PoolManager(
        maxsize=CONNECTIONS, block=True, timeout=TIMEOUT, ssl_context=context
    ) as manager:
        pool = manager.connection_from_url(base_url)
        yield lambda: loads(pool.urlopen("GET", path, headers=HEADERS, **options).data)


@asynccontextmanager
async def open_aiohttp(base_url: str) -> AsyncIterator[AsyncFetch]:
    url = URL(base_url + "/userinfo")
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout
    ) as session:

        async def fetch() -> Any:
            async with session.get(url, headers=HEADERS, allow_redirects=False) as response:
                return loads(await response.read())

        yield fetch
