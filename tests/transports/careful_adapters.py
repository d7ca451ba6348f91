"""Careful adapters over urllib3, aiohttp, requests and httpx, as small as they can be.

The one over requests is that of the documentation, and the two over httpx are those that
`usersmanager new transport` creates.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import urllib3
from urllib3 import exceptions
from yarl import URL

from usersmanager import (
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    Request,
    Response,
    TLSError,
    TransportError,
)

__all__ = ["aiohttp_adapter", "httpx_adapters", "requests_adapter", "urllib3_adapter"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/transports.md"
TEMPLATE = ROOT / "core/usersmanager/cli/templates/transport/src/${package}/__init__.py.tmpl"
MAX_SIZE = 1 << 20


class Urllib3Adapter:
    """A pool, and so a connection, for each request."""

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        self._ssl_context = ssl_context

    def send(self, request: Request) -> Response:
        try:
            return self._exchange(request)
        except exceptions.HTTPError as caught:
            error = self._translate(caught)
        raise error

    def _exchange(self, request: Request) -> Response:
        with urllib3.PoolManager(ssl_context=self._ssl_context) as pool:
            raw = pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=request.headers_to_send(),
                timeout=max(0.001, request.remaining()),
                retries=False,
                preload_content=False,
            )
            body = bytearray()
            with contextlib.closing(raw):
                for chunk in raw.stream(1 << 16, decode_content=False):
                    body += chunk
                    if len(body) > MAX_SIZE:
                        raise BodyTooLargeError
            return Response(raw.status, raw.headers.items(), bytes(body))

    def _translate(self, error: exceptions.HTTPError) -> TransportError:
        match error:
            case exceptions.SSLError(args=(ssl.SSLCertVerificationError(), *_)):
                return TLSError("the certificate is not accepted", sent=False)
            case exceptions.NewConnectionError() | exceptions.ConnectTimeoutError():
                return ConnectError("no connection")
            case exceptions.TimeoutError():
                return DeadlineExceededError("no response")
        return DisconnectedError(type(error).__name__)

    def close(self) -> None: ...


class AiohttpAdapter:
    """A session that uses each connection once, and no request twice."""

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        self._ssl = ssl_context or True
        self._session: aiohttp.ClientSession | None = None

    async def asend(self, request: Request) -> Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._ssl, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                middlewares=[self._send_once],
            )
        try:
            return await self._exchange(self._session, request)
        except (aiohttp.ClientError, TimeoutError) as caught:
            error = self._translate(caught)
        raise error

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response:
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body,
            headers=request.headers_to_send(),
            # For aiohttp, 0 and less are no timeout.
            timeout=aiohttp.ClientTimeout(total=max(0.001, request.remaining())),
            allow_redirects=False,
        ) as raw:
            body = bytearray()
            async for chunk in raw.content.iter_any():
                body += chunk
                if len(body) > MAX_SIZE:
                    raise BodyTooLargeError
            return Response(raw.status, raw.headers.items(), bytes(body))

    async def _send_once(self, request: Any, handler: Any) -> Any:
        # aiohttp sends a GET again after an error of its own; this one is not.
        try:
            return await handler(request)
        except aiohttp.ClientConnectionError as caught:
            error = self._translate(caught)
        raise error

    def _translate(self, error: Exception) -> TransportError:
        match error:
            case aiohttp.ClientSSLError():
                return TLSError("the certificate is not accepted", sent=False)
            case aiohttp.ClientConnectorError():
                return ConnectError("no connection")
            case TimeoutError():
                return DeadlineExceededError("no response")
        return DisconnectedError(type(error).__name__)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0.25)  # Its TLS connections end later: "Graceful shutdown" there.


def urllib3_adapter(ssl_context: ssl.SSLContext | None = None, **_: Any) -> Any:
    """Return an adapter over urllib3, for sync."""
    return Urllib3Adapter(ssl_context)


def aiohttp_adapter(ssl_context: ssl.SSLContext | None = None, **_: Any) -> Any:
    """Return an adapter over aiohttp, for async."""
    return AiohttpAdapter(ssl_context)


def requests_adapter(ssl_context: ssl.SSLContext | None = None, **_: Any) -> Any:
    """Return the adapter over requests of the documentation, for sync."""
    import requests
    from requests.adapters import HTTPAdapter

    class WithContext(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
            super().init_poolmanager(*arguments, ssl_context=ssl_context, **named)

    make_adapter = HTTPAdapter if ssl_context is None else WithContext
    return _documented()["RequestsTransport"](requests.Session(), make_adapter)


@cache
def _documented() -> dict[str, Any]:
    """Return the names that the example with requests defines."""
    (source,) = re.findall(
        r"^```python\n((?:(?!^```).)*?class RequestsTransport.*?)^```",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    names: dict[str, Any] = {}
    exec(source.partition("\nsession = ")[0], names)
    return names


def httpx_adapters() -> tuple[Any, Any]:
    """Return functions that make the two adapters over httpx, for sync and for async."""
    import httpx

    module = _generated()

    def sync(ssl_context: ssl.SSLContext | None = None, **_: Any) -> Any:
        client = httpx.Client(verify=ssl_context or True, trust_env=False)
        return module.NewTransport(client, close_client=True)

    def async_(ssl_context: ssl.SSLContext | None = None, **_: Any) -> Any:
        client = httpx.AsyncClient(verify=ssl_context or True, trust_env=False)
        return module.AsyncNewTransport(client, close_client=True)

    return sync, async_


@cache
def _generated() -> ModuleType:
    source = TEMPLATE.read_text().replace("${class_name}", "NewTransport")
    module = ModuleType("new_usersmanager")
    sys.modules[module.__name__] = module
    exec(compile(source, TEMPLATE.name, "exec"), vars(module))
    return module
