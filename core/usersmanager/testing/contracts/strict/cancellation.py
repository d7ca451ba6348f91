"""Strict cases: cancelled tasks and the connection pool, for async transports only."""

from __future__ import annotations

import asyncio
import threading

from ...._values.response import Response
from ...fault_server import FaultServer, echo, profile
from ...peer import Peer
from ..basic.cancellation import CancellationCases
from ..cases import make_request, subject
from .faults import StrictCases

__all__ = ["WaiterCases"]


class WaiterCases(StrictCases, CancellationCases):
    """Cancelled tasks and the connection pool."""

    def test_a_cancelled_request_gives_its_connection_slot_back(self) -> None:
        self.assert_cancellable(pool_size=1)

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
