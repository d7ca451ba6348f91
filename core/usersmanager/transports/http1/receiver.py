"""BufferedReceiver: an asyncio protocol with a small receive buffer."""

from __future__ import annotations

import asyncio

__all__ = ["BufferedReceiver"]

# Larger than a usual response.
_BUFFER_SIZE = 16384
_LARGE_BUFFER_SIZE = 65536


class BufferedReceiver(asyncio.BufferedProtocol):
    """A protocol whose subclasses implement `data_received`, like those of `asyncio.Protocol`.

    To receive for an `asyncio.Protocol`, asyncio allocates 256 KiB each time, which on Linux
    costs as much as everything else it does for a call. This class allocates a small buffer.
    Each buffer is new: in a shared one, a response could overwrite that of another connection.

    Example:
        ```python
        class Connection(BufferedReceiver):
            def data_received(self, data):
                self.parser.receive_data(data)
        ```
    """

    _buffer: memoryview
    _next_size = _BUFFER_SIZE

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer to receive into. Called by the event loop."""
        self._buffer = memoryview(bytearray(max(self._next_size, sizehint)))
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Pass received data to `data_received`. Called by the event loop."""
        data = bytes(self._buffer[:nbytes])
        # A full buffer is likely to be followed by more data.
        self._next_size = _LARGE_BUFFER_SIZE if nbytes == len(self._buffer) else _BUFFER_SIZE
        del self._buffer
        self.data_received(data)

    def data_received(self, data: bytes) -> None:
        """Handle received data."""
        raise NotImplementedError
