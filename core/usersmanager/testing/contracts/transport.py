"""TransportContract and AsyncTransportContract: all rows, in each mode."""

from __future__ import annotations

import asyncio
import os
from typing import ClassVar

from ..._values.messages import Response
from ..fault_server import FaultServer, Peer, echo, profile
from .cases import make_request, subject
from .clients import AsyncClient, BlockingClient
from .connections import ConnectionRows
from .framing import FramingRows
from .security import SecurityRows
from .tls import TLSRows

__all__ = ["AsyncTransportContract", "TransportContract"]


class TransportContract(ConnectionRows, FramingRows, SecurityRows, TLSRows):
    """What a blocking transport must do. Subclass it and override `transport`.

    Example:
        ```python
        class TestMine(TransportContract):
            def transport(self, **settings):
                return MyTransport(**settings)
        ```
    """

    client_kind: ClassVar[type[BlockingClient]] = BlockingClient

    def test_a_fork_shares_no_connection(self) -> None:
        if not hasattr(os, "fork"):
            return
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server, "before"))
            child = os.fork()
            if child == 0:
                right = False
                try:
                    right = subject(client.send(make_request(server, "child"))) == "child"
                finally:
                    os._exit(0 if right else 1)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 0, "the child got no answer of its own"
            assert server.connections == 2
            assert subject(client.send(make_request(server, "parent"))) == "parent"
            assert server.connections == 2


class AsyncTransportContract(ConnectionRows, FramingRows, SecurityRows, TLSRows):
    """What an asyncio transport must do. Subclass it and override `transport`.

    Example:
        ```python
        class TestMine(AsyncTransportContract):
            def transport(self, **settings):
                return MyAsyncTransport(**settings)
        ```
    """

    client_kind: ClassVar[type[AsyncClient]] = AsyncClient

    def test_a_cancelled_call_leaves_nothing_behind(self) -> None:
        def late(peer: Peer) -> None:
            peer.request()
            peer.stall(0.05)
            peer.send(b"HTTP/1.1 200 OK\r\n")
            peer.stall(0.05)
            peer.send(profile("cancelled").partition(b"\r\n")[2])
            peer.wait_closed()

        for after in (0.0, 0.001, 0.02, 0.07):
            with FaultServer(late) as server, self.client(pool_size=1) as client:
                assert client.cancel(make_request(server, "cancelled"), after)
                assert subject(client.send(make_request(server, "mine", timeout=2))) == "mine"
                client.idle(0.1)
                assert subject(client.send(make_request(server, "mine", timeout=2))) == "mine"

    def test_a_cancelled_call_in_the_queue_gives_its_place_on(self) -> None:
        def slow(peer: Peer) -> None:
            peer.request()
            peer.stall(0.2)
            peer.send(profile("slow"))
            echo(peer)

        with FaultServer(slow) as server, self.client(pool_size=1) as client:
            outcomes = client.run(_queue_and_cancel(client, server))
            assert [subject(one) for one in outcomes] == ["slow", "third"]


async def _queue_and_cancel(client: AsyncClient, server: FaultServer) -> list[Response]:
    first = asyncio.ensure_future(client.start(make_request(server, "slow")))
    await asyncio.sleep(0.02)
    second = asyncio.ensure_future(client.start(make_request(server, "second")))
    third = asyncio.ensure_future(client.start(make_request(server, "third")))
    await asyncio.sleep(0.02)
    second.cancel()
    return list(await asyncio.gather(first, third))
