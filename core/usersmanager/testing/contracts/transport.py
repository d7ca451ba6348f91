"""TransportContract and AsyncTransportContract.

Each test case is a fault or a threat, and what a transport must make of it. They need pytest,
and trustme for certificates.
"""

from __future__ import annotations

import asyncio
import os
import threading
from typing import ClassVar

from ..._values.messages import Response
from ..fault_server import FaultServer, Peer, echo, profile
from .cases import make_request, subject
from .clients import AsyncClient, SyncClient
from .connecting import ConnectingCases
from .connections import ConnectionCases
from .framing import FramingCases
from .reuse import ReuseCases
from .security import SecurityCases
from .tls import TLSCases

__all__ = ["AsyncTransportContract", "TransportContract"]


class _TransportCases(
    ConnectingCases, ConnectionCases, FramingCases, ReuseCases, SecurityCases, TLSCases
):
    """The test cases for sync and async transports."""


class TransportContract(_TransportCases):
    """What a sync transport must do. Subclass it and override `transport`.

    Example:
        ```python
        class TestMine(TransportContract):
            def transport(self, **settings):
                return MyTransport(**settings)
        ```
    """

    client_class: ClassVar[type[SyncClient]] = SyncClient

    def test_a_fork_shares_no_connection(self) -> None:
        if not hasattr(os, "fork"):
            return
        with FaultServer() as server, self.client() as client:
            self.assert_own_response(client, server, "before")
            child = os.fork()
            if child == 0:
                passed = False
                try:
                    passed = subject(client.send(make_request(server, "child"))) == "child"
                finally:
                    os._exit(0 if passed else 1)
            _, status = os.waitpid(child, 0)
            exit_code = os.waitstatus_to_exitcode(status)
            assert exit_code == 0, "a request of a forked process must get its own response"
            assert server.connections == 2, "a forked process must use its own connection"
            self.assert_own_response(client, server, "parent")
            assert server.connections == 2, "a fork must not close the parent's connection"


class AsyncTransportContract(_TransportCases):
    """What an async transport must do. Subclass it and override `transport`.

    Example:
        ```python
        class TestMine(AsyncTransportContract):
            def transport(self, **settings):
                return MyAsyncTransport(**settings)
        ```
    """

    client_class: ClassVar[type[AsyncClient]] = AsyncClient

    def test_a_cancelled_request_does_not_affect_the_next_one(self) -> None:
        # Cancelled before and while it is sent, and before and in the response's header.
        for after in (0.0, 0.001, 0.015, 0.06):
            self._cancel_and_send(after)

    def _cancel_and_send(self, after: float) -> None:
        cancelled = threading.Event()

        def late(peer: Peer) -> None:
            if b"Bearer cancelled" in peer.request():
                peer.stall(0.03)
                peer.send(b"HTTP/1.1 200 OK\r\n")
                cancelled.wait(5)
                peer.send(profile("cancelled").partition(b"\r\n")[2])
            else:  # The cancelled request did not even connect.
                peer.send(profile("mine"))
            echo(peer)

        with FaultServer(late) as server, self.client(pool_size=1) as client:
            ended = client.cancel(make_request(server, "cancelled"), after)
            assert ended, "a request must end when it is cancelled"
            cancelled.set()
            self.assert_own_response(client, server, "mine")
            client.idle(0.05)
            self.assert_own_response(client, server, "mine")

    def test_a_cancelled_waiter_gives_way_to_the_next_one(self) -> None:
        cancelled = threading.Event()

        def slow(peer: Peer) -> None:
            peer.request()
            cancelled.wait(5)
            peer.send(profile("slow"))
            echo(peer)

        async def queue_and_cancel() -> list[Response]:
            requests = [make_request(server, token) for token in ("slow", "second", "third")]
            first, second, third = map(asyncio.ensure_future, map(client.asend, requests))
            await asyncio.sleep(0.05)
            second.cancel()
            cancelled.set()
            return list(await asyncio.gather(first, third))

        with FaultServer(slow) as server, self.client(pool_size=1) as client:
            subjects = [subject(response) for response in client.run(queue_and_cancel())]
            assert subjects == ["slow", "third"], "a cancelled waiter must leave the queue"
