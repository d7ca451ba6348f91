"""The asyncio engine: sends requests over pooled connections, like `engine.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..._values.deadline import Deadline
from ..._values.messages import Request, Response
from ...errors import LifecycleError
from .addresses import avoid
from .async_connection import AsyncConnection
from .async_limiter import AsyncConnectionLimiter
from .config import Hop, PoolConfig, Route
from .engine import BROKEN, check_deadline, is_network_error
from .error_mapping import connect_error, exchange_error
from .idle import IdlePool
from .loop_local import LoopLocal
from .proxy import TunnelReader
from .tls import TLSLayer

__all__ = ["AsyncEngine"]


class AsyncEngine:
    """Sends requests over pooled connections. Each event loop has a pool, which its tasks share.

    Args:
        config: the settings of the transport.
        connect: returns an asyncio transport connected to a hop, without TLS, with the given
            protocol, or raises OSError or TransportError. It is cancelled at the deadline.
    """

    strict = True  # So is every transport that sends with it.

    def __init__(
        self,
        config: PoolConfig,
        connect: Callable[[Hop, asyncio.BaseProtocol], Awaitable[asyncio.Transport]],
    ) -> None:
        self._config = config
        self._connect = connect
        self._pools = LoopLocal(lambda: _Pool(config.pool_size), _Pool.close)
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        self._require_open()
        check_deadline(request.deadline)
        pool = self._pools.get()
        slot = await pool.limiter.acquire(request.deadline)
        try:
            self._require_open()  # It may have been closed while this call waited.
            return await self._exchange(request, request.deadline, pool.idle)
        finally:
            pool.limiter.release(slot)

    async def _exchange(
        self, request: Request, deadline: Deadline, idle: IdlePool[AsyncConnection]
    ) -> Response:
        parser = self._config.parser(request)
        connection = reused = None
        try:
            # A request that is not idempotent must not be lost on a stale connection.
            connection = reused = idle.take(request.origin) if request.idempotent else None
            connection = connection or await self._open(request.origin, deadline)
            check_deadline(deadline)  # The event loop may have been blocked.
            try:
                await connection.exchange(self._config.serialize(request), parser, deadline)
            except OSError as error:
                raise exchange_error(error) from error
            response = parser.response()
            may_reuse = parser.keep_alive and not request.close_connection
            if may_reuse and connection.is_all_sent():
                idle.put(request.origin, connection)
            else:
                connection.close()
        except BaseException as error:
            if connection is not None:
                connection.close()
            if reused and not parser.has_begun and isinstance(error, BROKEN):
                idle.discard(request.origin)
            raise
        return response

    async def _open(self, origin: str, deadline: Deadline) -> AsyncConnection:
        """Open a connection to an origin, through the proxy if there is one."""
        deadline = deadline.within(self._config.connect_timeout)
        connection = AsyncConnection(asyncio.get_running_loop())
        to_proxy = self._config.proxy is not None
        try:
            route = self._config.route(origin)
            async with asyncio.timeout(deadline.remaining()):
                await self._reach(connection, route)
                if route.tunnelled is not None:
                    to_proxy = False
                    await connection.start_tls(route.tunnelled_tls())
            connection.require_unused()
        except BaseException as error:
            connection.close()
            if is_network_error(error):
                raise connect_error(error, to_proxy=to_proxy) from error
            raise
        return connection

    async def _reach(self, connection: AsyncConnection, route: Route) -> None:
        """Connect to the first hop, and through it if it is a proxy of a tunnel."""
        hop = route.hop
        transport = await self._connect(hop, connection.protocol)
        connection.attach(transport)
        try:
            if hop.ssl_context is not None:
                await connection.start_tls(TLSLayer(hop.ssl_context, hop.server_hostname))
            if route.tunnel_request is not None:
                await connection.exchange(route.tunnel_request, TunnelReader())
        except BaseException:
            avoid(hop.host, hop.port, transport.get_extra_info("peername"))
            raise

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    async def close(self) -> None:
        """Close the idle connections; those in use are closed as their calls end.

        The connections of other event loops are closed by those, as soon as they run.
        """
        self._closed = True
        pool = await self._pools.close()
        if pool is not None:
            await pool.wait_closed()


class _Pool:
    """The connections of one event loop."""

    def __init__(self, size: int) -> None:
        self.idle: IdlePool[AsyncConnection] = IdlePool()
        self.limiter = AsyncConnectionLimiter(size)
        self._closing: list[AsyncConnection] = []

    async def close(self) -> None:
        """Close the idle connections, and those that are put back later."""
        self._closing += self.idle.close()  # Referenced until their protocols report the end.

    async def wait_closed(self) -> None:
        """Wait until the idle connections are closed."""
        if self._closing:
            await asyncio.wait([connection.closed for connection in self._closing], timeout=1)
        self._closing.clear()
