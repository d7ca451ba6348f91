"""Send requests over a ClientSession of the caller's: without our engine, and its promises."""

from __future__ import annotations

import asyncio
import math
import ssl
from typing import Any

import aiohttp
from yarl import URL

from usersmanager import (
    BodyTooLargeError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    Request,
    Response,
    TransportError,
    UsersManagerError,
)
from usersmanager.transports import (
    AsyncConnectionLimiter,
    PoolConfig,
    Secret,
    connect_error,
    exchange_error,
)

__all__ = ["BorrowedSession"]

_AUTOMATIC = ("Accept", "Content-Type", "User-Agent")


class _WatchedRequest(aiohttp.ClientRequest):
    """A request that knows whether any of it may have been sent."""

    sent = False

    async def send(self, conn: Any) -> aiohttp.ClientResponse:  # aiohttp's Connection is private.
        """Send over a connection."""
        self.sent = True
        return await super().send(conn)


class BorrowedSession:
    """Sends requests over the connector of a session that stays the caller's.

    Args:
        session: the caller's. Its cookies, headers and credentials are not used.
        config: the settings of the transport.
        proxy: the sealed URL of an HTTP proxy, or a sealed None.
    """

    def __init__(
        self, session: aiohttp.ClientSession, config: PoolConfig, proxy: Secret[str | None]
    ) -> None:
        self._session = session
        self._limiter = AsyncConnectionLimiter(config.pool_size)
        self._limit = config.max_response_bytes
        self._proxy = proxy
        # Beyond its threshold, aiohttp rounds up.
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=config.connect_timeout, ceil_threshold=math.inf
        )

    async def send(self, request: Request) -> Response:
        """Send a request and return its response; see `usersmanager.AsyncTransport`."""
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", phase="not sent")
        exchange = _Exchange(request, self._limit, self._proxy, self._timeout)
        slot = await self._limiter.acquire(request.deadline)
        try:
            async with asyncio.timeout(request.remaining()):
                return await exchange.over(self._connector())
        except UsersManagerError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise _translate(error, sent=exchange.sent) from error
        finally:
            self._limiter.release(slot)

    def _connector(self) -> aiohttp.BaseConnector:
        if self._session.connector is None or self._session.closed:
            raise LifecycleError("the session is closed")
        return self._session.connector


class _Exchange:
    """One request and its response."""

    def __init__(
        self,
        request: Request,
        limit: int,
        proxy: Secret[str | None],
        timeout: aiohttp.ClientTimeout,
    ) -> None:
        self._request = request
        self._limit = limit
        self._proxy = proxy
        self._timeout = timeout
        self._watched: _WatchedRequest | None = None

    @property
    def sent(self) -> bool:
        """Whether any of it may have been sent."""
        return self._watched is not None and self._watched.sent

    async def over(self, connector: aiohttp.BaseConnector) -> Response:
        """Return the response. Of the caller's session only the connector is used."""
        request = self._request
        async with (
            aiohttp.ClientSession(
                connector=connector,
                connector_owner=False,
                request_class=_WatchedRequest,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body,
                headers=request.headers_to_send(),
                skip_auto_headers=[name for name in _AUTOMATIC if name not in request.headers],
                allow_redirects=False,
                proxy=self._proxy.reveal(),
                timeout=self._timeout,
                middlewares=(self._send_once,),
            ) as raw,
        ):
            return Response(raw.status, raw.headers, await self._body(raw))

    async def _send_once(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Keep aiohttp from repeating a GET after a disconnect: one layer retries."""
        self._watched = request if isinstance(request, _WatchedRequest) else None
        try:
            return await handler(request)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _translate(error, sent=self.sent) from error

    async def _body(self, raw: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in raw.content.iter_any():
            body += chunk
            if len(body) > self._limit:
                raw.close()
                raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
        return bytes(body)


def _translate(error: Exception, *, sent: bool) -> TransportError:
    cause = _cause(error)
    if not sent:
        return connect_error(cause)
    if isinstance(cause, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return DisconnectedError("the connection ended before the response was complete")
    return exchange_error(cause)


def _cause(error: BaseException) -> BaseException:
    """Return the error of the socket or of TLS behind aiohttp's, if there is one."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return _cause(error.os_error)
        case _:
            return error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
