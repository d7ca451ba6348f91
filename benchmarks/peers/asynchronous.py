"""The asyncio contestants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from json import loads

import aiohttp
from yarl import URL

from usersmanager import AsyncUsersManager
from usersmanager.transports import DeadlineTimer, readable
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport

from ..profiles import TOKEN
from ..rounds import AsyncCall
from . import (
    HEADERS,
    OURS,
    OURS_ALONE,
    OURS_BARE,
    OURS_FAST,
    AsyncPeer,
    Target,
    by_hand,
    ready_request,
)

__all__ = ["BASE", "LIMIT", "LIMIT_SAFE", "NAIVE", "PEERS"]

BASE = "aiohttp, used well"
NAIVE = "aiohttp, await r.json()"
LIMIT = "own protocol, by hand (the limit)"
LIMIT_SAFE = "own protocol, dead check and deadline (the limit)"


class _ByHand(asyncio.BufferedProtocol):
    """A connection that knows one kind of response."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[object]
        self.transport: asyncio.Transport
        self.used = False
        self._received = b""
        self._room = memoryview(bytearray(4096))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment] # It is one for TCP.
        self.has_arrived = readable(transport.get_extra_info("socket").fileno())
        self.timer = DeadlineTimer(asyncio.get_running_loop())

    def connection_lost(self, exc: Exception | None) -> None:
        self.timer.close()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        self._received += self._room[:nbytes]
        profile = by_hand(self._received)
        if profile is not None:
            self._received = b""
            self.answer.set_result(profile)


@asynccontextmanager
async def _own_protocol(target: Target, *, looks: bool = False) -> AsyncIterator[AsyncCall]:
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(target.connections)
    idle: list[_ByHand] = []
    request = target.request()
    context = target.tls()

    async def exchange(connection: _ByHand) -> object:
        connection.answer = loop.create_future()
        connection.transport.write(request)
        return await connection.answer

    async def exchange_in_time(connection: _ByHand) -> object:
        if connection.used and connection.has_arrived():  # At first, there may be TLS tickets.
            raise ConnectionError
        connection.used = True
        connection.timer.start(time.monotonic() + 60, lambda: connection.answer.cancel())
        profile = await exchange(connection)
        connection.timer.stop()
        return profile

    ask = exchange_in_time if looks else exchange

    async def call() -> object:
        async with places:
            if idle:
                connection = idle.pop()
            else:
                _, connection = await loop.create_connection(
                    _ByHand, target.host, target.port, ssl=context
                )
            profile = await ask(connection)
            idle.append(connection)
            return profile

    yield call
    for one in idle:
        one.transport.abort()  # Closing TLS takes longer than the event loop has left.


def _session(target: Target) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=target.connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=60),
    )


@asynccontextmanager
async def _aiohttp_well(target: Target) -> AsyncIterator[AsyncCall]:
    url = URL(target.url)
    async with _session(target) as session:

        async def call() -> object:
            async with session.get(url, headers=HEADERS, allow_redirects=False) as response:
                return loads(await response.read())

        yield call


@asynccontextmanager
async def _aiohttp_naive(target: Target) -> AsyncIterator[AsyncCall]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=target.connections)
    ) as session:

        async def call() -> object:
            async with session.get(target.url, headers=HEADERS) as response:
                return await response.json()

        yield call


@asynccontextmanager
async def _ours(target: Target) -> AsyncIterator[AsyncCall]:
    transport = AiohttpTransport(pool_size=target.connections, connect_timeout=60)
    async with AsyncUsersManager(target.base_url, timeout=60, transport=transport) as users:
        yield lambda: users.get_info(TOKEN)


@asynccontextmanager
async def _ours_bare(target: Target) -> AsyncIterator[AsyncCall]:
    transport = AiohttpTransport(pool_size=target.connections, connect_timeout=60)
    async with AsyncUsersManager(
        target.base_url, timeout=60, transport=transport, discover=False
    ) as users:
        yield lambda: users.get_info(TOKEN)


@asynccontextmanager
async def _ours_fast(target: Target) -> AsyncIterator[AsyncCall]:
    transport = HttptoolsTransport(pool_size=target.connections, connect_timeout=60)
    async with AsyncUsersManager(target.base_url, timeout=60, transport=transport) as users:
        yield lambda: users.get_info(TOKEN)


@asynccontextmanager
async def _ours_alone(target: Target) -> AsyncIterator[AsyncCall]:
    transport = HttptoolsTransport(pool_size=target.connections, connect_timeout=60)
    request = ready_request(target)

    async def call() -> object:
        return loads((await transport.asend(request)).body)

    yield call
    await transport.aclose()


@asynccontextmanager
async def _httpx(target: Target) -> AsyncIterator[AsyncCall]:
    import httpx

    limits = httpx.Limits(max_connections=target.connections)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def call() -> object:
            return (await client.get(target.url, headers=HEADERS)).json()

        yield call


@asynccontextmanager
async def _auth0(target: Target) -> AsyncIterator[AsyncCall]:
    # It has no asyncio `Users`; this is the REST client beneath its asyncio classes.
    from auth0.authentication.rest_async import AsyncRestClient

    client = AsyncRestClient(None, timeout=60.0)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=target.connections)
    ) as session:
        client.set_session(session)

        async def call() -> object:
            return await client.get(target.url, headers=HEADERS)

        yield call


@asynccontextmanager
async def _elastic(target: Target) -> AsyncIterator[AsyncCall]:
    from elastic_transport import AsyncTransport, NodeConfig

    node = NodeConfig(
        target.scheme,
        target.host,
        target.port,
        path_prefix=target.prefix,
        connections_per_node=target.connections,
        ssl_context=target.tls(),  # Its own trusts certifi alone, and checks no address.
        request_timeout=60,
    )
    transport = AsyncTransport([node])

    async def call() -> object:
        return (await transport.perform_request("GET", "/userinfo", headers=HEADERS)).body

    yield call
    await transport.close()


@asynccontextmanager
async def _azure(target: Target) -> AsyncIterator[AsyncCall]:
    from azure.core import AsyncPipelineClient
    from azure.core.rest import HttpRequest

    async with AsyncPipelineClient(target.origin) as client:

        async def call() -> object:
            request = HttpRequest("GET", target.url, headers=HEADERS)
            return (await client.send_request(request)).json()

        yield call


PEERS = (
    AsyncPeer(LIMIT, _own_protocol),
    AsyncPeer(LIMIT_SAFE, partial(_own_protocol, looks=True)),
    AsyncPeer(BASE, _aiohttp_well),
    AsyncPeer(OURS, _ours),
    AsyncPeer(OURS_BARE, _ours_bare),
    AsyncPeer(OURS_FAST, _ours_fast),
    AsyncPeer(OURS_ALONE, _ours_alone),
    AsyncPeer(NAIVE, _aiohttp_naive),
    AsyncPeer("auth0-python, AsyncRestClient", _auth0),
    AsyncPeer("elastic-transport", _elastic),
    AsyncPeer("azure-core", _azure),
    AsyncPeer("httpx", _httpx),
)
