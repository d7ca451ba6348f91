"""Canaries: the seams of the HTTP libraries that the transports stand on.

When one fails, a new release has moved a seam, and a mend no longer takes hold.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import aiohttp
import pytest
import urllib3
from urllib3.connection import HTTPConnection

from usersmanager import UsersManager
from usersmanager.testing import FaultServer
from usersmanager.testing.contract import ask, ending
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_aiohttp.protocol import ReadingProtocol
from usersmanager_urllib3 import Urllib3Transport, connections


def test_urllib3_dials_through_new_conn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the deadline no longer holds over name resolution and several addresses."""
    dialled: list[str] = []
    dial = connections.dial

    def watched(host: str, *rest: Any) -> Any:
        dialled.append(host)
        return dial(host, *rest)

    monkeypatch.setattr(connections, "dial", watched)
    with FaultServer() as server, UsersManager(server.origin) as users:
        users.get_info("t")
    assert dialled == ["127.0.0.1"]


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_urllib3_makes_our_connections(proxy: str | None) -> None:
    """Else no guard sees what a server sends."""
    transport = Urllib3Transport(proxy=proxy)
    for scheme, kind in connections.pool_classes(1 << 20).items():
        pool = transport._manager.connection_from_url(f"{scheme}://id.example")
        assert type(pool) is kind
        assert pool.ConnectionCls is kind.ConnectionCls
    transport.close()


def test_urllib3_asks_whether_a_pooled_connection_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else bytes on an idle connection answer the next caller."""
    asked: list[bool] = []
    connected = HTTPConnection.is_connected.fget  # type: ignore[attr-defined] # A property has it.

    def watched(self: HTTPConnection) -> bool:
        asked.append(connected(self))
        return asked[-1]

    monkeypatch.setattr(HTTPConnection, "is_connected", property(watched))
    with FaultServer() as server, UsersManager(server.origin) as users:
        users.get_info("one")
        users.get_info("two")
    assert asked == [True]


def test_urllib3_asks_a_timeout_for_its_seconds_each_time() -> None:
    """Else waiting for the pool is not taken off the time there is to connect."""
    source = inspect.getsource(urllib3.HTTPConnectionPool)
    assert "conn.timeout = timeout_obj.connect_timeout" in source
    assert "timeout_obj.read_timeout" in source
    assert "timeout.clone()" in source


def test_aiohttp_makes_our_protocols(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no guard sees what a server sends."""
    made: list[Any] = []
    begin = ReadingProtocol.connection_made

    def watched(self: ReadingProtocol, transport: asyncio.BaseTransport) -> None:
        made.append(self)
        begin(self, transport)

    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport()
        await transport.asend(ask(server))
        await transport.aclose()

    monkeypatch.setattr(ReadingProtocol, "connection_made", watched)
    with FaultServer() as server:
        asyncio.run(main(server))
    assert [type(protocol) for protocol in made] == [ReadingProtocol]


def test_aiohttp_connects_by_a_request_that_is_never_sent() -> None:
    """Else the address that is kept for each origin would be used up."""
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
