"""The shipped transports keep the whole contract."""

from __future__ import annotations

from typing import Any

from usersmanager.testing import AsyncTransportContract, TransportContract
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
