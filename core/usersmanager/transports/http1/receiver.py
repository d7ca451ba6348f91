"""BufferedReceiver: an asyncio protocol with a small receive buffer."""

from __future__ import annotations

import asyncio

__all__ = ["BufferedReceiver"]

# More than a response with a profile. A full buffer is likely to be followed by more.
_BUFFER_SIZE = 16384
_LARGE_BUFFER_SIZE = 65536


class BufferedReceiver(asyncio.BufferedProtocol):
    """Works like an `asyncio.Protocol`: its subclass has `data_received(data)`.

    For each piece that a `Protocol` receives, asyncio allocates 256 KiB, which the allocator
    takes from the operating system and gives back: on Linux that takes as long as everything
    else asyncio does for a call. This one allocates what it needs. Each buffer is new and
    belongs to one connection: a shared one could show one user's response to another, where an
    event loop receives into it while somebody else reads.

    Example:
        ```python
        class Connection(BufferedReceiver):
            def data_received(self, data):
                self.reader.feed(data)
        ```
    """

    _buffer: memoryview
    _next_size = _BUFFER_SIZE

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer to receive into. Called by the event loop."""
        self._buffer = memoryview(bytearray(max(self._next_size, sizehint)))
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was received. Called by the event loop."""
        data = bytes(self._buffer[:nbytes])
        self._next_size = _LARGE_BUFFER_SIZE if nbytes == len(self._buffer) else _BUFFER_SIZE
        del self._buffer
        self.data_received(data)

    def data_received(self, data: bytes) -> None:
        """Handle what was received."""
        raise NotImplementedError
