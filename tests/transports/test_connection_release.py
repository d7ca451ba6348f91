"""Connections before and after a call: which are closed, reused, or not used at all."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from typing import Any

import pytest
from tests.transports.servers import tunnel

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    TransportError,
)
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.contracts.cases import make_request, subject
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport


async def assert_closed(sockets: list[Any]) -> None:
    """Check that there was one socket, and that the event loop closes it soon."""
    for _ in range(500):
        if all(sock.fileno() == -1 for sock in sockets):
            break
        await asyncio.sleep(0.01)
    assert [sock.fileno() for sock in sockets] == [-1]


def wait_for_data(sock: Any) -> None:
    """Block until data, or the end of the connection, has arrived."""
    assert select.select([sock], [], [], 5)[0]


def announce_close(peer: Peer) -> None:
    """A script: respond with `Connection: close`, but do not close the connection."""
    peer.request()
    body = b'{"sub": "u"}'
    peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\n\r\n" + body)
    peer.stall()


def silent(peer: Peer) -> None:
    peer.request()
    peer.stall()


@pytest.mark.parametrize("script", [silent, announce_close])
def test_a_tls_socket_is_closed_when_its_call_ends(script: Any, sockets: list[Any]) -> None:
    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport(ssl_context=client_context())
        try:
            await transport.asend(make_request(server, timeout=1))
        except DeadlineExceededError:
            assert script is silent
        await assert_closed(sockets)
        await transport.aclose()

    with FaultServer(script, ssl_context=server_context(), host="localhost") as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("make_transport", [AiohttpTransport, NativeTransport])
def test_a_connection_is_not_reused_after_a_response_to_half_a_request(make_transport: Any) -> None:
    def respond_early(peer: Peer) -> None:
        peer.receive()
        peer.send(profile("early"))
        peer.stall()

    async def main(server: FaultServer) -> None:
        transport = make_transport()
        large = make_request(server)._replace(body=b"x" * 30_000_000)
        assert (await transport.asend(large)).status == 200
        assert subject(await transport.asend(make_request(server, "next"))) == "next"
        await transport.aclose()

    with FaultServer(respond_early) as server:
        asyncio.run(main(server))
        assert server.connections == 2


@pytest.mark.parametrize("make_transport", [Urllib3Transport, NativeTransport])
def test_a_connection_with_tls_inside_tls_is_reused(make_transport: Any) -> None:
    with (
        FaultServer(ssl_context=server_context(), host="localhost") as server,
        FaultServer(tunnel, tunnel, ssl_context=server_context(), host="localhost") as proxy,
    ):
        transport = make_transport(proxy=proxy.origin, ssl_context=client_context())
        for token in ("one", "two"):
            assert subject(transport.send(make_request(server, token))) == token
        transport.close()
        assert server.connections == 1


@pytest.mark.parametrize("sends_data", [True, False])
@pytest.mark.parametrize("make_transport", [Urllib3Transport, NativeTransport])
def test_nothing_is_sent_to_a_server_that_sent_or_closed_first(
    make_transport: Any, sends_data: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send_first(peer: Peer) -> None:
        peer.send(profile("attacker") if sends_data else b"")

    connect = socket.socket.connect

    def connect_slowly(sock: socket.socket, address: Any) -> None:
        try:
            connect(sock, address)
        finally:
            wait_for_data(sock)  # What is not blocking goes on.

    with FaultServer(send_first) as server:
        transport = make_transport()
        with monkeypatch.context() as patch:
            patch.setattr(socket.socket, "connect", connect_slowly)
            with pytest.raises(ConnectError) as caught:
                transport.send(make_request(server))
        assert caught.value.sent is False
        assert subject(transport.send(make_request(server, "mine"))) == "mine"
        transport.close()


@pytest.mark.parametrize("sends_data", [True, False])
@pytest.mark.parametrize("make_transport", [AiohttpTransport, NativeTransport])
def test_nothing_is_sent_to_a_server_that_sent_or_closed_before_the_event_loop_ran(
    make_transport: Any, sends_data: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send_first(peer: Peer) -> None:
        peer.send(profile("attacker") if sends_data else b"")

    create_connection = asyncio.BaseEventLoop.create_connection

    async def connect_slowly(*args: Any, **kwargs: Any) -> Any:
        connection = await create_connection(*args, **kwargs)
        wait_for_data(connection[0].get_extra_info("socket"))  # The event loop does not run.
        return connection

    async def main(server: FaultServer) -> None:
        transport = make_transport()
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.BaseEventLoop, "create_connection", connect_slowly)
            with pytest.raises(ConnectError) as caught:
                await transport.asend(make_request(server))
        assert caught.value.sent is False
        assert subject(await transport.asend(make_request(server, "mine"))) == "mine"
        await transport.aclose()

    with FaultServer(send_first) as server:
        asyncio.run(main(server))


def test_nothing_is_sent_after_the_deadline_even_if_the_event_loop_was_blocked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_connection = asyncio.BaseEventLoop.create_connection

    async def block(*args: Any, **kwargs: Any) -> Any:
        connection = await create_connection(*args, **kwargs)
        time.sleep(0.3)  # noqa: ASYNC251 - the event loop must be blocked.
        return connection

    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport()
        monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", block)
        for idempotent in (True, False):
            with pytest.raises(TransportError) as caught:
                await transport.asend(make_request(server, timeout=0.2, idempotent=idempotent))
            assert caught.value.sent is False
        await transport.aclose()

    with FaultServer(*[silent] * 2) as server:
        asyncio.run(main(server))
    assert server.requests == []


def test_a_stalled_tls_proxy_leaves_no_socket_open(sockets: list[Any]) -> None:
    async def main(proxy: FaultServer) -> None:
        transport = AiohttpTransport(ssl_context=client_context(), proxy=proxy.origin)
        with pytest.raises(ConnectError):
            await transport.asend(make_request(proxy, timeout=1))
        await assert_closed(sockets)
        await transport.aclose()

    with FaultServer(silent, ssl_context=server_context(), host="localhost") as proxy:
        asyncio.run(main(proxy))
