"""A manager uses no connection twice, unless its transport declares that it is strict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from usersmanager import AsyncUsersManager, Request, Response, UsersManager
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport, FaultServer
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport

Fetch = Callable[..., Any]

HEADER = b"\r\nConnection: close\r\n"


class Recording(FakeTransport):
    """A transport that declares nothing, unless a subclass does."""

    strict: Any = False

    def sent_headers(self) -> list[str | None]:
        return [request.headers_to_send().get("Connection") for request in self.requests]


class Replacing:
    """A plugin that sends a request of its own."""

    @hookimpl
    def usersmanager_request(self, request: Request) -> Request:
        return Request(
            operation=request.operation,
            method=request.method,
            origin=request.origin,
            target=request.target,
            headers=request.headers,
            body=request.body,
            token=request.token,
            deadline=request.deadline,
            idempotent=request.idempotent,
        )


@pytest.mark.parametrize("strict", [False, None, "yes", mock.Mock()])
def test_every_request_over_another_transport_asks_for_a_closed_connection(
    strict: Any, fetch: Fetch, impersonate: Fetch
) -> None:
    transport = Recording()
    transport.strict = strict
    fetch(transport=transport.profile("u"))
    fetch(transport=transport.status(503).profile("u"), plugins=["retry"])
    fetch(transport=transport.profile("u"), plugins=[Replacing()])
    impersonate(transport=transport.link("https://tenant.example/link"))
    assert transport.sent_headers() == ["close"] * 5


def test_the_request_for_a_provider_configuration_asks_for_it_too() -> None:
    body = b'{"issuer": "https://a.example", "userinfo_endpoint": "https://a.example/me"}'
    transport = Recording(Response(200, {"Content-Type": "application/json"}, body))
    with UsersManager.from_issuer("https://a.example", transport=transport, discover=False):
        assert transport.sent_headers() == ["close"]


def test_a_strict_transport_decides_itself(fetch: Fetch, impersonate: Fetch) -> None:
    transport = Recording()
    transport.strict = True
    fetch(transport=transport.profile("u"))
    impersonate(transport=transport.link("https://tenant.example/link"))
    assert transport.sent_headers() == [None, "close"]


def test_a_fake_transport_is_strict(fetch: Fetch, fake: FakeTransport) -> None:
    fetch(transport=fake.profile("u"))
    assert "Connection" not in fake.requests[0].headers_to_send()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.mark.parametrize("make", [Urllib3Transport, NativeTransport])
def test_the_shipped_sync_transports_are_strict(make: Any, server: FaultServer) -> None:
    with UsersManager(server.origin, transport=make(), discover=False) as users:
        users.get_info("a-token")
    assert HEADER not in server.requests[0]


@pytest.mark.parametrize("make", [AiohttpTransport, NativeTransport])
def test_the_shipped_async_transports_are_strict(make: Any, server: FaultServer) -> None:
    async def main() -> None:
        async with AsyncUsersManager(server.origin, transport=make(), discover=False) as users:
            await users.get_info("a-token")

    asyncio.run(main())
    assert HEADER not in server.requests[0]
