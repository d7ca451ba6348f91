"""AiohttpTransport: one session for one event loop, with cookies, redirects and retries off."""

from __future__ import annotations

import asyncio
import os
import ssl

import aiohttp
from yarl import URL

from usersmanager import (
    BodyTooLargeError,
    DeadlineExceededError,
    LifecycleError,
    Request,
    Response,
    UsersManagerError,
    default_ssl_context,
)

from .failures import of_exchange
from .protocol import GuardedProtocol, StaleConnectionError, WatchedRequest, guard_connections

__all__ = ["AiohttpTransport"]

_AUTOMATIC = ("Accept", "Content-Type", "User-Agent")


class AiohttpTransport:
    """Carries requests over an aiohttp session, made inside the running event loop.

    Args:
        pool_size: connections allowed at a time; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy. The environment's proxies are not used.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name, TCP and TLS. Less than a
            call's timeout, so that a retry has time for another.
        session: an existing aiohttp.ClientSession, which stays the caller's and is not
            closed. Only its connector is used, not its cookies, headers or
            credentials; and its connections parse as leniently as aiohttp does, since
            only our own are guarded.

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
        self._places = asyncio.Semaphore(pool_size)
        self._ssl_context = ssl_context
        self._proxy = proxy
        self._limit = max_response_bytes
        self._connect_timeout = connect_timeout
        self._callers = session
        self._session: aiohttp.ClientSession | None = None
        self._process = 0
        self._closed = False

    async def asend(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.AsyncTransport`."""
        self._require_open()
        exchange = _Exchange(self._limit, self._proxy)
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", phase="not sent")
        failure: UsersManagerError
        try:
            async with asyncio.timeout(request.remaining()), self._places:
                exchange.queued = False
                self._require_open()  # It may have been closed while this call waited.
                if request.idempotent:
                    return await exchange.carry_out(request, self._opened())
                # On a connection of its own: no leftover can answer it, no stale one swallow it.
                async with self._new_session(alone=True) as session:
                    return await exchange.carry_out(request, session)
        except UsersManagerError as error:
            failure = error
        except Exception as error:
            failure = of_exchange(error, exchange.request, queued=exchange.queued)
        # Raised out here: the library's error and its token-bearing frames are gone.
        try:
            raise failure.bare()
        finally:
            del failure, exchange  # Kept here, they would hold this frame, and it the request.

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._process = os.getpid()
            self._session = self._new_session(alone=False)
        if self._process != os.getpid():
            raise LifecycleError("an event loop does not survive a fork: make a new manager")
        if self._session.closed or (self._callers is not None and self._callers.closed):
            raise LifecycleError("the session is closed")
        return self._session

    def _new_session(self, *, alone: bool) -> aiohttp.ClientSession:
        callers = self._callers.connector if self._callers is not None and not alone else None
        return aiohttp.ClientSession(
            connector=callers or self._new_connector(alone=alone),
            connector_owner=callers is None,
            request_class=WatchedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout),
            middlewares=(),
            auto_decompress=False,
            trust_env=False,
        )

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
        if self._session is not None:
            await self._session.close()


class _Exchange:
    """One request and its response, and how far they came.

    Attributes:
        queued: whether it waits for a place in the pool.
        request: aiohttp's request, once there is one.
    """

    def __init__(self, limit: int, proxy: str | None) -> None:
        self._limit = limit
        self._proxy = proxy
        self.queued = True
        self.request: aiohttp.ClientRequest | None = None

    async def carry_out(self, request: Request, session: aiohttp.ClientSession) -> Response:
        while True:
            try:
                return await self._once(request, session)
            except StaleConnectionError:
                continue  # It is closed, nothing was sent: the pool has one less of them.

    async def _once(self, request: Request, session: aiohttp.ClientSession) -> Response:
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body,
            headers=request.wire_headers(),
            skip_auto_headers=[name for name in _AUTOMATIC if name not in request.headers],
            allow_redirects=False,
            proxy=self._proxy,
            middlewares=(self._send_once,),
        ) as raw:
            body = await self._body(raw)
            connection = self._connection()
            if isinstance(connection, GuardedProtocol) and connection.failure is not None:
                raise aiohttp.ClientPayloadError("refused by the guard")
            return Response(raw.status, raw.headers, body)

    async def _send_once(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Keeps aiohttp from repeating a GET after a disconnect: one layer retries."""
        self.request = request
        try:
            return await handler(request)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            failure = of_exchange(error, request, queued=False)
        raise failure

    def _connection(self) -> object:
        return self.request.connection if isinstance(self.request, WatchedRequest) else None

    async def _body(self, raw: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in raw.content.iter_any():
            body += chunk
            if len(body) > self._limit:
                raw.close()
                raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
        return bytes(body)
