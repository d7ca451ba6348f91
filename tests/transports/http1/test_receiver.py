"""BufferedReceiver: what was received, in room of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop

from usersmanager.transports import BufferedReceiver


class Received(BufferedReceiver):
    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.done = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(None)


class Alone(BufferedReceiver):
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)


def receive(protocol: Alone, data: bytes, hint: int = -1) -> int:
    """As an event loop does; the size of the room there was."""
    room = protocol.get_buffer(hint)
    room[: len(data)] = data
    protocol.buffer_updated(len(data))
    return len(room)


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("size", [1, 16_384, 16_385, 1_000_000])
def test_what_was_sent_is_received(
    make_loop: Callable[[], asyncio.AbstractEventLoop], size: int
) -> None:
    sent = bytes(number % 251 for number in range(size))

    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(Received, sock=ours)
        with theirs:
            theirs.setblocking(False)
            await loop.sock_sendall(theirs, sent)
        await protocol.done
        return b"".join(protocol.pieces)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(main()) == sent


def test_a_piece_is_kept_by_whoever_took_it_alone() -> None:
    protocol = Alone()
    receive(protocol, b"one user's")
    kept = vars(protocol).keys() - {"pieces", "_next_size"}
    assert kept == set()
    receive(protocol, b"another's")
    assert protocol.pieces == [b"one user's", b"another's"]
    assert all(type(piece) is bytes for piece in protocol.pieces)


def test_room_is_new_each_time_and_of_one_connection() -> None:
    one, other = Alone(), Alone()
    first, second, third = one.get_buffer(-1), other.get_buffer(-1), one.get_buffer(-1)
    first[:3], second[:3], third[:3] = b"one", b"two", b"six"
    assert bytes(first[:3]) == b"one"
    assert bytes(second[:3]) == b"two"


def test_there_is_room_for_all_that_tls_has() -> None:
    assert receive(Alone(), b"x", 200_000) >= 200_000


def test_what_fills_its_room_is_given_more_until_it_ends() -> None:
    protocol = Alone()
    rooms = [receive(protocol, b"x" * size) for size in (10, 16_384, 65_536, 10, 10)]
    assert rooms == [16_384, 16_384, 65_536, 65_536, 16_384]
