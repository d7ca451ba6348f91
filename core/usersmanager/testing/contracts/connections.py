"""Rows of the contract: connections, time, statuses, life and death."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from unittest import mock

from ..._values.messages import Response
from ...errors import (
    ConnectError,
    DeadlineExceededError,
    LifecycleError,
    PoolTimeoutError,
    TLSError,
)
from ..fault_server import FaultServer, Peer, profile
from .cases import Contract, answering, make_request, subject

__all__ = ["ConnectionRows"]


class _Elsewhere(FaultServer):
    """A server whose origin is written otherwise."""

    rewritten: tuple[str, str] = ("", "")

    @property
    def origin(self) -> str:
        """The origin that the client is told."""
        return super().origin.replace(*self.rewritten)


class _TLSExpected(_Elsewhere):
    rewritten = ("http://", "https://")


@contextlib.contextmanager
def _deaf_server() -> Iterator[FaultServer]:
    """A server that no connection reaches, since its queue is full."""
    with FaultServer(accept=False, backlog=0) as server:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", server.port))
        time.sleep(0.05)
        try:
            yield server
        finally:
            for filler in fillers:
                filler.close()


class ConnectionRows(Contract):
    """What goes wrong before, beside and after a response."""

    def test_a_refused_connection_is_not_sent(self) -> None:
        with FaultServer() as server:
            pass
        with self.client() as client:
            error = self.refused(client, make_request(server))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"

    def test_a_host_that_does_not_exist_is_not_sent(self) -> None:
        with FaultServer(host="no-such-host.invalid") as server, self.client() as client:
            error = self.refused(client, make_request(server))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"

    def test_a_connection_that_is_never_accepted_is_not_sent(self) -> None:
        with _deaf_server() as server, self.client() as client:
            error = self.refused(client, make_request(server, timeout=0.3))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"

    def test_a_slow_name_resolution_keeps_to_the_deadline(self) -> None:
        resolve = socket.getaddrinfo

        def slow(*arguments: object, **named: object) -> object:
            time.sleep(0.6)
            return resolve(*arguments, **named)  # type: ignore[arg-type] # Passed on as given.

        with (
            FaultServer(host="localhost") as server,
            self.client() as client,
            mock.patch("socket.getaddrinfo", slow),
        ):
            error = self.refused(client, make_request(server, timeout=0.2))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"
            assert server.requests == []

    def test_a_reset_in_the_tls_handshake_is_not_sent(self) -> None:
        def resetting(peer: Peer) -> None:
            peer.receive()
            peer.reset()

        with _TLSExpected(*[resetting] * 3) as server, self.client() as client:
            error = self.refused(client, make_request(server))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"

    def test_a_tls_handshake_that_stalls_is_not_sent(self) -> None:
        with _TLSExpected(lambda peer: peer.stall()) as server, self.client() as client:
            error = self.refused(client, make_request(server, timeout=0.3))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"

    def test_a_tls_handshake_that_is_dripped_is_not_sent(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.receive()
            peer.drip(b"\x16\x03\x03\x10\x00" + b"\0" * 5000, every=0.02)

        with _TLSExpected(dripping) as server, self.client() as client:
            error = self.refused(client, make_request(server, timeout=0.3))
            assert isinstance(error, ConnectError)
            assert error.phase == "not sent"

    def test_a_plain_server_where_tls_is_expected_is_not_sent(self) -> None:
        def plain(peer: Peer) -> None:
            peer.receive()
            peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            peer.wait_closed()

        with _TLSExpected(plain) as server, self.client() as client:
            error = self.refused(client, make_request(server))
            assert isinstance(error, ConnectError | TLSError)
            assert error.phase == "not sent"

    def test_a_pool_that_stays_full_is_not_sent(self) -> None:
        def slow(peer: Peer) -> None:
            peer.request()
            peer.stall(0.6)
            peer.send(profile("slow"))

        with FaultServer(slow) as server, self.client(pool_size=1) as client:
            outcomes = client.send_all(
                [lambda: make_request(server), *[lambda: make_request(server, timeout=0.3)] * 2]
            )
            answered = [one for one in outcomes if isinstance(one, Response)]
            refused = [one for one in outcomes if isinstance(one, PoolTimeoutError)]
            assert len(answered) == 1, outcomes
            assert len(refused) == 2, outcomes
            assert {one.phase for one in refused} == {"not sent"}
            assert len(server.requests) == 1

    def test_a_full_pool_gives_its_place_on(self) -> None:
        with FaultServer() as server, self.client(pool_size=2) as client:
            made = [lambda name=f"user-{n}": make_request(server, name) for n in range(20)]
            outcomes = client.send_all(made)
            subjects = [subject(one) for one in outcomes if isinstance(one, Response)]
            assert subjects == [f"user-{n}" for n in range(20)], outcomes
            assert server.connections <= 2

    def test_a_silent_server_is_given_up_at_the_deadline(self) -> None:
        def silent(peer: Peer) -> None:
            peer.request()
            peer.stall()

        self.check(silent, DeadlineExceededError, timeout=0.3)

    def test_a_dripped_header_is_given_up_at_the_deadline(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.drip(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 90)

        self.check(dripping, DeadlineExceededError, timeout=0.3)

    def test_a_dripped_body_is_given_up_at_the_deadline(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            peer.drip(b"x" * 9999)

        self.check(dripping, DeadlineExceededError, timeout=0.3)

    def test_interim_responses_that_are_dripped_are_given_up_at_the_deadline(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.drip(b"HTTP/1.1 102 Processing\r\n\r\n" * 8)

        self.check(dripping, DeadlineExceededError, timeout=0.3)

    def test_a_deadline_that_has_passed_is_not_sent(self) -> None:
        with FaultServer() as server, self.client() as client:
            expired = make_request(server, timeout=-1)
            try:
                client.send(expired)
            except DeadlineExceededError as error:
                phase = error.phase
            assert phase == "not sent"
            client.idle(0.05)
            assert server.requests == []

    def test_every_status_is_a_response_and_its_body_is_as_sent(self) -> None:
        for status in (200, 201, 400, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 599):
            fields = "X-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n"
            answer = f"HTTP/1.1 {status} Whatever\r\n{fields}\r\n\x1f\x8b"
            with (
                FaultServer(answering(answer.encode("latin-1"))) as server,
                self.client() as client,
            ):
                response = client.send(make_request(server))
                assert (response.status, response.body) == (status, b"\x1f\x8b")
                assert response.headers.getall("X-A") == ["1", "2"]
                assert len(server.requests) == 1

    def test_a_request_that_is_not_idempotent_has_a_connection_of_its_own(self) -> None:
        with FaultServer() as server, self.client() as client:
            for token in ("one", "two"):
                assert subject(client.send(make_request(server, token))) == token
            assert server.connections == 1
            for _ in range(2):
                client.send(make_request(server, "alone", idempotent=False))
            assert server.connections == 3
            assert all(b"Connection: close\r\n" in one for one in server.requests[2:])
            assert subject(client.send(make_request(server, "three"))) == "three"
            assert server.connections == 3

    def test_calls_at_the_same_time_get_their_own_answers(self) -> None:
        with FaultServer() as server, self.client() as client:
            made = [lambda name=f"user-{n}": make_request(server, name) for n in range(50)]
            outcomes = client.send_all(made)
            subjects = [subject(one) for one in outcomes if isinstance(one, Response)]
            assert subjects == [f"user-{n}" for n in range(50)], outcomes

    def test_a_closed_transport_refuses_and_may_be_closed_again(self) -> None:
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server))
            client.close_transport()
            client.close_transport()
            try:
                client.send(make_request(server))
            except LifecycleError:
                pass
            else:
                raise AssertionError("it was sent after its close")
            assert len(server.requests) == 1

    def test_closing_leaves_no_descriptor_behind(self) -> None:
        with self.client() as client, FaultServer() as server:
            before = _descriptors()
            client.send_all([lambda name=f"user-{n}": make_request(server, name) for n in range(8)])
            client.close_transport()
            deadline = time.monotonic() + 2
            # A server notices a moment later that its client has gone.
            while _descriptors() > before + server.connections and time.monotonic() < deadline:
                time.sleep(0.02)
            assert _descriptors() <= before + server.connections


def _descriptors() -> int:
    """Open descriptors of this process; 0 where that can't be told."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
