"""What a connection is left with once its call is over."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from typing import Any

import pytest
import trustme
from tests.transports.test_proxies import tunnel

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    TransportError,
)
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.contracts.cases import ask, subject_of
from usersmanager.transports.http1.async_connection import AsyncConnection
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport
from usersmanager_urllib3 import Urllib3Transport


@pytest.fixture
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server serves with, and what trusts it."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    return serving, trusting


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sockets of all asyncio connections."""
    made: list[Any] = []
    attach = AsyncConnection.attach

    def watched(self: AsyncConnection, transport: asyncio.Transport) -> None:
        made.append(transport.get_extra_info("socket"))
        attach(self, transport)

    monkeypatch.setattr(AsyncConnection, "attach", watched)
    return made


def closing_and_silent(peer: Peer) -> None:
    """A good answer that ends the connection, and then nothing, not even an end."""
    peer.request()
    body = b'{"sub": "u"}'
    peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\n\r\n" + body)
    peer.stall(2)


def silent(peer: Peer) -> None:
    peer.request()
    peer.stall(2)


@pytest.mark.parametrize("script", [silent, closing_and_silent])
def test_a_tls_socket_is_gone_as_soon_as_its_call_is_over(
    script: Any, contexts: tuple[ssl.SSLContext, ssl.SSLContext], sockets: list[Any]
) -> None:
    serving, trusting = contexts

    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport(ssl_context=trusting)
        try:
            await transport.asend(ask(server, timeout=0.4))
        except DeadlineExceededError:
            assert script is silent
        await asyncio.sleep(0.05)
        assert [one.fileno() for one in sockets] == [-1]
        await transport.aclose()

    with FaultServer(script, ssl_context=serving, host="localhost") as server:
        asyncio.run(main(server))


def test_an_idle_connection_keeps_nothing_of_its_last_answer() -> None:
    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport()
        await transport.asend(ask(server))
        connection = transport._engine._idle.take(server.origin)
        assert connection is not None
        assert (connection._reader, connection._outcome) == (None, None)
        connection.close()
        await transport.aclose()

    with FaultServer() as server:
        asyncio.run(main(server))


def test_a_connection_that_ends_while_it_is_made_is_not_used() -> None:
    async def main() -> None:
        connection = AsyncConnection(asyncio.get_running_loop())
        with pytest.raises(ConnectionError):
            connection.require_unused()

    asyncio.run(main())


@pytest.mark.parametrize("kind", [AiohttpTransport, HttptoolsTransport])
def test_an_answer_to_half_a_request_spoils_the_connection(kind: Any) -> None:
    def hasty(peer: Peer) -> None:
        peer.receive()
        peer.send(profile("hasty"))
        peer.stall(0.5)

    async def main(server: FaultServer) -> None:
        transport = kind()
        large = ask(server)._replace(body=b"x" * 30_000_000)
        assert (await transport.asend(large)).status == 200
        assert subject_of(await transport.asend(ask(server, "next"))) == "next"
        await transport.aclose()

    with FaultServer(hasty) as server:
        asyncio.run(main(server))
        assert server.connections == 2


def test_a_close_in_the_middle_of_a_body_is_no_end_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[AsyncConnection] = []
    attach = AsyncConnection.attach

    def watched(self: AsyncConnection, transport: asyncio.Transport) -> None:
        connections.append(self)
        attach(self, transport)

    monkeypatch.setattr(AsyncConnection, "attach", watched)

    def endless(peer: Peer) -> None:
        peer.request()
        peer.send(b'HTTP/1.1 200 OK\r\n\r\n{"sub": "u"}')
        peer.wait_closed()

    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport()
        call = asyncio.ensure_future(transport.asend(ask(server)))
        await asyncio.sleep(0.2)
        connections[0].close()
        with pytest.raises(DisconnectedError):
            await call
        await transport.aclose()

    with FaultServer(endless) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("kind", [Urllib3Transport, HttptoolsTransport])
def test_a_connection_with_tls_inside_tls_is_used_again(
    kind: Any, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    serving, trusting = contexts
    with (
        FaultServer(ssl_context=serving, host="localhost") as server,
        FaultServer(tunnel, tunnel, ssl_context=serving, host="localhost") as proxy,
    ):
        transport = kind(proxy=proxy.origin, ssl_context=trusting)
        for token in ("one", "two"):
            assert subject_of(transport.send(ask(server, token))) == token
        transport.close()
        assert server.connections == 1


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("kind", [Urllib3Transport, HttptoolsTransport])
def test_a_server_that_speaks_before_it_is_asked_is_not_asked(
    kind: Any, says: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def early(peer: Peer) -> None:
        peer.send(profile("mallory") if says else b"")

    connect = socket.socket.connect

    def slowly(sock: socket.socket, address: Any) -> None:
        connect(sock, address)
        time.sleep(0.1)

    with FaultServer(early) as server:
        transport = kind()
        with monkeypatch.context() as patch:
            patch.setattr(socket.socket, "connect", slowly)
            with pytest.raises(ConnectError) as caught:
                transport.send(ask(server))
        assert caught.value.phase == "not sent"
        assert subject_of(transport.send(ask(server, "mine"))) == "mine"
        transport.close()


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("kind", [AiohttpTransport, HttptoolsTransport])
def test_a_server_that_speaks_before_the_event_loop_looks_is_not_asked(
    kind: Any, says: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def early(peer: Peer) -> None:
        peer.send(profile("mallory") if says else b"")

    made = asyncio.BaseEventLoop.create_connection

    async def slowly(*arguments: Any, **settings: Any) -> Any:
        connection = await made(*arguments, **settings)
        time.sleep(0.1)  # noqa: ASYNC251 - the loop is to see nothing of what comes meanwhile.
        return connection

    async def main(server: FaultServer) -> None:
        transport = kind()
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.BaseEventLoop, "create_connection", slowly)
            with pytest.raises(ConnectError) as caught:
                await transport.asend(ask(server))
        assert caught.value.phase == "not sent"
        assert subject_of(await transport.asend(ask(server, "mine"))) == "mine"
        await transport.aclose()

    with FaultServer(early) as server:
        asyncio.run(main(server))


def test_nothing_is_sent_after_the_deadline_though_the_loop_was_blocked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = asyncio.BaseEventLoop.create_connection

    async def blocked(*arguments: Any, **settings: Any) -> Any:
        connection = await made(*arguments, **settings)
        time.sleep(0.3)  # noqa: ASYNC251 - that it blocks the loop is the point.
        return connection

    async def main(server: FaultServer) -> None:
        transport = AiohttpTransport()
        monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", blocked)
        for idempotent in (True, False):
            with pytest.raises(TransportError) as caught:
                await transport.asend(ask(server, timeout=0.2, idempotent=idempotent))
            assert caught.value.phase == "not sent"
        await transport.aclose()

    with FaultServer(*[silent] * 2) as server:
        asyncio.run(main(server))
    assert server.requests == []


def test_a_proxy_over_tls_that_stalls_keeps_no_socket_open(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], sockets: list[Any]
) -> None:
    serving, trusting = contexts

    async def main(proxy: FaultServer) -> None:
        transport = AiohttpTransport(ssl_context=trusting, proxy=proxy.origin)
        with pytest.raises(ConnectError):
            await transport.asend(ask(proxy, timeout=0.4))
        await asyncio.sleep(0.05)
        assert [one.fileno() for one in sockets] == [-1]
        await transport.aclose()

    with FaultServer(silent, ssl_context=serving, host="localhost") as proxy:
        asyncio.run(main(proxy))
