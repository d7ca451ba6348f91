"""Http1Transport: sends requests over pooled connections that threads share.

A subclass opens the connection to the first hop; this class does everything else.
"""

from __future__ import annotations

import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from ..._values.deadline import Deadline
from ..._values.request import Request
from ..._values.response import Response
from .base import BROKEN, Http1Base, check_ready, unsent
from .error_mapping import exchange_error
from .hop import Hop
from .pool import Pool
from .proxy import TunnelReader
from .slots import Slot
from .stream import SocketStream, Stream, TLSStream, exchange
from .sync_pool import SyncPool

__all__ = ["Http1Transport"]


class Http1Transport(Http1Base, ABC):
    """A sync transport: derive from it, and open its connections in `connect`. Thread-safe.

    It does everything else: proxies, tunnels and TLS inside them, the pool, the exchange. A class
    may also derive from `AsyncHttp1Transport`. A subclass passes its settings on as ``**settings``.

    Args:
        ssl_context: replaces the default one: system trust store, host names checked, TLS 1.2 or
            newer.
        proxy: the URL of an HTTP proxy for all origins, with user and password if it requires
            them, percent-encoded.
        trust_env: whether to use the proxies of the environment if there is no ``proxy``:
            ``http_proxy`` and ``https_proxy``, except for the hosts in ``no_proxy`` and loopback.
            They are read once, by the constructor.
        pool_size: the maximum number of connections, idle and in use, of all origins together;
            further calls wait. An idle connection to another origin is closed to make room. In
            asyncio, each event loop has a pool.
        connect_timeout: the seconds for opening one connection: name resolution, TCP, proxy and
            TLS. It should be less than a call's timeout, to leave time for a retry.
        idle_timeout: the seconds after which an idle connection is not used again. It should be
            less than those of servers, load balancers and NAT.
        max_response_bytes: the maximum size of a response body; a larger one raises a
            BodyTooLargeError.

    Attributes:
        strict: always True: such a transport passes the strict contract.

    Raises:
        ArgumentError: the proxy is not the URL of an HTTP proxy, or a number is not positive.

    Example::

        class Fixed(Http1Transport):
            def __init__(self, address, **settings):
                super().__init__(**settings)
                self.address = address

            def connect(self, hop, deadline):
                sock = socket.create_connection(self.address, deadline.remaining_or_raise())
                return hop.secure(sock, deadline)
    """

    @abstractmethod
    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        """Return a socket connected to a hop, after the TLS handshake if ``hop.tls`` is set.

        If it raises, it must have closed the socket. ``hop.secure`` closes the socket if it fails,
        and a socket that it has returned is closed for you.

        Args:
            hop: the origin, or the proxy.
            deadline: when to give up.

        Raises:
            OSError: it failed; TimeoutError, gaierror and SSLError included. Nothing was sent.
            TransportError: the same. Any other exception reaches the caller unchanged.

        Example::

            return hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)
        """

    def _set_up(self) -> None:
        super()._set_up()
        self._is_closed = False
        self._pool = SyncPool(self._settings.pool_size, self._settings.idle_timeout)

    def _all_pools(self) -> Iterable[Pool[Any]]:
        return [*super()._all_pools(), self._pool]

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        if self._pool.process != os.getpid():
            self._reset_after_fork()
        pool, deadline = self._pool, request.deadline
        check_ready(deadline, is_closed=self._is_closed)
        # A request that is not idempotent must not be lost on a stale connection.
        slot = pool.acquire(request.origin, deadline, may_reuse=request.idempotent)
        try:
            check_ready(deadline, is_closed=self._is_closed)  # This call may have waited.
            return self._exchange(request, deadline, pool, slot)
        finally:
            pool.release(slot)

    def _exchange(
        self, request: Request, deadline: Deadline, pool: SyncPool, slot: Slot[Stream]
    ) -> Response:
        parser = self._settings.parser(request)
        reused = slot.connection
        stream = reused or self._open(request.origin, deadline)
        if reused is None:
            pool.opened(slot, stream)
            check_ready(deadline)
        try:
            try:
                message = memoryview(self._settings.serialize(request))
                exchange(stream, message, parser, deadline)
            except OSError as error:
                raise exchange_error(error) from error
        except BROKEN:
            if reused and not parser.has_begun:
                pool.discard(request.origin)
            raise
        slot.is_reusable = parser.keep_alive and not request.close_connection
        return parser.response()

    def _open(self, origin: str, deadline: Deadline) -> Stream:
        """Open a connection to an origin, through the proxy if there is one."""
        deadline = deadline.within(self._settings.connect_timeout)
        route = self._settings.route(origin)
        hop, in_tunnel = route.hop, False
        first: SocketStream | None = None
        try:
            first = SocketStream(self.connect(hop, deadline))
            stream: Stream = first
            if route.tunnel is not None:
                exchange(first, memoryview(route.tunnel.request()), TunnelReader(), deadline)
                in_tunnel = True
                stream = TLSStream(first, route.tunnel.tls(), deadline)
            # Session tickets are expected, and look like data on the socket of a TLS connection.
            if (in_tunnel or hop.tls is None) and stream.is_readable():
                raise ConnectionResetError("unexpected data on a new connection, or its end")
        except BaseException as error:
            hop.close()
            if first is not None:
                first.close()
                if not in_tunnel:
                    hop.avoid(first.peer)
            failure = unsent(error, to_proxy=route.through_proxy and not in_tunnel)
            if failure is error:
                raise
            raise failure from error
        return stream

    def _reset_after_fork(self) -> None:
        """Drop the connections of the parent process, which still uses them."""
        inherited = self._pool
        self._pool = SyncPool(self._settings.pool_size, self._settings.idle_timeout)
        inherited.discard_after_fork()

    def close(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._is_closed = True
        self._pool.close()
