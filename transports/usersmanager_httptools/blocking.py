"""The blocking half: sockets shared by threads, one at a time each."""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
import time

from usersmanager import (
    ConnectError,
    LifecycleError,
    PoolTimeoutError,
    Request,
    Response,
    UsersManagerError,
    connect_failure,
    dial,
    exchange_failure,
)

from .exchange import Exchange
from .idle import Idle
from .settings import Settings, address_of, message_of, require_time

__all__ = ["BlockingPool"]

# More than a TLS record holds: nothing stays behind where the kernel can't see it.
_RECEIVE = 65536
# Seconds by which a socket's timeout may differ from what is left.
_TOLERANCE = 0.002


class BlockingPool:
    """Carries requests over connections of its own; a call beyond `pool_size` waits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closed = False
        self._start()

    def _start(self) -> None:
        """Begins without a connection: at first, and in the child of a fork."""
        self._idle: Idle[_Connection] = Idle()
        self._places = threading.Semaphore(self._settings.pool_size)
        self._process = os.getpid()

    def send(self, request: Request) -> Response:
        """Carries one request."""
        if self._process != os.getpid():
            self._leave_to_parent()
        failure: UsersManagerError
        try:
            return self._send(request)
        except UsersManagerError as error:
            failure = error
        except Exception as error:
            failure = exchange_failure(error)
        # Raised out here: the first error and its token-bearing frames are gone.
        try:
            raise failure.bare()
        finally:
            del failure  # Kept here, it would hold this frame, and it the request.

    def _send(self, request: Request) -> Response:
        self._require_open()
        require_time(request)
        places = self._places
        if not places.acquire(timeout=request.remaining()):
            raise PoolTimeoutError("every connection stayed busy until the deadline")
        try:
            self._require_open()  # It may have been closed while this call waited.
            return self._exchange(request)
        finally:
            places.release()

    def _exchange(self, request: Request) -> Response:
        exchange = self._settings.exchange(request)
        connection = self._connection(request)
        try:
            require_time(request)
            connection.carry(request, exchange)
            response = exchange.response()
        except BaseException:
            connection.close()
            raise
        if exchange.reusable and request.idempotent:
            self._idle.put(request.origin, connection)
        else:
            connection.close()
        return response

    def _connection(self, request: Request) -> _Connection:
        # Not idempotent: no leftover may answer it, no stale connection swallow it.
        found = self._idle.take(request.origin) if request.idempotent else None
        return found or self._connect(request)

    def _connect(self, request: Request) -> _Connection:
        deadline = time.monotonic() + self._settings.time_to_connect(request)
        try:
            return _connect(request.origin, self._settings, deadline)
        except (OSError, ValueError) as error:
            failure = connect_failure(error)
        raise failure

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _leave_to_parent(self) -> None:
        """After a fork: two processes on one connection would read each other's answers."""
        inherited = self._idle
        self._start()
        inherited.abandon()

    def close(self) -> None:
        """Closes the idle connections; those in use are closed as their calls end."""
        self._closed = True
        self._idle.close()


class _Connection:
    """A connected socket, plain or TLS."""

    __slots__ = ("_armed", "_poll", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._armed = 0.0
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def is_quiet(self) -> bool:
        """Whether neither bytes nor the end have come."""
        return not self._poll.poll(0)

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


def _connect(origin: str, settings: Settings, deadline: float) -> _Connection:
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
        connection = _Connection(sock)
        # After a TLS handshake the server may send tickets.
        if context is None and not connection.is_quiet():
            raise ConnectError("the server spoke before it was asked, or hung up")
    except BaseException:
        sock.close()
        raise
    return connection
