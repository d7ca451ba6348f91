"""ReceivingProtocol: an asyncio protocol that is given what it receives at little cost."""

from __future__ import annotations

import asyncio

__all__ = ["ReceivingProtocol"]

# More than a response with a profile. What fills it is likely to go on, in larger pieces.
_ROOM = 16384
_LARGE_ROOM = 65536


class ReceivingProtocol(asyncio.BufferedProtocol):
    """As an `asyncio.Protocol`: its subclass has `data_received(data)`.

    For each piece that a `Protocol` receives, asyncio allocates 256 KiB, which an allocator
    takes from the operating system and gives back: on Linux that lasts as long as all else
    asyncio does for a call. This one makes room as it is needed. The room is new each time,
    and of one connection: memory that connections share could show one user's answer to
    another, where an event loop receives into it while somebody else reads.

    Example:
        ```python
        class Connection(ReceivingProtocol):
            def data_received(self, data):
                self.reader.feed(data)
        ```
    """

    _room: memoryview
    _wanted = _ROOM

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by the event loop: where to receive.

        TLS tells how much there is. All of it has to have room at once: what is left for
        another turn of the loop is lost if the connection ends before.
        """
        self._room = memoryview(bytearray(max(self._wanted, sizehint)))
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the event loop: so much was received."""
        data = bytes(self._room[:nbytes])
        self._wanted = _LARGE_ROOM if nbytes == len(self._room) else _ROOM
        del self._room
        self.data_received(data)

    def data_received(self, data: bytes) -> None:
        """What was received."""
        raise NotImplementedError
