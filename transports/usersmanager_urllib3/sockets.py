"""A connected socket with one deadline for whatever is sent and received over it."""

from __future__ import annotations

import socket
import time

from usersmanager import Response, ResponseReader, arrivals

__all__ = ["DeadlineSocket"]


class DeadlineSocket:
    """Wraps a connected socket, plain or TLS, as far as urllib3's pool looks at one.

    A plain socket takes its timeout anew for each read, so that a server that drips
    bytes is never late. This one turns it into a deadline.

    Attributes:
        has_arrived: looks whether bytes, or the end, wait in the kernel.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.has_arrived = arrivals(sock.fileno())
        self._deadline = 0.0

    def settimeout(self, seconds: float) -> None:
        """Sets the deadline."""
        self._deadline = time.monotonic() + seconds

    def sendall(self, data: bytes) -> None:
        """Sends before the deadline."""
        self._arm()
        self._sock.sendall(data)

    def receive(self, reader: ResponseReader) -> Response:
        """Reads one response before the deadline."""
        while not reader.complete:
            self._arm()
            # More than a TLS record holds: nothing stays behind where the kernel can't see it.
            received = self._sock.recv(65536)
            if received:
                reader.feed(received)
            else:
                reader.eof()
        return reader.response()

    def fileno(self) -> int:
        """The descriptor, for the pool's look at the kernel."""
        return self._sock.fileno()

    def close(self) -> None:
        """Closes the socket."""
        self._sock.close()

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        self._sock.settimeout(left)
