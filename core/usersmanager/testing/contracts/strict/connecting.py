"""Strict cases: faults before a request is sent."""

from __future__ import annotations

import socket
import threading
from typing import Any
from unittest import mock

from ....errors import ConnectError, DeadlineExceededError, TLSError
from ...fault_server import FaultServer
from ...peer import Peer
from ..cases import make_request, with_short_timeout
from ..scripts import unreachable_server
from .faults import StrictCases

__all__ = ["ConnectingCases"]


class _HttpsOrigin(FaultServer):
    """A server without TLS, but with an https origin."""

    @property
    def origin(self) -> str:
        return super().origin.replace("http://", "https://")


class ConnectingCases(StrictCases):
    """Faults before a request is sent."""

    def test_an_unknown_host_is_a_connect_error(self) -> None:
        with FaultServer(host="no-such-host.invalid") as server, self.client() as client:
            request = make_request(server)
            self.assert_fails(client, request, ConnectError, "an unknown host", sent=False)

    def test_a_connect_timeout_is_a_connect_error(self) -> None:
        with unreachable_server() as server:
            self._assert_connect_timeout(server, "a connect timeout")

    def test_a_slow_name_resolution_keeps_to_the_deadline(self) -> None:
        with_short_timeout(self._assert_slow_name_resolution)

    def _assert_slow_name_resolution(self, timeout: float) -> None:
        resolve, failed = socket.getaddrinfo, threading.Event()

        def slow(_host: str, *rest: Any, **named: Any) -> object:
            failed.wait(2)
            return resolve("127.0.0.1", *rest, **named)

        with (
            # No resolver may be asked for "localhost".
            FaultServer(host="slow.example") as server,
            self.client() as client,
            mock.patch("socket.getaddrinfo", slow),
        ):
            request = make_request(server, timeout=timeout)
            self.assert_fails(client, request, ConnectError, "slow name resolution", sent=False)
            failed.set()
            client.idle(0.05)
            assert server.requests == [], "nothing may be sent after the deadline"

    def test_a_reset_during_the_tls_handshake_is_a_connect_error(self) -> None:
        def resetting(peer: Peer) -> None:
            peer.receive()
            peer.reset()

        fault = "a reset during the TLS handshake"
        with _HttpsOrigin(otherwise=resetting) as server, self.client() as client:
            self.assert_fails(client, make_request(server), ConnectError, fault, sent=False)

    def test_a_stalled_tls_handshake_is_a_connect_error(self) -> None:
        fault = "a TLS handshake that stalls"
        with _HttpsOrigin(otherwise=lambda peer: peer.stall()) as server:
            self._assert_connect_timeout(server, fault)

    def test_a_slow_tls_handshake_is_a_connect_error(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.receive()
            peer.drip(b"\x16\x03\x03\x10\x00" + b"\0" * 95)

        fault = "a TLS handshake that takes too long"
        with _HttpsOrigin(otherwise=dripping) as server:
            self._assert_connect_timeout(server, fault)

    def test_a_plaintext_server_at_an_https_url_is_a_connect_or_tls_error(self) -> None:
        def plaintext(peer: Peer) -> None:
            peer.receive()
            peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            peer.wait_closed()

        fault = "a plaintext server at an https URL"
        with _HttpsOrigin(plaintext) as server, self.client() as client:
            errors = (ConnectError, TLSError)
            self.assert_fails(client, make_request(server), errors, fault, sent=False)

    def test_an_expired_deadline_sends_nothing(self) -> None:
        with FaultServer() as server, self.client() as client:
            request, fault = make_request(server, timeout=0), "an expired deadline"
            self.assert_fails(client, request, DeadlineExceededError, fault, sent=False)
            client.idle(0.05)
            assert server.requests == [], "nothing may be sent after the deadline"

    def _assert_connect_timeout(self, server: FaultServer, fault: str) -> None:
        """Check that connecting to an unreachable server is given up at the deadline."""

        def check(timeout: float) -> None:
            with self.client() as client:
                request = make_request(server, timeout=timeout)
                self.assert_fails(client, request, ConnectError, fault, sent=False)

        with_short_timeout(check)
