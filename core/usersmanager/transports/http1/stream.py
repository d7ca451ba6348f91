"""Streams of `Http1Transport`: sockets, plain or TLS, and TLS inside a tunnel."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from ..._values.deadline import Deadline
from .addresses import peer_of
from .parser import ResponseParser
from .poll import Poll
from .tls import TLSLayer

__all__ = ["SocketStream", "Stream", "TLSStream", "exchange"]

# Larger than a TLS record: the rest must stay in the kernel, where a poll can see it.
_RECEIVE_SIZE = 65536
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class SocketStream:
    """A connected socket, plain or TLS, for one exchange at a time.

    The socket is non-blocking and a poll waits: with a timeout, Python would make two system
    calls for each step, and release the GIL twice.

    Args:
        sock: the socket, which the stream owns.

    Attributes:
        peer: the address of the other end.
        opened_at: when it was opened, in seconds of ``time.monotonic()``.
        ended_in_order: whether TLS, if there is any, announced the end of the connection.
        is_readable: checks whether data, or the end of the connection, has arrived.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.opened_at: float = time.monotonic()
        self.ended_in_order: bool = True
        self.peer: object = peer_of(sock)
        sock.setblocking(False)
        if isinstance(sock, ssl.SSLSocket):
            # Without close_notify, a body that ends with the connection may be truncated.
            sock.suppress_ragged_eofs = False  # type: ignore[attr-defined] # typeshed lacks it.
        self.is_readable: Poll = Poll(sock.fileno())

    def send(self, data: memoryview, deadline: Deadline) -> None:
        """Send the data, a view because tracebacks do not show its contents.

        A server that closes the connection early is no error here: it may have sent a response,
        or an alert, before.
        """
        try:
            while data:
                data = data[self._try_nonblocking(self._sock.send, data, deadline) :]
        except ConnectionError:
            return

    def receive(self, deadline: Deadline) -> bytes:
        """Wait for data and return it; b"" at the end of the connection."""
        self.is_readable(deadline.remaining_or_raise())  # Waits.
        try:
            return self._try_nonblocking(self._sock.recv, _RECEIVE_SIZE, deadline)
        except ssl.SSLEOFError:
            self.ended_in_order = False
            return b""

    def _try_nonblocking(
        self, operation: Callable[[Argument], Result], argument: Argument, deadline: Deadline
    ) -> Result:
        """Send or receive, waiting only for a slow peer or the rest of a TLS record."""
        try:
            return operation(argument)
        except _WOULD_BLOCK:
            pass
        self._sock.settimeout(deadline.remaining_or_raise())
        try:
            return operation(argument)
        finally:
            self._sock.setblocking(False)

    def is_clean(self) -> bool:
        """Return whether the connection may carry another request."""
        return self._sock.fileno() >= 0 and not self.is_readable()

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class TLSStream:
    """TLS over the connection to a proxy, inside its tunnel; like a `SocketStream` otherwise.

    Args:
        lower: the connection to the proxy, which this one owns.
        layer: the TLS connection to establish.
        deadline: of the handshake.

    Raises:
        ssl.SSLError: the handshake failed.
        OSError: the connection ended, or the deadline passed.
    """

    def __init__(self, lower: SocketStream, layer: TLSLayer, deadline: Deadline) -> None:
        self._lower = lower
        self._layer = layer
        self.opened_at: float = lower.opened_at
        self.ended_in_order: bool = True
        try:
            layer.receive_data(b"")
            self._flush(deadline)
            while not layer.complete:
                data = lower.receive(deadline)
                layer.receive_data(data) if data else layer.receive_eof()
                self._flush(deadline)
            # Data that arrived with the handshake is in the layer, where a poll cannot see it.
            self._early = layer.decrypt(b"")
        except ssl.SSLError:
            with contextlib.suppress(OSError):
                self._flush(deadline)  # The alert.
            raise

    def send(self, data: memoryview, deadline: Deadline) -> None:
        """Send all of the data."""
        self._lower.send(memoryview(self._layer.encrypt(data)), deadline)

    def receive(self, deadline: Deadline) -> bytes:
        """Wait for data and return it; b"" at the end of the connection."""
        while not self._layer.has_ended:
            received = self._lower.receive(deadline)
            if not received:
                self.ended_in_order = False
                return b""
            data = self._layer.decrypt(received)
            self._flush(deadline)
            if data:
                return data
        return b""

    def _flush(self, deadline: Deadline) -> None:
        if data := self._layer.data_to_send():
            self._lower.send(memoryview(data), deadline)

    def is_readable(self) -> bool:
        """Return whether application data, or close_notify, has arrived."""
        return bool(self._early) or self._layer.has_ended

    def is_clean(self) -> bool:
        """Return whether the connection may carry another request."""
        return self._lower.is_clean() and self._layer.is_clean and not self._early

    def close(self) -> None:
        """Close the connection."""
        self._lower.close()


Stream: TypeAlias = SocketStream | TLSStream


def exchange(
    stream: Stream, message: memoryview, parser: ResponseParser, deadline: Deadline
) -> None:
    """Send a message and receive its response.

    Raises:
        OSError: the connection ended, or the deadline passed.
        TransportError: the parser refused the response.
    """
    stream.send(message, deadline)
    while not parser.complete:
        if data := stream.receive(deadline):
            parser.receive_data(data)
        else:
            parser.receive_eof(in_order=stream.ended_in_order)
