"""Strict cases: the connection pool, deadlines and closing."""

from __future__ import annotations

import os
import threading
import time
from functools import partial

from ...._values.response import Response
from ....errors import LifecycleError, PoolTimeoutError
from ...fault_server import FaultServer, profile
from ...peer import Peer
from ..basic.connections import owners
from ..cases import make_request, outcome_of, with_short_timeout
from .faults import StrictCases

__all__ = ["PoolCases"]


class PoolCases(StrictCases):
    """The connection pool, deadlines and closing."""

    def test_a_full_pool_is_a_pool_timeout(self) -> None:
        with_short_timeout(self._assert_pool_timeout)

    def _assert_pool_timeout(self, timeout: float) -> None:
        first_sent = threading.Event()

        def slow(peer: Peer) -> None:
            peer.request()
            first_sent.set()
            peer.stall(3 * timeout)
            peer.send(profile("slow"))

        with FaultServer(slow) as server, self.client(pool_size=1) as client:
            waiter = partial(make_request, server, timeout=timeout)
            requests = [partial(make_request, server), waiter, waiter]
            first, *waiters = client.send_all(requests, first_sent=first_sent)
        assert isinstance(first, Response), (
            f"the first request must get its response, not {first!r}"
        )
        for outcome in waiters:
            rule = f"a full pool must raise PoolTimeoutError, not {outcome!r}"
            assert isinstance(outcome, PoolTimeoutError), rule
            assert outcome.sent is False, "`sent` of a PoolTimeoutError must be False"
        assert len(server.requests) == 1, "a request that waits for the pool must not be sent"

    def test_a_released_connection_serves_the_next_waiter(self) -> None:
        with FaultServer() as server, self.client(pool_size=2) as client:
            users = [f"user-{number}" for number in range(20)]
            outcomes = client.send_all([partial(make_request, server, user) for user in users])
            assert owners(outcomes) == users, "each request must get its own response"
            assert server.connections <= 2, "`pool_size` must bound the connections"

    def test_silence_exceeds_the_deadline_on_every_kind_of_connection(self) -> None:
        def silent(peer: Peer) -> None:
            peer.request()
            peer.stall()

        self.assert_deadline(silent, "a silent server")

    def test_a_slow_header_exceeds_the_deadline(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.drip(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 10)

        self.assert_deadline(dripping, "a header that is sent too slowly")

    def test_a_slow_body_exceeds_the_deadline(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            peer.drip(b"x" * 99)

        self.assert_deadline(dripping, "a body that is sent too slowly")

    def test_slow_interim_responses_exceed_the_deadline(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.drip(b"HTTP/1.1 102 Processing\r\n\r\n" * 3)

        self.assert_deadline(dripping, "interim responses that are sent too slowly")

    def test_a_non_idempotent_request_uses_a_dedicated_connection(self) -> None:
        rule = "a request that is not idempotent must use a dedicated connection"
        with FaultServer() as server, self.client() as client:
            for token in ("one", "two"):
                self.assert_own_response(client, server, token)
            assert server.connections == 1, "a connection must be reused"
            for _ in range(2):
                client.send(make_request(server, "alone", idempotent=False))
            assert server.connections == 3, rule
            for request in server.requests[2:]:
                assert b"Connection: close\r\n" in request, f"{rule}, with `Connection: close`"
            self.assert_own_response(client, server, "three")
            assert server.connections == 3, f"{rule}, and leave the pooled one in the pool"

    def test_a_closed_transport_raises_and_can_be_closed_again(self) -> None:
        rule = "a closed transport must raise LifecycleError"
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server))
            client.close_transport()
            client.close_transport()
            assert isinstance(outcome_of(client.send, make_request(server)), LifecycleError), rule
            assert len(server.requests) == 1, f"{rule} and send nothing"

    def test_close_releases_all_file_descriptors(self) -> None:
        with self.client() as client, FaultServer() as server:
            before = _open_descriptors()
            client.send_all([partial(make_request, server)] * 8)
            client.close_transport()
            # The margin is for an event loop; a leaked connection counts twice, at both ends.
            deadline = time.monotonic() + 5
            while _open_descriptors() > before + server.connections:
                assert time.monotonic() < deadline, "`close` must release all file descriptors"
                time.sleep(0.01)


def _open_descriptors() -> int:
    """Return the number of open descriptors; 0 if the platform does not report it."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
