"""AiohttpTransport: sends requests over connections that aiohttp opens."""

from __future__ import annotations

import ssl

from usersmanager import LifecycleError, Request, Response
from usersmanager.transports import AsyncEngine, PoolConfig, Secret

from .connect import Connector

__all__ = ["AiohttpTransport"]


class AiohttpTransport:
    """Sends requests over pooled connections that aiohttp opens. Each event loop has a pool.

    Args:
        pool_size: the connection limit of each event loop; further calls wait.
        ssl_context: in place of the default one: system trust, host names checked, TLS 1.2.
        proxy: the URL of an HTTP proxy, with user and password if it requires them. Proxies in
            environment variables are ignored.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name resolution, TCP, proxy and TLS. It
            should be less than a call's timeout, to leave time for a retry.

    Raises:
        ArgumentError: `proxy` is not the URL of an HTTP proxy, or a number is not positive.

    Example:
        ```python
        AsyncUsersManager(url, transport=AiohttpTransport(pool_size=10))
        ```
    """

    strict = True

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
    ) -> None:
        # It may contain a password, and a traceback may show local variables.
        sealed_proxy = Secret(proxy)
        del proxy
        config = PoolConfig(
            pool_size=pool_size,
            ssl_context=ssl_context,
            proxy=sealed_proxy,
            max_response_bytes=max_response_bytes,
            connect_timeout=connect_timeout,
        )
        self._connector = Connector()
        self._engine = AsyncEngine(config, self._connector.connect)
        self._closed = False

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        return await self._engine.send(request)

    async def aclose(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._closed = True
        await self._engine.close()
        await self._connector.close()
