"""Strict cases: the reuse of connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ...._flow.transport import is_strict
from ...fault_server import FaultServer, profile
from ...peer import Peer
from ..basic.connections import ATTACKER
from ..cases import make_request
from ..scripts import answering
from .faults import StrictCases

__all__ = ["ReuseCases"]

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n"


class ReuseCases(StrictCases):
    """The reuse of connections."""

    def test_it_declares_that_it_is_strict(self) -> None:
        with self.client() as client:
            declared = is_strict(client.transport)
        assert declared, "a strict transport must have the class attribute `strict = True`"

    def test_a_connection_is_reused_after_a_complete_response(self) -> None:
        rule = "a complete response must be returned"
        self.assert_succeeds(answering(profile("first")), rule, reused=True)
        not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        with FaultServer(answering(not_found)) as server, self.client() as client:
            client.send(make_request(server))
            self.assert_own_response(client, server, "second")
            assert server.connections == 1, "a connection must be reused after an empty 404"

    def test_a_connection_is_not_reused_after_connection_close(self) -> None:
        for field in ("Connection: close\r\n", "Connection: keep-alive, Close\r\n"):
            script = answering(profile("first", headers=field))
            self.assert_succeeds(
                script, f"a response with {field!r} must be returned", reused=False
            )
        script = answering(profile("first").replace(b"1.1", b"1.0", 1))
        self.assert_succeeds(script, "an HTTP/1.0 response must be returned", reused=False)

    def test_bytes_after_a_response_never_reach_the_next_caller(self) -> None:
        for extra in (ATTACKER, b"x", b"\r\n", ATTACKER * 20):
            script = answering(profile("first") + extra)
            self.assert_succeeds(
                script, f"{extra!r} after a response must be discarded", reused=False
            )

    def test_a_connection_is_not_reused_after_a_204_that_announces_a_body(self) -> None:
        for field in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
            script = answering(NO_CONTENT + field + b"\r\n\r\n")
            with FaultServer(script) as server, self.client() as client:
                client.send(make_request(server))
                self.assert_own_response(client, server, "next")
                assert server.connections == 2, f"a 204 with {field!r} must end the connection"

    def test_a_body_after_a_204_never_reaches_the_next_caller(self) -> None:
        rule = "a connection must not be reused if a body follows a 204"
        self._assert_replaced(NO_CONTENT + b"\r\n", lambda peer: peer.send(ATTACKER), rule)
        whole = NO_CONTENT + b"Content-Length: 5\r\n\r\n" + ATTACKER
        self._assert_replaced(whole, lambda peer: None, rule)

    def test_bytes_on_an_idle_connection_never_reach_the_next_caller(self) -> None:
        # A running event loop reads the bytes; otherwise the transport must check the socket.
        for loop_runs in (True, False):
            self._assert_replaced(
                profile("first"),
                lambda peer: peer.send(ATTACKER),
                "a connection must not be reused if bytes arrive while it is idle",
                loop_runs=loop_runs,
            )

    def test_a_connection_closed_while_idle_is_replaced(self) -> None:
        rule = "a connection that the server closed must be replaced"
        for end in (Peer.close, Peer.reset):
            self._assert_replaced(profile("first"), end, rule)

    def _assert_replaced(
        self,
        response: bytes,
        action: Callable[[Peer], object],
        rule: str,
        *,
        loop_runs: bool = True,
    ) -> None:
        """Check that a connection is not reused after an action of the server while it is idle.

        Args:
            response: the response before the action.
            action: the action of the server.
            rule: the failure message.
            loop_runs: whether the event loop runs before the next request.
        """
        idle, done = threading.Event(), threading.Event()

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(response)
            idle.wait(5)
            action(peer)
            done.set()
            peer.wait_closed()

        with FaultServer(script) as server, self.client() as client:
            client.send(make_request(server))
            idle.set()
            assert done.wait(5)
            client.idle(0.02) if loop_runs else time.sleep(0.02)
            self.assert_own_response(client, server, "mine", rule=rule)
            assert server.connections == 2, rule
