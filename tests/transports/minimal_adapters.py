"""Minimal adapters over urllib3 and aiohttp, as a first version may look; they fail contracts."""

from __future__ import annotations

from typing import Any

import aiohttp
import urllib3

from usersmanager import ConnectError, DisconnectedError, Request, Response


class MinimalUrllib3:
    def __init__(self, **settings: Any) -> None:
        self._pool = urllib3.PoolManager(ssl_context=settings.get("ssl_context"))

    def send(self, request: Request) -> Response:
        try:
            raw = self._pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=request.headers_to_send(),
                timeout=request.remaining(),
                retries=False,
            )
        except urllib3.exceptions.NewConnectionError as error:
            raise ConnectError("no connection") from error
        except urllib3.exceptions.HTTPError as error:
            raise DisconnectedError("urllib3 failed") from error
        return Response(raw.status, raw.headers.items(), raw.data)

    def close(self) -> None:
        self._pool.clear()


class MinimalAiohttp:
    def __init__(self, **settings: Any) -> None:
        self._ssl = settings.get("ssl_context") or True
        self._session: aiohttp.ClientSession | None = None

    async def asend(self, request: Request) -> Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._ssl))
        try:
            async with self._session.request(
                request.method,
                request.url,
                data=request.body,
                headers=request.headers_to_send(),
                timeout=aiohttp.ClientTimeout(total=request.remaining()),
            ) as raw:
                return Response(raw.status, raw.headers, await raw.read())
        except aiohttp.ClientConnectorError as error:
            raise ConnectError("no connection") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DisconnectedError("aiohttp failed") from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
