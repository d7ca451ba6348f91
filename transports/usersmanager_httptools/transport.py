"""HttptoolsTransport: connections of the standard library, and llhttp as a second parser."""

from __future__ import annotations

import ssl

from usersmanager import ArgumentError, Request, Response
from usersmanager.transports import AsyncEngine, Engine, PoolConfig, Secret

from .connect import connect, connect_async
from .parser import CheckedResponseParser

__all__ = ["HttptoolsTransport"]


class HttptoolsTransport:
    """Sends requests over pooled connections: one pool for threads, and one for each event loop.

    Args:
        pool_size: the connection limit of each pool; further calls wait.
        ssl_context: in place of the default one: system trust, host names checked, TLS 1.2.
        proxy: the URL of an HTTP proxy, with user and password if it requires them. Proxies in
            environment variables are ignored.
        http2: not supported: True is an error.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name resolution, TCP, proxy and TLS. It
            should be less than a call's timeout, to leave time for a retry.

    Raises:
        ArgumentError: `proxy` is not the URL of an HTTP proxy, `http2` is True, or a number is not
            positive.

    Example:
        ```python
        UsersManager(url, transport=HttptoolsTransport(pool_size=10))
        ```
    """

    strict = True

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        http2: bool = False,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
    ) -> None:
        # It may contain a password, and a traceback may show local variables.
        sealed_proxy = Secret(proxy)
        del proxy
        if http2:
            raise ArgumentError("HTTP/2 is not supported: use a library that supports it")
        config = PoolConfig(
            pool_size=pool_size,
            ssl_context=ssl_context,
            proxy=sealed_proxy,
            max_response_bytes=max_response_bytes,
            connect_timeout=connect_timeout,
            make_parser=CheckedResponseParser,
        )
        self._engine = Engine(config, connect)
        self._async_engine = AsyncEngine(config, connect_async)

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        return self._engine.send(request)

    def close(self) -> None:
        """Close the idle connections of `send`; those in use are closed as their calls end."""
        self._engine.close()

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        return await self._async_engine.send(request)

    async def aclose(self) -> None:
        """Close the idle connections of `asend`; those in use are closed as their calls end."""
        await self._async_engine.close()
