"""A socket as http.client uses one: with one deadline, and a guard on what it receives."""

from __future__ import annotations

import io
import socket
import ssl
import time
from typing import Any

from usersmanager import ResponseGuard

__all__ = ["GuardedSocket"]


class GuardedSocket:
    """Wraps a connected socket, plain or TLS.

    A plain socket takes its timeout anew for each read, so that a server that drips
    bytes is never late. This one turns it into a deadline.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._deadline = 0.0
        self._guard = ResponseGuard()
        self._passed = memoryview(b"")
        self._is_read = False
        self._is_closed = False

    def begin(self, guard: ResponseGuard) -> None:
        """Before a response is read."""
        self._guard = guard
        self._passed = memoryview(b"")

    @property
    def is_clean(self) -> bool:
        """Whether nothing lies between the last response and the next request."""
        if self._sock.fileno() < 0 or not self._guard.reusable:
            return False
        return not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending())

    def settimeout(self, seconds: float) -> None:
        """Sets the deadline."""
        self._deadline = time.monotonic() + seconds

    def sendall(self, data: bytes) -> None:
        """Sends before the deadline."""
        self._arm()
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What http.client reads a response from. It outlives `close`, as a socket's does."""
        self._is_read = True
        return io.BufferedReader(_Reader(self))

    def read_into(self, buffer: memoryview) -> int:
        """Fills a buffer with what the guard lets through; 0 at the end of the response."""
        while not self._passed and not self._guard.complete:
            self._arm()
            received = self._sock.recv(65536)
            if not received:
                self._guard.eof()
                break
            self._passed = memoryview(self._guard.feed(received))
        if self._guard.complete and not self._guard.reusable:
            self._sock.close()
        count = min(len(buffer), len(self._passed))
        buffer[:count] = self._passed[:count]
        self._passed = self._passed[count:]
        return count

    def fileno(self) -> int:
        """The descriptor, for the pool's look at the kernel."""
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        """Shuts the connection down."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Closes, once nobody reads any more."""
        self._is_closed = True
        if not self._is_read:
            self._sock.close()

    def end_reading(self) -> None:
        """The reader is closed."""
        self._is_read = False
        if self._is_closed:
            self._sock.close()

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        self._sock.settimeout(left)


class _Reader(io.RawIOBase):
    """The end of a guarded socket that http.client reads from."""

    def __init__(self, sock: GuardedSocket) -> None:
        self._guarded = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # Any writable buffer, as io.RawIOBase has it.
        return self._guarded.read_into(memoryview(buffer).cast("B"))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._guarded.end_reading()
