"""Connected sockets with one deadline for whatever is sent and received over them."""

from __future__ import annotations

import socket
import time
from typing import Any

from usersmanager import Response, ResponseReader, arrivals

__all__ = ["DeadlineSocket", "TunnelSocket"]


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


class TunnelSocket(socket.socket):
    """A socket to a proxy, over which urllib3 and http.client ask for a tunnel.

    They read the proxy's answer through a file, which calls `recv_into` for each piece.

    Args:
        sock: a connected socket, taken over.
        deadline: of `time.monotonic()`.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        timeout = sock.gettimeout()
        super().__init__(fileno=sock.detach())
        self.settimeout(timeout)
        self._deadline = deadline

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receives before the deadline."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        self.settimeout(left)
        return super().recv_into(buffer, nbytes, flags)
