"""HttptoolsTransport: connections of the standard library, and a second parser, llhttp."""

from __future__ import annotations

import ssl

from usersmanager import ArgumentError, Request, Response
from usersmanager.transports import AsyncEngine, Engine, PoolConfig, Secret

from .connect import connect, connect_async
from .parser import CheckedReader

__all__ = ["HttptoolsTransport"]


class HttptoolsTransport:
    """Sends requests over pooled connections, for threads or for the tasks of one event loop.

    Args:
        pool_size: connections in use at a time; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy, with its user and password if it wants them. The
            environment's proxies are not used.
        http2: not supported; there to say so.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name, TCP, proxy and TLS. Less than a
            call's timeout, so that a retry has time for another.

    Raises:
        ArgumentError: the proxy is not the URL of one, HTTP/2 is asked for, or a number is
            not positive.

    Example:
        ```python
        UsersManager(url, transport=HttptoolsTransport(pool_size=10))
        ```
    """

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
        # It may hold a password, and a traceback shows local variables.
        sealed_proxy = Secret(proxy)
        del proxy
        if http2:
            raise ArgumentError("no HTTP/2 here: write a transport over a library that has it")
        config = PoolConfig(
            pool_size=pool_size,
            ssl_context=ssl_context,
            proxy=sealed_proxy,
            max_response_bytes=max_response_bytes,
            connect_timeout=connect_timeout,
            make_reader=CheckedReader,
        )
        self._engine = Engine(config, connect)
        self._async_engine = AsyncEngine(config, connect_async)

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `usersmanager.Transport`."""
        return self._engine.send(request)

    def close(self) -> None:
        """Close the idle connections of `send`; those in use are closed as their calls end."""
        self._engine.close()

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `usersmanager.AsyncTransport`."""
        return await self._async_engine.send(request)

    async def aclose(self) -> None:
        """Close the idle connections of `asend`; those in use are closed as their calls end."""
        await self._async_engine.close()
