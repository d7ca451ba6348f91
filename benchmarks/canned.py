"""No network: a canned response behind the real HTTP library's socket.

What is left is the client's own work, resolved to a microsecond. The descriptors are
real, so that polling and timeouts cost what they cost; only sending and receiving are not,
and who waits for an answer has it.
"""

from __future__ import annotations

import _socket
import asyncio
import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from unittest import mock

__all__ = ["CannedLoop", "sockets"]


class _CannedSocket(socket.socket):
    """Whatever is sent, the answer is the same, and all of it is there at once."""

    answer: ClassVar[bytes] = b""

    def __init__(self, *_: object, **__: object) -> None:
        mine, self._other = _socket.socketpair()
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=mine.detach())
        self._left = memoryview(b"")

    def connect(self, _: object) -> None: ...

    def setsockopt(self, *_: object) -> None: ...

    def sendall(self, data: Any, _: int = 0) -> None:
        self._left = memoryview(self.answer)

    def send(self, data: Any, _: int = 0) -> int:
        self._left = memoryview(self.answer)
        return len(data)

    def recv(self, size: int, _: int = 0) -> bytes:
        taken, self._left = self._left[:size], self._left[size:]
        return bytes(taken)

    def recv_into(self, buffer: Any, size: int = 0, _: int = 0) -> int:
        count = min(size or len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def close(self) -> None:
        self._other.close()
        super().close()


class _CannedPoll:
    """Asks the kernel; whoever would wait for bytes is told that they are there."""

    def __init__(self, poller: select.poll) -> None:
        self._ask = poller.poll
        self._watched: list[tuple[int, int]] = []
        self._register = poller.register

    def register(self, descriptor: Any, events: int) -> None:
        self._register(descriptor, events)
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        self._watched.append((number, events))

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        found = self._ask(0)
        return found if timeout == 0 else self._watched


@contextlib.contextmanager
def sockets(answer: bytes) -> Iterator[None]:
    """Gives every socket that is made inside this answer."""
    canned = type("CannedSocket", (_CannedSocket,), {"answer": answer})
    make = select.poll

    def poll() -> _CannedPoll:
        return _CannedPoll(make())

    with mock.patch.object(socket, "socket", canned), mock.patch.object(select, "poll", poll):
        yield


class _CannedTransport(asyncio.Transport):
    """Answers each request in the next turn of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: Any, answer: bytes) -> None:
        mine, self._other = _socket.socketpair()
        super().__init__({"socket": socket.socket(fileno=mine.detach())})
        self._loop = loop
        self._protocol = protocol
        self._answer = answer
        self._closing = False

    def write(self, data: Any) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._loop.call_soon(self._received)

    def _received(self) -> None:
        if not isinstance(self._protocol, asyncio.BufferedProtocol):
            self._protocol.data_received(self._answer)
            return
        room = memoryview(self._protocol.get_buffer(-1))
        room[: len(self._answer)] = self._answer
        self._protocol.buffer_updated(len(self._answer))

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self.get_extra_info("socket").close()
            self._other.close()
            self._loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


class CannedLoop(asyncio.SelectorEventLoop):
    """An event loop whose connections all give the same answer."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self._answer = answer

    async def sock_connect(self, sock: Any, address: Any) -> None: ...

    async def create_connection(  # type: ignore[override] # As much of it as clients use.
        self,
        protocol_factory: Callable[[], asyncio.Protocol],
        *_: object,
        sock: socket.socket | None = None,
        **__: object,
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """A connection to nowhere."""
        if sock is not None:
            sock.close()
        protocol = protocol_factory()
        transport = _CannedTransport(self, protocol, self._answer)
        protocol.connection_made(transport)
        return transport, protocol
