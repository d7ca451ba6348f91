"""WeakProtocol: received data in new buffers, and the end of a connection nobody references."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from tests.loops import new_uvloop

from usersmanager.transports.http1.receiver import WeakProtocol

NewLoop: TypeAlias = Callable[[], asyncio.AbstractEventLoop]
EVERY_LOOP = pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, new_uvloop])


class Receiver:
    """A connection that only keeps what it receives."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.pieces: list[bytes] = []
        self.has_eof = False
        self.done = loop.create_future()
        self.protocol = WeakProtocol(self, loop)

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> None:
        self.has_eof = True

    def connection_lost(self, exc: BaseException | None) -> None:
        self.done.set_result(exc)


async def connect(sock: socket.socket) -> tuple[Receiver, asyncio.Transport]:
    loop = asyncio.get_running_loop()
    receiver = Receiver(loop)
    transport, _ = await loop.create_connection(lambda: receiver.protocol, sock=sock)
    return receiver, transport


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


@EVERY_LOOP
@pytest.mark.parametrize("size", [1, 16_384, 16_385, 1_000_000])
def test_all_data_is_received(make_loop: NewLoop, size: int) -> None:
    sent = (bytes(range(251)) * (size // 251 + 1))[:size]

    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        receiver, _ = await connect(ours)
        with theirs:
            theirs.setblocking(False)
            await asyncio.get_running_loop().sock_sendall(theirs, sent)
        await asyncio.wait_for(receiver.done, 3)
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


@EVERY_LOOP
def test_a_connection_that_nothing_references_is_closed(make_loop: NewLoop) -> None:
    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        await connect(ours)
        gc.collect()
        with theirs:
            return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(theirs, 1), 3)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert runner.run(main()) == b""


@EVERY_LOOP
@pytest.mark.parametrize("is_reset", [False, True])
def test_a_connection_learns_how_it_ended(make_loop: NewLoop, is_reset: bool) -> None:
    async def main() -> Receiver:
        ours, theirs = socket.socketpair()
        receiver, transport = await connect(ours)
        with theirs:
            if is_reset:
                transport.write(b"not read")
        await asyncio.wait_for(receiver.done, 3)
        return receiver

    with asyncio.Runner(loop_factory=make_loop) as runner:
        receiver = runner.run(main())
    assert receiver.has_eof or is_reset
    assert isinstance(receiver.done.result(), ConnectionError) is is_reset


def test_what_arrives_for_a_connection_that_is_gone_is_dropped() -> None:
    loop = asyncio.new_event_loop()
    protocol = Receiver(loop).protocol
    gc.collect()
    receive(protocol, b"nobody's")
    protocol.eof_received()
    protocol.connection_lost(None)
    loop.close()


def abort(receivers: list[Receiver]) -> None:
    receivers[0].protocol.abort()
    receivers[0].protocol.abort()


@pytest.mark.parametrize("end", [abort, list.clear])
def test_a_socket_is_closed_without_a_warning_although_its_event_loop_is_gone(
    end: Callable[[list[Receiver]], None],
) -> None:
    ours, theirs = socket.socketpair()
    loop = asyncio.new_event_loop()
    receiver, transport = loop.run_until_complete(connect(ours))
    loop.close()
    receivers = [receiver]
    del receiver
    end(receivers)
    with theirs:
        theirs.settimeout(3)
        assert theirs.recv(1) == b""
    del transport  # asyncio would warn now, which is an error here.
    gc.collect()
