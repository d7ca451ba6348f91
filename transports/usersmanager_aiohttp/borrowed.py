"""One request over a session of the caller's, read by aiohttp: without our guard."""

from __future__ import annotations

from typing import Any

import aiohttp
from yarl import URL

from usersmanager import BodyTooLargeError, Request, Response

from .failures import of_exchange

__all__ = ["BorrowedExchange"]

_AUTOMATIC = ("Accept", "Content-Type", "User-Agent")


class WatchedRequest(aiohttp.ClientRequest):
    """A request that knows whether any of it may have been sent."""

    sent = False

    async def send(self, conn: Any) -> aiohttp.ClientResponse:  # aiohttp's Connection is private.
        """Sends over a connection."""
        self.sent = True
        return await super().send(conn)


class BorrowedExchange:
    """One request and its response; as an `Exchange`, but for where the connections come from."""

    def __init__(
        self, request: Request, *, limit: int, proxy: str | None, timeout: aiohttp.ClientTimeout
    ) -> None:
        self._request = request
        self._limit = limit
        self._proxy = proxy
        self._timeout = timeout
        self._watched: WatchedRequest | None = None

    @property
    def sent(self) -> bool:
        """Whether any of it may have been sent."""
        return self._watched is not None and self._watched.sent

    async def over(self, connector: aiohttp.BaseConnector) -> Response:
        """The response. Of the caller's session only the connector is used."""
        request = self._request
        async with (
            aiohttp.ClientSession(
                connector=connector,
                connector_owner=False,
                request_class=WatchedRequest,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body,
                headers=request.wire_headers(),
                skip_auto_headers=[name for name in _AUTOMATIC if name not in request.headers],
                allow_redirects=False,
                proxy=self._proxy,
                timeout=self._timeout,
                middlewares=(self._send_once,),
            ) as raw,
        ):
            return Response(raw.status, raw.headers, await self._body(raw))

    async def _send_once(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Keeps aiohttp from repeating a GET after a disconnect: one layer retries."""
        self._watched = request if isinstance(request, WatchedRequest) else None
        try:
            return await handler(request)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            failure = of_exchange(error, sent=self.sent)
        raise failure

    async def _body(self, raw: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in raw.content.iter_any():
            body += chunk
            if len(body) > self._limit:
                raw.close()
                raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
        return bytes(body)
