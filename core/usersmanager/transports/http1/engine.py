"""The sync engine: sends requests over pooled connections.

A transport opens the connection to the first hop; the engine does everything else.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from ..._values.deadline import Deadline
from ..._values.messages import Request, Response
from ...errors import (
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    TLSError,
    UsersManagerError,
)
from .addresses import avoid
from .config import Hop, PoolConfig
from .error_mapping import connect_error, exchange_error
from .idle import IdlePool
from .limiter import ConnectionLimiter
from .proxy import TunnelReader
from .stream import SocketStream, Stream, TLSStream, exchange

__all__ = ["BROKEN", "Engine", "check_deadline", "is_network_error"]

# The errors of a dead connection. A slow server is not one.
BROKEN = (DisconnectedError, TLSError)


class Engine:
    """Sends requests over a pool of connections that threads share.

    Args:
        config: the settings of the transport.
        connect: returns a socket connected to a hop before a deadline, TLS included, or raises
            OSError or TransportError.
    """

    strict = True  # So is every transport that sends with it.

    def __init__(
        self, config: PoolConfig, connect: Callable[[Hop, Deadline], socket.socket]
    ) -> None:
        self._config = config
        self._connect = connect
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        """Start without connections: at first, and in a forked child."""
        self._idle: IdlePool[Stream] = IdlePool()
        self._limiter = ConnectionLimiter(self._config.pool_size)
        self._process = os.getpid()

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        if self._process != os.getpid():
            self._reset_after_fork()
        self._require_open()
        check_deadline(request.deadline)
        slot = self._limiter.acquire(request.deadline)
        try:
            self._require_open()  # It may have been closed while this call waited.
            return self._exchange(request, request.deadline)
        finally:
            self._limiter.release(slot)

    def _exchange(self, request: Request, deadline: Deadline) -> Response:
        parser = self._config.parser(request)
        stream = reused = None
        try:
            # A request that is not idempotent must not be lost on a stale connection.
            stream = reused = self._idle.take(request.origin) if request.idempotent else None
            stream = stream or self._open(request.origin, deadline)
            check_deadline(deadline)
            try:
                message = memoryview(self._config.serialize(request))
                exchange(stream, message, parser, deadline)
            except OSError as error:
                raise exchange_error(error) from error
            response = parser.response()
            if parser.keep_alive and not request.close_connection:
                self._idle.put(request.origin, stream)
            else:
                stream.close()
        except BaseException as error:
            if stream is not None:
                stream.close()
            if reused and not parser.has_begun and isinstance(error, BROKEN):
                self._idle.discard(request.origin)
            raise
        return response

    def _open(self, origin: str, deadline: Deadline) -> Stream:
        """Open a connection to an origin, through the proxy if there is one."""
        deadline = deadline.within(self._config.connect_timeout)
        to_proxy = self._config.proxy is not None
        stream: Stream | None = None
        try:
            route = self._config.route(origin)
            stream = SocketStream(self._connect(route.hop, deadline))
            if route.tunnel_request is not None:
                exchange(stream, memoryview(route.tunnel_request), TunnelReader(), deadline)
                to_proxy = False
                stream = TLSStream(stream, route.tunnelled_tls(), deadline)
            # After a TLS handshake, session tickets may have arrived: they are expected.
            if route.hop.ssl_context is None and stream.is_readable():
                raise ConnectionResetError("unexpected data or EOF on a new connection")
        except BaseException as error:
            if stream is not None:
                stream.close()
            if is_network_error(error):
                if isinstance(stream, SocketStream):
                    avoid(route.hop.host, route.hop.port, stream.peer)
                raise connect_error(error, to_proxy=to_proxy) from error
            raise
        return stream

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _reset_after_fork(self) -> None:
        """Drop the connections of the parent process, which still uses them."""
        inherited = self._idle
        self._reset()
        inherited.discard_after_fork()

    def close(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._closed = True
        self._idle.close()


def check_deadline(deadline: Deadline) -> None:
    """Check that time is left, before anything is sent.

    Raises:
        DeadlineExceededError: the deadline has passed.
    """
    if deadline.remaining() <= 0:
        raise DeadlineExceededError("the deadline has passed", sent=False)


def is_network_error(error: BaseException) -> bool:
    """Return whether an error of connecting must be translated; all others pass through."""
    # IDNA raises a UnicodeError for a host name that it cannot encode.
    return isinstance(error, OSError | UnicodeError) and not isinstance(error, UsersManagerError)
