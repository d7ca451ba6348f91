"""Connections that are closed, or not used at all."""

from __future__ import annotations

import asyncio
import contextlib
import select
from typing import Any

import pytest

from usersmanager import ConnectError, DeadlineExceededError
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.contracts.cases import make_request
from usersmanager.testing.contracts.clients import AsyncClient, SyncClient
from usersmanager.transports import Deadline, Hop
from usersmanager_aiohttp import AiohttpTransport
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
        is_late = pytest.raises(DeadlineExceededError)
        with is_late if script is silent else contextlib.nullcontext():
            await transport.asend(make_request(server, timeout=1))
        await assert_closed(sockets)
        await transport.aclose()

    with FaultServer(script, ssl_context=server_context(), host="localhost") as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("early", [profile("attacker"), b""], ids=["sent", "closed"])
@pytest.mark.parametrize(
    ("client_class", "transport_class"),
    [(SyncClient, Urllib3Transport), (AsyncClient, AiohttpTransport)],
)
def test_nothing_is_sent_to_a_server_that_sent_or_closed_first(
    client_class: Any, transport_class: Any, early: bytes
) -> None:
    class Late(transport_class):  # type: ignore[misc] # It is a parameter.
        """Its connections are used only after the server has acted."""

        def connect(self, hop: Hop, deadline: Deadline) -> Any:
            sock = super().connect(hop, deadline)
            wait_for_data(sock)
            return sock

        async def aconnect(self, hop: Hop) -> Any:
            transport = await super().aconnect(hop)
            wait_for_data(transport.get_extra_info("socket"))  # The event loop does not run.
            return transport

    received: list[bytes] = []

    def act_first(peer: Peer) -> None:
        if early:
            peer.send(early)
            received.append(peer.receive())

    with FaultServer(act_first) as server:
        client = client_class(Late())
        with pytest.raises(ConnectError) as caught:
            client.send(make_request(server))
        client.close()
    assert caught.value.sent is False
    assert b"".join(received) == b""


def test_a_stalled_tls_proxy_leaves_no_socket_open(sockets: list[Any]) -> None:
    async def main(proxy: FaultServer) -> None:
        transport = AiohttpTransport(ssl_context=client_context(), proxy=proxy.origin)
        with pytest.raises(ConnectError):
            await transport.asend(make_request(proxy, timeout=1))
        await assert_closed(sockets)
        await transport.aclose()

    with FaultServer(silent, ssl_context=server_context(), host="localhost") as proxy:
        asyncio.run(main(proxy))
