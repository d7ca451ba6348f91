"""HttptoolsTransport: both colours, each with a pool of its own."""

from __future__ import annotations

import ssl
from collections.abc import Coroutine
from typing import Any

from usersmanager import ArgumentError, Request, Response, positive_count, positive_seconds

from .asynchronous import AsyncPool
from .blocking import BlockingPool
from .settings import Settings

__all__ = ["HttptoolsTransport"]


class HttptoolsTransport:
    """Carries requests over connections of its own, for threads or in one event loop.

    Args:
        pool_size: connections in use at a time; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: not supported; there to say so.
        http2: not supported; there to say so.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name, TCP and TLS. Less than a
            call's timeout, so that a retry has time for another.

    Raises:
        ArgumentError: a proxy or HTTP/2 is asked for, or a number is not positive.

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
        if proxy is not None:
            raise ArgumentError("no proxies here: use Urllib3Transport or AiohttpTransport")
        if http2:
            raise ArgumentError("no HTTP/2 here: write a transport over a library that has it")
        settings = Settings(
            positive_count("pool_size", pool_size),
            ssl_context,
            positive_count("max_response_bytes", max_response_bytes),
            positive_seconds("connect_timeout", connect_timeout),
        )
        self._blocking = BlockingPool(settings)
        self._asynchronous = AsyncPool(settings)

    def send(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.Transport`."""
        return self._blocking.send(request)

    def close(self) -> None:
        """Closes the connections of `send`; those in use are closed as their calls end."""
        self._blocking.close()

    def asend(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Carries one request; see `usersmanager.AsyncTransport`."""
        return self._asynchronous.send(request)

    def aclose(self) -> Coroutine[Any, Any, None]:
        """Closes the connections of `asend`; those in use are closed as their calls end."""
        return self._asynchronous.close()
