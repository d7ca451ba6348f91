"""The shipped transports pass the whole contract."""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop

from usersmanager.testing import AsyncTransportContract, TransportContract
from usersmanager.testing.contracts.clients import AsyncClient
from usersmanager.transports import AsyncTransport
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport
from usersmanager_urllib3 import Urllib3Transport


class TestUrllib3(TransportContract):
    def transport(self, **settings: Any) -> Urllib3Transport:
        return Urllib3Transport(**settings)


class TestAiohttp(AsyncTransportContract):
    def transport(self, **settings: Any) -> AiohttpTransport:
        return AiohttpTransport(**settings)


class TestHttptools(TransportContract):
    def transport(self, **settings: Any) -> HttptoolsTransport:
        return HttptoolsTransport(**settings)


class TestHttptoolsAsync(AsyncTransportContract):
    def transport(self, **settings: Any) -> HttptoolsTransport:
        return HttptoolsTransport(**settings)


class UvloopClient(AsyncClient):
    def __init__(self, transport: AsyncTransport) -> None:
        super().__init__(transport)
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)


class TestHttptoolsUvloop(AsyncTransportContract):
    client_class = UvloopClient

    def transport(self, **settings: Any) -> HttptoolsTransport:
        return HttptoolsTransport(**settings)
