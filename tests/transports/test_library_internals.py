"""Canary tests: what the transports use of the HTTP libraries beside their documentation.

When one fails, a new release has moved something, and a rule no longer holds.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import aiohttp
import pytest

from usersmanager import UsersManager
from usersmanager.testing import FaultServer
from usersmanager.testing.contracts.cases import ending, make_request
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import connect


def test_urllib3_connects_through_new_conn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the deadline no longer holds over name resolution and several addresses."""
    connected: list[str] = []
    connect_tcp = connect.connect_tcp

    def watched(host: str, *rest: Any) -> Any:
        connected.append(host)
        return connect_tcp(host, *rest)

    monkeypatch.setattr(connect, "connect_tcp", watched)
    with FaultServer() as server, UsersManager(server.origin) as users:
        users.get_info("t")
    assert connected == ["127.0.0.1"]


def test_aiohttp_forgets_a_connection_that_was_taken_over() -> None:
    """Else its connector would grow with every connection."""

    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport()
        await transport.asend(make_request(server))
        assert transport._connector is not None
        connector = transport._connector._connector
        assert not connector._acquired
        assert not connector._conns
        await transport.aclose()

    with FaultServer() as server:
        asyncio.run(main(server))


def test_aiohttp_connects_by_a_request_that_is_never_sent() -> None:
    """Else a connection could not be opened apart from a request."""
    parameters = list(inspect.signature(aiohttp.BaseConnector.connect).parameters)
    assert parameters == ["self", "req", "traces", "timeout"]
    assert "req.send(" not in inspect.getsource(aiohttp.BaseConnector.connect)


def test_aiohttp_still_resends_on_its_own_unless_it_is_kept_from_it() -> None:
    """If not, `_send_once` could go."""

    async def naive(origin: str) -> None:
        async with aiohttp.ClientSession() as session, session.get(origin) as response:
            await response.read()

    with FaultServer(*[ending(b"")] * 3) as server:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            asyncio.run(naive(server.origin))
        assert len(server.requests) == 2
