"""The sync engine: one request, one whole bounded response, over pooled connections.

A transport opens the connection to the first hop. Everything after that is done here.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from ..._values.deadline import Deadline
from ..._values.messages import Request, Response
from ...errors import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    TLSError,
    UsersManagerError,
)
from .config import Hop, PoolConfig
from .error_mapping import connect_error, exchange_error
from .idle import IdlePool
from .limiter import ConnectionLimiter
from .proxy import TunnelReader
from .stream import SocketStream, Stream, TLSStream, exchange

__all__ = ["BROKEN", "Engine", "is_network_error", "require_time"]

# What shows that a reused connection was dead. A slow server is not.
BROKEN = (DisconnectedError, TLSError)


class Engine:
    """Sends requests over connections that threads share, one call at a time each.

    Args:
        config: the settings of the transport.
        connect: opens the connection to a hop before a deadline, TLS included. It raises
            OSError or TransportError if it can't.
    """

    def __init__(
        self, config: PoolConfig, connect: Callable[[Hop, Deadline], socket.socket]
    ) -> None:
        self._config = config
        self._connect = connect
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        """Begin without a connection: at first, and in a forked child."""
        self._idle: IdlePool[Stream] = IdlePool()
        self._limiter = ConnectionLimiter(self._config.pool_size)
        self._process = os.getpid()

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `usersmanager.Transport`."""
        if self._process != os.getpid():
            self._reset_after_fork()
        return self._send(request, request.deadline)

    def _send(self, request: Request, deadline: Deadline) -> Response:
        self._require_open()
        require_time(deadline)
        slot = self._limiter.acquire(deadline)
        try:
            self._require_open()  # It may have been closed while this call waited.
            return self._exchange(request, deadline)
        finally:
            self._limiter.release(slot)

    def _exchange(self, request: Request, deadline: Deadline) -> Response:
        reader = self._config.reader(request)
        stream = reused = None
        try:
            # What is not idempotent uses a dedicated connection: a stale one must not affect it.
            stream = reused = self._idle.take(request.origin) if request.idempotent else None
            stream = stream or self._open(request.origin, deadline)
            require_time(deadline)
            try:
                message = memoryview(self._config.serialize(request))
                exchange(stream, message, reader, deadline)
            except OSError as error:
                raise exchange_error(error) from error
            response = reader.response()
        except BaseException as error:
            if stream is not None:
                stream.close()
            if reused and not reader.has_begun and isinstance(error, BROKEN):
                self._idle.discard(request.origin)
            raise
        if reader.reusable and request.idempotent:
            self._idle.put(request.origin, stream)
        else:
            stream.close()
        return response

    def _open(self, origin: str, deadline: Deadline) -> Stream:
        """Open a connection to an origin, through the proxy if there is one."""
        deadline = deadline.within(self._config.connect_timeout)
        stream: Stream | None = None
        try:
            route = self._config.route(origin)
            stream = SocketStream(self._connect(route.hop, deadline))
            if route.tunnel_request is not None:
                exchange(stream, memoryview(route.tunnel_request), TunnelReader(), deadline)
                stream = TLSStream(stream, route.tunnelled_tls(), deadline)
            # After a TLS handshake the kernel may hold tickets, which are no unexpected data.
            if route.hop.ssl_context is None and stream.is_readable():
                raise ConnectError("unexpected data or EOF on a new connection")
        except BaseException as error:
            if stream is not None:
                stream.close()
            if is_network_error(error):
                raise connect_error(error) from error
            raise
        return stream

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _reset_after_fork(self) -> None:
        """Two processes on one connection would read each other's responses."""
        inherited = self._idle
        self._reset()
        inherited.discard_after_fork()

    def close(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._closed = True
        self._idle.close()


def require_time(deadline: Deadline) -> None:
    """Check that a call has time left, before anything is sent.

    Raises:
        DeadlineExceededError: it has none.
    """
    if deadline.remaining() <= 0:
        raise DeadlineExceededError("the deadline has passed", phase="not sent")


def is_network_error(error: BaseException) -> bool:
    """Return whether an error of connecting is one to translate: everything else passes through.

    A host name that IDNA can't encode is a UnicodeError.
    """
    return isinstance(error, OSError | UnicodeError) and not isinstance(error, UsersManagerError)
