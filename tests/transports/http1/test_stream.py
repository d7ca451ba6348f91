"""Streams over a socket: deadlines, the end of the connection, and unexpected data."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from usersmanager.transports import Deadline
from usersmanager.transports.http1.stream import SocketStream, exchange


@pytest.fixture
def pair() -> Iterator[tuple[SocketStream, socket.socket]]:
    own, peer = socket.socketpair()
    with own, peer:
        yield SocketStream(own), peer


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds)


def test_a_stream_is_clean_until_something_arrives_or_it_is_closed(pair: Any) -> None:
    stream, peer = pair
    assert stream.is_clean()
    peer.send(b"x")
    assert (stream.is_clean(), stream.is_readable()) == (False, True)
    assert stream.receive(soon()) == b"x"
    assert stream.is_clean()
    stream.close()
    assert not stream.is_clean()


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


class Scripted:
    """A stream whose peer closes the connection early, with an answer."""

    ended_in_order = False
    opened_at = 0.0

    def __init__(self, *received: bytes) -> None:
        self.received = list(received)
        self.deadlines: list[Deadline] = []

    def send(self, data: memoryview, deadline: Deadline) -> None:
        self.deadlines.append(deadline)
        raise BrokenPipeError

    def receive(self, deadline: Deadline) -> bytes:
        self.deadlines.append(deadline)
        return self.received.pop(0)

    def is_readable(self) -> bool:
        return bool(self.received)

    def is_clean(self) -> bool:
        return False

    def close(self) -> None: ...


class Noting:
    """A reader that notes what it gets, and is complete at the end of the connection."""

    def __init__(self) -> None:
        self.notes: list[object] = []
        self.complete = False

    def receive_data(self, data: bytes) -> None:
        self.notes.append(data)

    def receive_eof(self, *, in_order: bool = True) -> None:
        self.notes.append(in_order)
        self.complete = True


def test_an_answer_is_read_even_if_the_request_could_not_be_sent() -> None:
    stream, reader, deadline = Scripted(b"answer", b""), Noting(), soon()
    exchange(stream, memoryview(b"request"), reader, deadline)
    assert reader.notes == [b"answer", False]
    assert stream.deadlines == [deadline] * 3
