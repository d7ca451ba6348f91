"""WeakProtocol: received data in new buffers, and the end of a connection nobody references."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator

import pytest
from tests.loops import new_uvloop

from usersmanager.transports.http1.receiver import WeakProtocol


class Receiver:
    """A connection that only keeps what it receives."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.pieces: list[bytes] = []
        self.done = loop.create_future()
        self.protocol = WeakProtocol(self, loop)

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> None: ...

    def connection_lost(self, exc: BaseException | None) -> None:
        self.done.set_result(None)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver without a connection."""
    loop = asyncio.new_event_loop()
    yield Receiver(loop)
    loop.close()


def receive(protocol: WeakProtocol, data: bytes, hint: int = -1) -> int:
    """Receive data like an event loop; return the size of the buffer."""
    buffer = protocol.get_buffer(hint)
    buffer[: len(data)] = data
    protocol.buffer_updated(len(data))
    return len(buffer)


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, new_uvloop])
@pytest.mark.parametrize("size", [1, 16_384, 16_385, 1_000_000])
def test_all_data_is_received(
    make_loop: Callable[[], asyncio.AbstractEventLoop], size: int
) -> None:
    sent = (bytes(range(251)) * (size // 251 + 1))[:size]

    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        receiver = Receiver(loop)
        await loop.create_connection(lambda: receiver.protocol, sock=ours)
        with theirs:
            theirs.setblocking(False)
            await loop.sock_sendall(theirs, sent)
        await receiver.done
        return b"".join(receiver.pieces)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(main()) == sent


def test_the_protocol_keeps_no_received_data(receiver: Receiver) -> None:
    before = vars(receiver.protocol).keys() | {"_next_size"}
    receive(receiver.protocol, b"one user's")
    assert vars(receiver.protocol).keys() <= before
    receive(receiver.protocol, b"another's")
    assert receiver.pieces == [b"one user's", b"another's"]
    assert all(type(piece) is bytes for piece in receiver.pieces)


def test_each_buffer_is_new(receiver: Receiver) -> None:
    first, second = receiver.protocol.get_buffer(-1), receiver.protocol.get_buffer(-1)
    first[:3], second[:3] = b"one", b"two"
    assert bytes(first[:3]) == b"one"


def test_the_buffer_is_as_large_as_the_event_loop_suggests(receiver: Receiver) -> None:
    assert receive(receiver.protocol, b"x", 200_000) >= 200_000


def test_a_full_buffer_is_followed_by_a_larger_one(receiver: Receiver) -> None:
    pieces = [b"x" * size for size in (10, 16_384, 65_536, 10, 10)]
    sizes = [receive(receiver.protocol, piece) for piece in pieces]
    assert sizes == [16_384, 16_384, 65_536, 65_536, 16_384]


async def connect_and_drop(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    receiver = Receiver(loop)
    await loop.create_connection(lambda: receiver.protocol, sock=sock)


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, new_uvloop])
def test_a_connection_that_nothing_references_is_closed(
    make_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        await connect_and_drop(loop, ours)
        gc.collect()
        with theirs:
            return await asyncio.wait_for(loop.sock_recv(theirs, 1), 10)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(main()) == b""
