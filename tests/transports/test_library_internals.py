"""Undocumented behavior of the HTTP libraries on which the transports rely.

A failure means that a new release has changed it, and a guarantee no longer holds.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from unittest import mock

import aiohttp
import pytest
from tests.transports.calls import call
from tests.transports.names import HOST, refusing_address, resolving_to

from usersmanager import AsyncUsersManager, ConnectError, UsersManager
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.transports import Hop
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import transport


def test_urllib3_connects_through_new_conn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one deadline would not cover name resolution and several addresses."""
    connected: list[str] = []
    connect_tcp = transport.connect_tcp

    def record(host: str, *rest: Any) -> Any:
        connected.append(host)
        return connect_tcp(host, *rest)

    monkeypatch.setattr(transport, "connect_tcp", record)
    with FaultServer() as server, UsersManager(server.origin) as users:
        users.get_info("t")
    assert connected == ["127.0.0.1"]


def test_aiohttp_keeps_no_book_of_a_connection_that_was_taken_over() -> None:
    made: list[aiohttp.TCPConnector] = []

    class Recorded(aiohttp.TCPConnector):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            made.append(self)

    async def main(origin: str) -> None:
        async with AsyncUsersManager(origin, discover=False) as users:
            await users.get_info("t")
            (connector,) = made
            assert not connector._acquired
            assert not connector._conns

    with FaultServer() as server, mock.patch("aiohttp.TCPConnector", Recorded):
        asyncio.run(main(server.origin))


def test_data_that_aiohttp_has_received_before_the_takeover_is_refused() -> None:
    """A response before the request must not be lost, and the connection be used."""

    class Early(AiohttpTransport):
        async def aconnect(self, hop: Hop) -> asyncio.Transport:
            connect = aiohttp.TCPConnector.connect

            async def wait_for_data(*arguments: Any) -> Any:
                connection = await connect(*arguments)
                for _ in range(5000):
                    if connection.protocol._tail:
                        break
                    await asyncio.sleep(0.001)
                return connection

            with mock.patch("aiohttp.TCPConnector.connect", wait_for_data):
                return await super().aconnect(hop)

    async def main(origin: str) -> None:
        async with AsyncUsersManager(origin, transport=Early(), discover=False) as users:
            await users.get_info("t")

    def respond_early(peer: Peer) -> None:
        peer.send(profile("early"))
        peer.stall()

    with FaultServer(respond_early) as server:
        with pytest.raises(ConnectError) as caught:
            asyncio.run(main(server.origin))
        assert server.requests == []
    assert caught.value.reason == "reset"


@pytest.mark.parametrize("count", [1, 2, 50])
def test_aiohttp_does_not_try_addresses_that_refuse_again_and_again(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, it tries 50 addresses 1,275 times."""
    attempts: list[object] = []

    class Counted(socket.socket):
        def connect(self, address: Any) -> None:
            attempts.append(address)
            super().connect(address)

    with refusing_address() as refusing, resolving_to(*[refusing] * count):
        monkeypatch.setattr(socket, "socket", Counted)
        outcome = call("aiohttp", "get_info", f"http://{HOST}:{refusing[1]}")
        monkeypatch.undo()
    assert isinstance(outcome.error, ConnectError)
    assert outcome.error.reason == "refused"
    assert len(attempts) == (1 if count == 1 else count + 1)
