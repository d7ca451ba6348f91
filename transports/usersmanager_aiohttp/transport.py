"""AiohttpTransport: sends requests over connections that aiohttp opens."""

from __future__ import annotations

import asyncio
from typing import Any

from usersmanager.transports import AsyncHttp1Transport, Hop

from .connect import Connector

__all__ = ["AiohttpTransport"]


class AiohttpTransport(AsyncHttp1Transport):
    """Sends requests over pooled connections that aiohttp opens. Each event loop has a pool.

    The settings are those of `AsyncHttp1Transport`.

    Example:
        ```python
        AsyncUsersManager(url, transport=AiohttpTransport(pool_size=10))
        ```
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._connector = Connector()

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a connected transport; see `AsyncHttp1Transport.aconnect`."""
        return await self._connector.connect(hop, hop.protocol)

    async def aclose(self) -> None:
        """Close the idle connections; see `AsyncHttp1Transport.aclose`."""
        await super().aclose()
        await self._connector.close()
