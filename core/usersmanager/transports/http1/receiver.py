"""WeakProtocol: an asyncio protocol that does not keep its connection alive."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol, cast
from weakref import finalize, ref

__all__ = ["Receiver", "WeakProtocol"]

# Larger than a usual response.
_BUFFER_SIZE = 16384
_LARGE_BUFFER_SIZE = 65536


class Receiver(Protocol):
    """The connection interface that `WeakProtocol` needs."""

    def attach(self, transport: asyncio.Transport) -> None:
        """Use a connected transport."""

    def data_received(self, data: bytes) -> None:
        """Handle received data."""

    def eof_received(self) -> None:
        """Handle the end of the stream."""

    def connection_lost(self, exc: BaseException | None) -> None:
        """Handle the end of the connection."""


class WeakProtocol(asyncio.BufferedProtocol):
    """Passes events on to a connection, and closes the transport once the connection is gone.

    An event loop references its transports, and they their protocols. If the connection itself
    were the protocol, it would stay open after an exception of a signal handler interrupted the
    code that was about to close it.

    To receive for an `asyncio.Protocol`, asyncio allocates 256 KiB each time, which on Linux
    costs as much as everything else it does for a call. This class allocates a small buffer.
    Each buffer is new: in a shared one, a response could overwrite that of another connection.

    Args:
        receiver: the connection, which references this protocol.
        loop: its event loop.
    """

    _buffer: memoryview
    _next_size = _BUFFER_SIZE

    def __init__(self, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self._receiver = ref(receiver)
        self._loop = loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        receiver = self._receiver()
        if receiver is None:
            cast(asyncio.Transport, transport).abort()
            return
        receiver.attach(cast(asyncio.Transport, transport))

    def abort_with(self, receiver: Receiver, transport: asyncio.Transport) -> None:
        """Close a transport once its receiver is garbage-collected."""
        finalize(receiver, _abort, transport, self._loop).atexit = False

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer to receive into. Called by the event loop."""
        self._buffer = memoryview(bytearray(max(self._next_size, sizehint)))
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on received data. Called by the event loop."""
        data = bytes(self._buffer[:nbytes])
        # A full buffer is likely to be followed by more data.
        self._next_size = _LARGE_BUFFER_SIZE if nbytes == len(self._buffer) else _BUFFER_SIZE
        del self._buffer
        if (receiver := self._receiver()) is not None:
            receiver.data_received(data)

    def eof_received(self) -> None:
        """Called by the event loop."""
        if (receiver := self._receiver()) is not None:
            receiver.eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Called by the event loop."""
        if (receiver := self._receiver()) is not None:
            receiver.connection_lost(exc)


def _abort(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    # Garbage is collected in any thread, and after the loop has been closed.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(transport.abort)
