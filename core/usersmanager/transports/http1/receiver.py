"""WeakProtocol: an asyncio protocol that does not keep its connection alive."""

from __future__ import annotations

import asyncio
import socket
from weakref import finalize, ref

__all__ = ["WeakProtocol"]

# Larger than a usual response.
_BUFFER_SIZE = 16384
_LARGE_BUFFER_SIZE = 65536


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

    def __init__(self, receiver: asyncio.Protocol, loop: asyncio.AbstractEventLoop) -> None:
        self._receiver = ref(receiver)
        self._transports: list[asyncio.Transport] = []
        # A method of a list: an interruption of Python code here would lose the transport.
        vars(self)["connection_made"] = self._transports.append
        finalize(receiver, _abort_later, self._transports, loop).atexit = False

    def abort(self) -> None:
        """Close the transport at once, if there is one. May be called twice."""
        for transport in self._transports:
            try:
                transport.abort()
            except RuntimeError:
                _free(transport)

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

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        if (receiver := self._receiver()) is not None:
            receiver.connection_lost(exc)


def _abort_later(transports: list[asyncio.Transport], loop: asyncio.AbstractEventLoop) -> None:
    # Garbage is collected in any thread, and after the loop has been closed.
    for transport in transports:
        try:
            loop.call_soon_threadsafe(transport.abort)
        except RuntimeError:
            _free(transport)


def _free(transport: asyncio.Transport) -> None:
    """Close the socket of a transport whose event loop is closed, which `abort` needs.

    asyncio would close it when it collects the transport, but with a warning. uvloop closes its
    sockets with the loop.
    """
    sock: socket.socket | None = getattr(transport, "_sock", None)
    if sock is not None:
        vars(transport)["_sock"] = None
        sock.close()
