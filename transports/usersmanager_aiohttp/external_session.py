"""Send requests over an application's ClientSession, without the engine and its guarantees."""

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

__all__ = ["ExternalSession"]

_AUTOMATIC = ("Accept", "Content-Type", "User-Agent")


class ExternalSession:
    """Sends requests over the connector of a session that belongs to the application.

    Args:
        session: the session. Its cookies, headers and credentials are not used.
        config: the settings of the transport.
        proxy: the sealed URL of an HTTP proxy, or a sealed None.
    """

    def __init__(
        self, session: aiohttp.ClientSession, config: PoolConfig, proxy: Secret[str | None]
    ) -> None:
        self._session = session
        self._limiter = AsyncConnectionLimiter(config.pool_size)
        self._max_response_bytes = config.max_response_bytes
        self._proxy = proxy
        # aiohttp rounds timeouts above the threshold up.
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=config.connect_timeout, ceil_threshold=math.inf
        )

    async def send(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", sent=False)
        # Before the limiter: its waiters belong to the event loop of the session.
        async with self._open_session() as session:
            send_once = _SendOnce()
            slot = await self._limiter.acquire(request.deadline)
            try:
                async with asyncio.timeout(request.remaining()):
                    return await self._exchange(session, request, send_once)
            except UsersManagerError:
                raise
            except (aiohttp.ClientError, OSError) as error:
                raise _translate(error, sent=send_once.sent) from error
            finally:
                self._limiter.release(slot)

    def _open_session(self) -> aiohttp.ClientSession:
        """Return a session with the connector, but without the cookies and headers, of the other.

        Raises:
            LifecycleError: the session is closed, or belongs to another event loop.
        """
        if self._session.connector is None or self._session.closed:
            raise LifecycleError("the session is closed")
        try:
            return aiohttp.ClientSession(
                loop=asyncio.get_running_loop(),
                connector=self._session.connector,
                connector_owner=False,
                request_class=_TrackedRequest,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        except RuntimeError:
            pass
        raise LifecycleError(
            "the session belongs to another event loop: make the transport without session=, or a"
            " session, transport and manager in each loop"
        )

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, send_once: _SendOnce
    ) -> Response:
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body,
            headers=request.headers_to_send(),
            skip_auto_headers=[name for name in _AUTOMATIC if name not in request.headers],
            allow_redirects=False,
            proxy=self._proxy.reveal(),
            timeout=self._timeout,
            middlewares=(send_once,),
        ) as raw:
            return Response(raw.status, raw.headers, await self._read(raw))

    async def _read(self, raw: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in raw.content.iter_any():
            body += chunk
            if len(body) > self._max_response_bytes:
                raw.close()
                raise BodyTooLargeError(f"the body is larger than {self._max_response_bytes} bytes")
        return bytes(body)


class _TrackedRequest(aiohttp.ClientRequest):
    """A request that knows whether a byte of it may have been sent."""

    sent = False

    async def send(self, conn: Any) -> aiohttp.ClientResponse:  # aiohttp's Connection is private.
        """Send over a connection."""
        self.sent = True
        return await super().send(conn)


class _SendOnce:
    """A client middleware that keeps aiohttp from repeating a GET after a disconnect.

    aiohttp repeats after its own errors; the errors that this middleware raises are others.
    """

    def __init__(self) -> None:
        self._request: _TrackedRequest | None = None

    @property
    def sent(self) -> bool:
        """Whether a byte of the request may have been sent."""
        return self._request is not None and self._request.sent

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self._request = request if isinstance(request, _TrackedRequest) else None
        try:
            return await handler(request)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _translate(error, sent=self.sent) from error


def _translate(error: Exception, *, sent: bool) -> TransportError:
    cause = _cause(error)
    if not sent:
        return connect_error(cause)
    message = "the connection ended before the response was complete"
    match cause:
        case aiohttp.ServerDisconnectedError():
            return DisconnectedError(message, reason="no_response")
        case aiohttp.ClientPayloadError():
            return DisconnectedError(message, reason="truncated")
        case aiohttp.ClientConnectionError():
            return DisconnectedError(message, reason="reset")
        case _:
            return exchange_error(cause)


def _cause(error: BaseException) -> BaseException:
    """Return the error of the socket or of TLS that aiohttp has wrapped, if there is one."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return _cause(error.os_error)
        case _:
            return error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
