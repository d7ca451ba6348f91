"""The shipped transports pass the strict contract, and so the basic one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.loops import new_uvloop

from usersmanager.testing import StrictAsyncTransportContract, StrictTransportContract
from usersmanager.testing.contracts.clients import AsyncClient
from usersmanager.transports import AsyncTransport
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport


class TestUrllib3(StrictTransportContract):
    def transport(self, **settings: Any) -> Urllib3Transport:
        return Urllib3Transport(**settings)


class TestAiohttp(StrictAsyncTransportContract):
    def transport(self, **settings: Any) -> AiohttpTransport:
        return AiohttpTransport(**settings)


class TestNative(StrictTransportContract):
    def transport(self, **settings: Any) -> NativeTransport:
        return NativeTransport(**settings)


class TestNativeAsync(StrictAsyncTransportContract):
    def transport(self, **settings: Any) -> NativeTransport:
        return NativeTransport(**settings)


class UvloopClient(AsyncClient):
    def __init__(self, transport: AsyncTransport) -> None:
        super().__init__(transport)
        self._runner = asyncio.Runner(loop_factory=new_uvloop)


@pytest.mark.slow  # Of what depends on the event loop, ordinary tests run in uvloop's, too.
class TestNativeUvloop(StrictAsyncTransportContract):
    client_class = UvloopClient

    def transport(self, **settings: Any) -> NativeTransport:
        return NativeTransport(**settings)
