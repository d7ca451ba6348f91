"""BufferedReceiver: received data, each piece in a new buffer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop

from usersmanager.transports.http1.receiver import BufferedReceiver


class Connected(BufferedReceiver):
    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.done = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(None)


class Unconnected(BufferedReceiver):
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)


def receive(protocol: Unconnected, data: bytes, hint: int = -1) -> int:
    """Receive data like an event loop; return the size of the buffer."""
    buffer = protocol.get_buffer(hint)
    buffer[: len(data)] = data
    protocol.buffer_updated(len(data))
    return len(buffer)


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("size", [1, 16_384, 16_385, 1_000_000])
def test_all_data_is_received(
    make_loop: Callable[[], asyncio.AbstractEventLoop], size: int
) -> None:
    sent = bytes(number % 251 for number in range(size))

    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(Connected, sock=ours)
        with theirs:
            theirs.setblocking(False)
            await loop.sock_sendall(theirs, sent)
        await protocol.done
        return b"".join(protocol.pieces)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(main()) == sent


def test_the_protocol_keeps_no_received_data() -> None:
    protocol = Unconnected()
    receive(protocol, b"one user's")
    kept = vars(protocol).keys() - {"pieces", "_next_size"}
    assert kept == set()
    receive(protocol, b"another's")
    assert protocol.pieces == [b"one user's", b"another's"]
    assert all(type(piece) is bytes for piece in protocol.pieces)


def test_each_buffer_is_new() -> None:
    protocol, other = Unconnected(), Unconnected()
    first, second, third = protocol.get_buffer(-1), other.get_buffer(-1), protocol.get_buffer(-1)
    first[:3], second[:3], third[:3] = b"one", b"two", b"six"
    assert bytes(first[:3]) == b"one"
    assert bytes(second[:3]) == b"two"


def test_the_buffer_is_as_large_as_the_event_loop_suggests() -> None:
    assert receive(Unconnected(), b"x", 200_000) >= 200_000


def test_a_full_buffer_is_followed_by_a_larger_one() -> None:
    protocol = Unconnected()
    sizes = [receive(protocol, b"x" * size) for size in (10, 16_384, 65_536, 10, 10)]
    assert sizes == [16_384, 16_384, 65_536, 65_536, 16_384]
