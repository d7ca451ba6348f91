"""Peer: the server's side of a connection, for the scripts of a FaultServer."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading

__all__ = ["Peer"]

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)


class Peer:
    """The server's side of a connection. A `FaultServer` creates it.

    Args:
        sock: the connected socket.
        number: the index of the connection, from 0.
        requests: the list to which each complete request is added.
        stopping: set when the server stops.

    Attributes:
        number: the index of the connection, from 0.
    """

    def __init__(
        self, sock: socket.socket, number: int, requests: list[bytes], stopping: threading.Event
    ) -> None:
        self.number = number
        self._sock = sock
        self._requests = requests
        self._stopping = stopping
        self._received = b""

    def request(self) -> bytes:
        """Read and record one request; return b"" if the client closes the connection."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return b""
        head, _, rest = self._received.partition(b"\r\n\r\n")
        length = _CONTENT_LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        while len(rest) < size:
            if not self._receive():
                return b""
            rest = self._received.partition(b"\r\n\r\n")[2]
        whole = head + b"\r\n\r\n" + rest[:size]
        self._received = rest[size:]
        self._requests.append(whole)
        return whole

    def receive(self, size: int = 65536) -> bytes:
        """Return raw bytes without recording them; b"" at the end of the connection.

        Args:
            size: the largest number of bytes.
        """
        return self._sock.recv(size)

    def _receive(self) -> bool:
        data = self._sock.recv(65536)
        self._received += data
        return bool(data)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._sock.sendall(data)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """Send one byte at a time, with a pause after each.

        Args:
            data: the bytes.
            every: the seconds of a pause.
        """
        for byte in data:
            self.send(bytes([byte]))
            self.stall(every)

    def stall(self, seconds: float = 30.0) -> None:
        """Wait until the time has passed or the server stops."""
        self._stopping.wait(seconds)

    def wait_closed(self) -> None:
        """Wait until the client closes the connection."""
        with contextlib.suppress(OSError):
            while self._sock.recv(65536):
                pass

    def close(self) -> None:
        """Close the connection (FIN)."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def reset(self) -> None:
        """Reset the connection (RST)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw = self._sock.detach()
        socket.close(raw)
