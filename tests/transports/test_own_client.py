"""Transports over a PoolManager or a ClientSession of the application keep the basic contract."""

from __future__ import annotations

from typing import Any

import aiohttp
import urllib3

from usersmanager.testing import AsyncTransportContract, TransportContract
from usersmanager_aiohttp import ClientSessionTransport
from usersmanager_urllib3 import PoolManagerTransport


class OwnPoolManager(PoolManagerTransport):
    """Its pool manager is its own, so that a case needs to close nothing else."""

    def __init__(self, ssl_context: Any = None) -> None:
        self.pools = urllib3.PoolManager(ssl_context=ssl_context)
        super().__init__(self.pools)

    def close(self) -> None:
        super().close()
        self.pools.clear()


class OwnSession:
    """It opens its session in the event loop of its first request."""

    def __init__(self, ssl_context: Any = None) -> None:
        self.ssl: Any = True if ssl_context is None else ssl_context
        self.session: aiohttp.ClientSession | None = None

    async def asend(self, request: Any) -> Any:
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.ssl))
            self.transport = ClientSessionTransport(self.session)
        return await self.transport.asend(request)

    async def aclose(self) -> None:
        if self.session is not None:
            await self.transport.aclose()
            await self.session.close()


class TestPoolManager(TransportContract):
    def transport(self, **settings: Any) -> Any:
        return OwnPoolManager(**settings)


class TestClientSession(AsyncTransportContract):
    def transport(self, **settings: Any) -> Any:
        return OwnSession(**settings)
