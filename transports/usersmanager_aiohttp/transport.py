"""AiohttpTransport: aiohttp's connection pool, for one event loop, without its client."""

from __future__ import annotations

import asyncio
import os
import ssl

import aiohttp
from yarl import URL

from usersmanager import (
    ArgumentError,
    DeadlineExceededError,
    LifecycleError,
    Places,
    Request,
    Response,
    UsersManagerError,
    default_ssl_context,
    is_proxy,
    positive_count,
    positive_seconds,
)

from .borrowed import BorrowedExchange
from .exchange import Exchange, connecting_within
from .failures import of_exchange
from .protocol import guard_connections

__all__ = ["AiohttpTransport"]


class AiohttpTransport:
    """Carries requests over an aiohttp connector, made inside the running event loop.

    Args:
        pool_size: connections allowed at a time; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy, with its user and password if it wants them. The
            environment's proxies are not used.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name, TCP and TLS. Less than a
            call's timeout, so that a retry has time for another.
        session: an existing aiohttp.ClientSession, which stays the caller's and is not
            closed. Only its connector is used, not its cookies, headers or
            credentials; and its connections parse as leniently as aiohttp does, since
            only our own are guarded.

    Raises:
        ArgumentError: the proxy is not the URL of one, or a number is not positive.

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
        if proxy is not None and not is_proxy(proxy):
            del proxy  # It may hold a password, and a traceback shows what is kept here.
            raise ArgumentError("proxy must be a URL such as http://proxy.example:3128")
        self._places = Places(positive_count("pool_size", pool_size))
        self._ssl_context = ssl_context
        self._proxy = proxy
        self._limit = positive_count("max_response_bytes", max_response_bytes)
        seconds = positive_seconds("connect_timeout", connect_timeout)
        self._connecting = connecting_within(seconds)
        self._callers = session
        self._connector: aiohttp.BaseConnector | None = None
        self._addresses: dict[str, aiohttp.ClientRequest] = {}
        self._process = 0
        self._closed = False

    async def asend(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.AsyncTransport`."""
        self._require_open()
        exchange = self._exchange(request)
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", phase="not sent")
        failure: UsersManagerError
        try:
            await self._places.take(request)
            try:
                self._require_open()  # It may have been closed while this call waited.
                return await self._carry(request, exchange)
            finally:
                self._places.release()
        except UsersManagerError as error:
            failure = error
        except Exception as error:
            failure = of_exchange(error, sent=exchange.sent)
        # Raised out here: the library's error and its token-bearing frames are gone.
        try:
            raise failure.bare()
        finally:
            del failure, exchange  # Kept here, they would hold this frame, and it the request.

    async def _carry(self, request: Request, exchange: Exchange | BorrowedExchange) -> Response:
        if isinstance(exchange, Exchange) and request.idempotent:
            return await exchange.over(self._opened())
        async with asyncio.timeout(request.remaining()):
            if request.idempotent:
                return await exchange.over(self._opened())
            # On a connection of its own: no leftover can answer it, no stale one swallow it.
            async with self._new_connector(alone=True) as connector:
                return await exchange.over(connector)

    def _exchange(self, request: Request) -> Exchange | BorrowedExchange:
        if self._callers is not None and request.idempotent:
            return BorrowedExchange(
                request, limit=self._limit, proxy=self._proxy, timeout=self._connecting
            )
        address = self._address(request.origin)
        return Exchange(request, address, limit=self._limit, connecting=self._connecting)

    def _address(self, origin: str) -> aiohttp.ClientRequest:
        address = self._addresses.get(origin)
        if address is None:
            proxy = None if self._proxy is None else URL(self._proxy)
            loop = asyncio.get_running_loop()
            address = aiohttp.ClientRequest("GET", URL(origin), loop=loop, proxy=proxy)
            if proxy is None:  # Else aiohttp notes the proxy's credentials in it.
                self._addresses[origin] = address
        return address

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _opened(self) -> aiohttp.BaseConnector:
        if self._callers is not None:
            if self._callers.connector is None or self._callers.closed:
                raise LifecycleError("the session is closed")
            return self._callers.connector
        if self._connector is None:
            self._process = os.getpid()
            self._connector = self._new_connector(alone=False)
        if self._process != os.getpid():
            raise LifecycleError("an event loop does not survive a fork: make a new manager")
        return self._connector

    def _new_connector(self, *, alone: bool) -> aiohttp.BaseConnector:
        # The semaphore limits already, and says for certain that nothing was sent.
        connector = aiohttp.TCPConnector(
            limit=0, ssl=self._ssl_context or default_ssl_context(), force_close=alone
        )
        guard_connections(connector)
        return connector

    async def aclose(self) -> None:
        """Closes the connections, unless they are the caller's."""
        self._closed = True
        if self._connector is not None:
            await self._connector.close()
