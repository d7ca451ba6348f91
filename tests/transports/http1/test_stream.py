"""Streams over a socket or another stream: deadlines, TLS, the end, and unexpected data."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.transports.http1.memory_server import Answering, MemoryServer, new_layer
from tests.transports.http1.readers import Noting

from usersmanager.testing.certificates import client_context, new_authority, server_context
from usersmanager.transports import Deadline
from usersmanager.transports.http1.stream import SocketStream, TLSStream, exchange
from usersmanager.transports.http1.tls import TLSLayer


class Counting(socket.socket):
    """A socket that counts how often it is asked for data."""

    attempts = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        self.attempts += 1
        return super().recv(size, flags)


@pytest.fixture
def pair() -> Iterator[tuple[SocketStream, socket.socket]]:
    own, peer = socket.socketpair()
    peer.settimeout(3)
    # Ends a test that would hang.
    watchdog = threading.Timer(3, peer.shutdown, [socket.SHUT_RDWR])
    watchdog.start()
    with Counting(fileno=own.detach()) as sock, peer:
        yield SocketStream(sock), peer
    watchdog.cancel()
    watchdog.join()


def soon(seconds: float = 3.0) -> Deadline:
    return Deadline.after(seconds)


# Over a socket.


def test_a_stream_says_when_it_was_opened_and_to_which_address() -> None:
    before = time.monotonic()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as sock,
    ):
        stream = SocketStream(sock)
        assert before <= stream.opened_at <= time.monotonic()
        assert stream.peer == listener.getsockname()


def test_a_stream_is_clean_until_something_arrives_or_it_is_closed(pair: Any) -> None:
    stream, peer = pair
    assert (stream.is_clean(), stream.is_readable()) == (True, False)
    peer.send(b"x")
    assert (stream.is_clean(), stream.is_readable()) == (False, True)
    assert stream.receive(soon()) == b"x"
    assert stream.is_clean()
    stream.close()
    assert not stream.is_clean()


def test_a_stream_may_have_the_descriptor_of_a_closed_standard_input() -> None:
    ours, theirs = socket.socketpair()
    stdin = os.dup(0)
    os.dup2(ours.fileno(), 0)
    sock = socket.socket(fileno=0)
    try:
        with ours, theirs:
            assert SocketStream(sock).is_clean()
    finally:
        os.dup2(stdin, sock.detach())
        os.close(stdin)


def test_the_end_of_a_plain_connection_is_in_order(pair: Any) -> None:
    stream, peer = pair
    peer.close()
    assert stream.receive(soon()) == b""
    assert stream.ended_in_order is True


def test_the_deadline_holds_while_a_peer_sends_or_reads_nothing(pair: Any) -> None:
    stream, peer = pair
    with pytest.raises(TimeoutError):
        stream.receive(soon(0.02))
    with pytest.raises(TimeoutError):
        stream.send(memoryview(bytes(50_000_000)), soon(0.1))
    # It must not block afterwards, whatever it has waited for.
    assert stream._sock.gettimeout() == 0
    assert peer.recv(1) == b"\0"


def test_waiting_for_data_costs_one_attempt_to_receive_it(pair: Any) -> None:
    stream, peer = pair
    sending = threading.Timer(0.02, peer.send, [b"x"])
    sending.start()
    assert stream.receive(soon()) == b"x"
    assert stream._sock.attempts == 1
    sending.join()


def test_all_data_is_sent_to_a_peer_that_reads_slowly(pair: Any) -> None:
    stream, peer = pair
    received = bytearray()

    def read() -> None:
        while data := peer.recv(100_000):
            received.extend(data)

    reading = threading.Thread(target=read)
    reading.start()
    sent = bytes(number % 251 for number in range(2_000_000))
    try:
        stream.send(memoryview(sent), soon())
    finally:
        stream.close()
        reading.join()
    assert received == sent


@pytest.mark.parametrize("announces", [True, False])
def test_the_end_of_a_tls_connection_is_in_order_if_it_was_announced(announces: bool) -> None:
    def serve() -> None:
        with contextlib.suppress(OSError), serving.wrap_socket(theirs, server_side=True) as server:
            server.send(b"data")
            if announces:
                server.unwrap()

    ours, theirs = socket.socketpair()
    serving, trusting = server_context(), client_context()
    thread = threading.Thread(target=serve)
    with theirs:
        thread.start()
        stream = SocketStream(trusting.wrap_socket(ours, server_hostname="localhost"))
        received = [stream.receive(soon()), stream.receive(soon())]
        stream.close()
        thread.join()
    assert received == [b"data", b""]
    assert stream.ended_in_order is announces


# TLS inside another stream.

LIMIT = Deadline.after(3600)


class Wire:
    """A stream to a server over memory, which answers at once.

    Args:
        server: answers.
        early: returns what the server sends right after the handshake.

    Attributes:
        arriving: what can be received, in pieces; after them, the connection ends.
        deadlines: those of all that was sent and received.
        is_broken: whether nothing can be sent any more.
        is_closed: whether `close` was called.
        has_ended: whether the end was received.
    """

    opened_at = 42.0

    def __init__(self, server: MemoryServer, early: Callable[[], bytes] = bytes) -> None:
        self.ended_in_order = True
        self.arriving: deque[bytes] = deque()
        self.deadlines: list[Deadline] = []
        self.is_broken = self.is_closed = self.has_ended = False
        self._server = server
        self._early = early

    def send(self, data: memoryview, deadline: Deadline) -> None:
        assert isinstance(data, memoryview)
        self.deadlines.append(deadline)
        if self.is_broken:
            raise TimeoutError
        was_connected = self._server.is_connected
        answer = self._server.answer(bytes(data))
        if self._server.is_connected and not was_connected:
            answer += self._early()
        if answer:
            self.arriving.append(answer)

    def receive(self, deadline: Deadline) -> bytes:
        self.deadlines.append(deadline)
        if self.arriving:
            return self.arriving.popleft()
        assert not self.has_ended, "receiving beyond the end"
        self.has_ended = True
        return b""

    def is_readable(self) -> bool:
        return bool(self.arriving)

    def is_clean(self) -> bool:
        return not self.is_closed

    def close(self) -> None:
        self.is_closed = True


class Tunnelled:
    """A TLS stream, its wire and its server, after the handshake."""

    def __init__(self, layer: TLSLayer | None = None, **settings: Any) -> None:
        self.server = MemoryServer(**settings)
        self.wire = Wire(self.server)
        self.stream = TLSStream(self.wire, layer or new_layer(), LIMIT)


TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])


@VERSIONS
def test_data_goes_through_tls_in_both_directions(version: ssl.TLSVersion) -> None:
    peer = Tunnelled(version=version)
    peer.stream.send(memoryview(b"a request"), LIMIT)
    assert peer.server.tls.read() == b"a request"
    peer.wire.arriving.append(peer.server.encrypt(b"a response"))
    assert peer.stream.receive(LIMIT) == b"a response"
    assert (peer.stream.opened_at, peer.stream.ended_in_order) == (42.0, True)
    assert set(peer.wire.deadlines) == {LIMIT}


def test_receiving_waits_for_the_rest_of_a_record() -> None:
    peer = Tunnelled()
    record = peer.server.encrypt(b"a response")
    peer.wire.arriving += [record[:7], record[7:]]
    assert peer.stream.receive(LIMIT) == b"a response"


def test_the_end_in_order_is_the_one_that_tls_announces() -> None:
    peer = Tunnelled()
    peer.wire.arriving += [peer.server.end(), b"beyond the end"]
    assert [peer.stream.receive(LIMIT), peer.stream.receive(LIMIT)] == [b"", b""]
    assert peer.wire.arriving == deque([b"beyond the end"])
    assert peer.stream.ended_in_order is True


def test_an_end_that_tls_does_not_announce_is_not_in_order() -> None:
    peer = Tunnelled()
    peer.wire.arriving.clear()
    assert peer.stream.receive(LIMIT) == b""
    assert peer.stream.ended_in_order is False


def test_an_answer_of_tls_itself_is_sent() -> None:
    layer = Answering()
    peer = Tunnelled(layer, version=TLS_1_2)
    layer.answers.append(layer.encrypt(b"an answer"))
    peer.wire.arriving.append(peer.server.encrypt(b"a response"))
    assert peer.stream.receive(LIMIT) == b"a response"
    assert peer.server.tls.read() == b"an answer"
    assert set(peer.wire.deadlines) == {LIMIT}


def test_a_stream_is_clean_if_its_tls_and_the_stream_below_are() -> None:
    peer = Tunnelled(version=TLS_1_2)
    assert (peer.stream.is_clean(), peer.stream.is_readable()) == (True, False)
    peer.wire.arriving.append(peer.server.end())
    peer.stream.receive(LIMIT)
    assert (peer.stream.is_clean(), peer.stream.is_readable()) == (False, True)
    peer = Tunnelled(version=TLS_1_2)
    peer.stream.close()
    assert peer.wire.is_closed
    assert not peer.stream.is_clean()


@pytest.mark.parametrize("early", [lambda server: server.encrypt(b"x"), MemoryServer.end])
def test_what_arrives_with_the_end_of_the_handshake_is_noticed(
    early: Callable[[MemoryServer], bytes],
) -> None:
    server = MemoryServer(version=TLS_1_2)
    stream = TLSStream(Wire(server, lambda: early(server)), new_layer(), LIMIT)
    assert (stream.is_clean(), stream.is_readable()) == (False, True)


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_failed_handshake_sends_the_server_an_alert(is_broken: bool) -> None:
    server = MemoryServer(issuer=new_authority())
    wire = Wire(server)

    class Breaking(TLSLayer):
        def receive_data(self, data: bytes) -> None:
            wire.is_broken = is_broken and bool(data)
            super().receive_data(data)

    with pytest.raises(ssl.SSLCertVerificationError):
        TLSStream(wire, Breaking(client_context(), "localhost"), LIMIT)
    assert ("UNKNOWN_CA" in server.alert) is not is_broken
    assert set(wire.deadlines) == {LIMIT}


def test_an_end_within_the_handshake_is_a_connection_error() -> None:
    server = MemoryServer()
    server.answer = lambda data: b""  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        TLSStream(Wire(server), new_layer(), LIMIT)


# An exchange.


def test_an_answer_is_read_even_if_the_request_could_not_be_sent(pair: Any) -> None:
    stream, peer = pair
    peer.send(b"answer")
    peer.close()
    reader = Noting()
    exchange(stream, memoryview(b"request"), reader, soon())
    assert reader.notes == [b"answer", True]


def test_the_reader_learns_whether_the_end_was_in_order() -> None:
    wire, reader = Wire(MemoryServer()), Noting()
    wire.ended_in_order = False
    exchange(wire, memoryview(b"request"), reader, LIMIT)
    assert reader.notes == [False]
    assert wire.deadlines == [LIMIT] * 2


def test_nothing_is_received_beyond_the_response(pair: Any) -> None:
    stream, peer = pair
    peer.send(b"A response.")
    reader = Noting()
    exchange(stream, memoryview(b"A request."), reader, soon())
    assert (peer.recv(100), reader.notes) == (b"A request.", [b"A response."])
