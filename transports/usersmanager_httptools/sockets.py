"""One connection of the blocking half."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

from usersmanager import ConnectError, Request, arrivals, dial

from .exchange import Exchange
from .settings import Settings, address_of, message_of

__all__ = ["Connection", "connect"]

# More than a TLS record holds: nothing stays behind where the kernel can't see it.
_RECEIVE = 65536
# What a socket says that would have to wait.
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Connection:
    """A connected socket, plain or TLS, that carries one exchange at a time.

    The socket itself does not wait: with a timeout, Python would ask the kernel twice for
    each step, and let go of its lock twice. What waits is a look for what has arrived.
    """

    __slots__ = ("_has_arrived", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._has_arrived = arrivals(sock.fileno())

    def is_quiet(self) -> bool:
        """Whether neither bytes nor the end have come."""
        return not self._has_arrived()

    def carry(self, request: Request, exchange: Exchange) -> None:
        """Sends a request and receives until its response is complete."""
        # A view: a traceback shows nothing of it, and what is left of a large one is no copy.
        rest = memoryview(message_of(request))
        while rest:
            rest = rest[self._now_or_later(self._sock.send, rest, request) :]
            if rest:
                _left(request)
        while not exchange.complete:
            if self._has_arrived(_left(request)):
                self._receive(request, exchange)

    def _receive(self, request: Request, exchange: Exchange) -> None:
        try:
            received = self._now_or_later(self._sock.recv, _RECEIVE, request)
        except ssl.SSLEOFError:
            exchange.eof(in_order=False)
            return
        if received:
            exchange.feed(received)
        else:
            exchange.eof()

    def _now_or_later(
        self, operation: Callable[[Argument], Result], argument: Argument, request: Request
    ) -> Result:
        """Sends or receives. Waits only where it must: for the peer, or the rest of a record."""
        try:
            return operation(argument)
        except _NOT_YET:
            pass
        self._sock.settimeout(_left(request))
        try:
            return operation(argument)
        finally:
            self._sock.setblocking(False)

    def close(self) -> None:
        """Closes the socket."""
        self._sock.close()


def _left(request: Request) -> float:
    left = request.remaining()
    if left <= 0:
        raise TimeoutError("the deadline passed")
    return left


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
