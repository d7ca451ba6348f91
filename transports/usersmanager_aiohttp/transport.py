"""AiohttpTransport: sends requests over connections that aiohttp opens."""

from __future__ import annotations

import ssl

import aiohttp

from usersmanager import LifecycleError, Request, Response
from usersmanager.transports import AsyncEngine, PoolConfig, Secret

from .connect import connect
from .external_session import ExternalSession

__all__ = ["AiohttpTransport"]


class AiohttpTransport:
    """Sends requests over pooled connections that aiohttp opens, in one event loop.

    Args:
        pool_size: the connection limit; further calls wait.
        ssl_context: in place of the default one: system trust, host names checked, TLS 1.2.
        proxy: the URL of an HTTP proxy, with user and password if it requires them. Proxies in
            environment variables are ignored.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name resolution, TCP, proxy and TLS. It
            should be less than a call's timeout, to leave time for a retry.
        session: an existing aiohttp.ClientSession, which is not closed. Only its connector is
            used, not its cookies, headers or credentials. aiohttp parses its responses, more
            leniently than this transport does otherwise.

    Raises:
        ArgumentError: `proxy` is not the URL of an HTTP proxy, or a number is not positive.

    Example:
        ```python
        AsyncUsersManager(url, transport=AiohttpTransport(pool_size=10))
        ```
    """

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
        session: aiohttp.ClientSession | None = None,
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
        self._external_session = (
            None if session is None else ExternalSession(session, config, sealed_proxy)
        )
        self._engine = AsyncEngine(config, connect)
        self._closed = False

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        if self._external_session is not None and request.idempotent:
            return await self._external_session.send(request)
        return await self._engine.send(request)

    async def aclose(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._closed = True
        await self._engine.close()
