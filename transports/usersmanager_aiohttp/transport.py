"""AiohttpTransport: one session for one event loop, with cookies, redirects and retries off."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
from yarl import URL

from usersmanager import BodyTooLargeError, LifecycleError, Request, Response, TransportError

from .failures import translated

__all__ = ["AiohttpTransport"]

_NO_USER_AGENT = ("User-Agent",)


class AiohttpTransport:
    """Carries requests over an aiohttp session, made inside the running event loop.

    Args:
        pool_size: connections allowed at a time; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy. The environment's proxies are not used.
        max_response_bytes: a larger body is a BodyTooLargeError.
        session: an existing aiohttp.ClientSession, which stays the caller's and is not
            closed; pool size and TLS are then its own.

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
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self._pool_size = pool_size
        self._ssl_context = ssl_context
        self._proxy = proxy
        self._limit = max_response_bytes
        self._session = session
        self._owned = session is None
        self._closed = False

    async def asend(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.AsyncTransport`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        failure: TransportError | None = None
        try:
            return await self._exchange(request)
        except TransportError:
            raise
        except Exception as error:
            failure = translated(error)
        # Raised out here: the library's error and its token-bearing frames are gone.
        try:
            raise failure
        finally:
            del failure  # Kept here, it would hold this frame, and the frame the request.

    async def _exchange(self, request: Request) -> Response:
        headers = request.wire_headers()
        async with (
            asyncio.timeout(max(0.0, request.remaining())),
            self._opened().request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body,
                headers=headers,
                skip_auto_headers=() if "User-Agent" in headers else _NO_USER_AGENT,
                allow_redirects=False,
                proxy=self._proxy,
                middlewares=(_send_once,),
            ) as raw,
        ):
            body = await self._body(raw)
            return Response(raw.status, raw.headers, body)

    async def _body(self, raw: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in raw.content.iter_any():
            body += chunk
            if len(body) > self._limit:
                raw.close()
                raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
        return bytes(body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._pool_size, ssl=self._ssl_context or _default_context()
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    async def aclose(self) -> None:
        """Closes the session, unless it is the caller's."""
        self._closed = True
        if self._owned and self._session is not None:
            await self._session.close()


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keeps aiohttp from resending: it repeats a GET after what it knows as a disconnect."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectionError as error:
        failure = translated(error)
    raise failure


def _default_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
