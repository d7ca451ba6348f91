"""One connection of the blocking half."""

from __future__ import annotations

import socket
import ssl

from usersmanager import ConnectError, Request, arrivals, dial

from .exchange import Exchange
from .settings import Settings, address_of, message_of

__all__ = ["Connection", "connect"]

# More than a TLS record holds: nothing stays behind where the kernel can't see it.
_RECEIVE = 65536
# Seconds by which a socket's timeout may differ from what is left.
_TOLERANCE = 0.002


class Connection:
    """A connected socket, plain or TLS."""

    __slots__ = ("_armed", "_has_arrived", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._armed = 0.0
        self._has_arrived = arrivals(sock.fileno())

    def is_quiet(self) -> bool:
        """Whether neither bytes nor the end have come."""
        return not self._has_arrived()

    def carry(self, request: Request, exchange: Exchange) -> None:
        """Sends a request and receives until its response is complete."""
        self._send(request)
        while not exchange.complete:
            self._arm(request)
            self._receive(exchange)

    def _receive(self, exchange: Exchange) -> None:
        try:
            received = self._sock.recv(_RECEIVE)
        except ssl.SSLEOFError:
            exchange.eof(in_order=False)
            return
        if received:
            exchange.feed(received)
        else:
            exchange.eof()

    def _send(self, request: Request) -> None:
        rest = memoryview(message_of(request))
        while rest:
            self._arm(request)
            rest = rest[self._sock.send(rest) :]

    def _arm(self, request: Request) -> None:
        """A socket takes its timeout anew for each call: one that drips would never be late."""
        left = request.remaining()
        if left <= 0:
            raise TimeoutError("the deadline passed")
        if abs(left - self._armed) > _TOLERANCE:  # It is a system call.
            self._sock.settimeout(left)
            self._armed = left

    def close(self) -> None:
        """Closes the socket."""
        self._sock.close()


def connect(origin: str, settings: Settings, deadline: float) -> Connection:
    """A new connection to an origin.

    Raises:
        ConnectError: something came over it before anything was asked.
        OSError: it can't be made, or not before the deadline (`time.monotonic()`).
    """
    address = address_of(origin)
    context = settings.context(address)
    sock = dial(address.host, address.port, deadline)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            # A body that only the end of the connection ends must end in order with TLS, too.
            sock = context.wrap_socket(
                sock, server_hostname=address.host, suppress_ragged_eofs=False
            )
        connection = Connection(sock)
        # After a TLS handshake the server may send tickets.
        if context is None and not connection.is_quiet():
            raise ConnectError("the server spoke before it was asked, or hung up")
    except BaseException:
        sock.close()
        raise
    return connection
