"""Basic cases: cancelled tasks, for async transports only."""

from __future__ import annotations

import threading

from ...fault_server import FaultServer, echo, profile
from ...peer import Peer
from ..cases import Contract, make_request

__all__ = ["CancellationCases"]


class CancellationCases(Contract):
    """Cancelled tasks."""

    def test_a_cancelled_request_does_not_affect_the_next_one(self) -> None:
        self.assert_cancellable()

    def assert_cancellable(self, **settings: int) -> None:
        """Check that cancelled requests end, and that the next ones get their own responses."""
        # Cancelled before and while it is sent, and before and in the response's header.
        for after in (0.0, 0.001, 0.015, 0.06):
            self._cancel_and_send(after, **settings)

    def _cancel_and_send(self, after: float, **settings: int) -> None:
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

        with FaultServer(late) as server, self.client(**settings) as client:
            ended = client.cancel(make_request(server, "cancelled"), after)
            assert ended, "a request must end with CancelledError when it is cancelled"
            cancelled.set()
            self.assert_own_response(client, server, "mine")
            client.idle(0.05)
            self.assert_own_response(client, server, "mine")
