"""AsyncHttp1Transport: sends requests over pooled connections, like `transport.py`."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextvars import Context
from typing import Any

from ..._values.deadline import Deadline
from ..._values.request import Request
from ..._values.response import Response
from .async_connection import AsyncConnection
from .async_pool import AsyncPool
from .base import BROKEN, Http1Base, check_ready, unsent
from .error_mapping import exchange_error
from .hop import Hop, Route
from .loop_local import LoopLocal
from .pool import Pool
from .proxy import TunnelReader
from .slots import Slot
from .tls import TLSLayer

__all__ = ["AsyncHttp1Transport"]


class AsyncHttp1Transport(Http1Base, ABC):
    """An asyncio transport: derive from it, and open its connections in `aconnect`.

    It does everything else: TLS, proxies and tunnels, the pool of each event loop, the exchange.
    The settings are those of `Http1Transport`, from which a class may also derive.

    Example::

        class Unix(AsyncHttp1Transport):
            async def aconnect(self, hop):
                loop = asyncio.get_running_loop()
                return (await loop.create_unix_connection(hop.protocol, PATH))[0]
    """

    @abstractmethod
    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a transport connected to a hop with the protocol that ``hop.protocol`` makes.

        It is plain, even if ``hop.tls`` is set: TLS follows. It is cancelled at the deadline. If it
        raises, or is cancelled, its connection is closed. It runs without the context variables of
        the call, because the connection also serves other calls.

        Args:
            hop: the origin, or the proxy.

        Raises:
            OSError: it failed; TimeoutError and gaierror included. Nothing was sent.
            TransportError: the same. Any other exception reaches the caller unchanged.

        Example::

            return await connect_tcp_async(hop.host, hop.port, hop.protocol)
        """

    def _set_up(self) -> None:
        super()._set_up()
        self._is_aclosed = False
        settings = self._settings
        self._loops = LoopLocal(
            lambda: AsyncPool(settings.pool_size, settings.idle_timeout), AsyncPool.aclose
        )

    def _all_pools(self) -> Iterable[Pool[Any]]:
        return [*super()._all_pools(), *self._loops.values()]

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        deadline = request.deadline
        check_ready(deadline, is_closed=self._is_aclosed)
        pool = self._loops.get()
        # A request that is not idempotent must not be lost on a stale connection.
        slot = await pool.acquire(request.origin, deadline, may_reuse=request.idempotent)
        try:
            check_ready(deadline, is_closed=self._is_aclosed)  # This call may have waited.
            return await self._aexchange(request, deadline, pool, slot)
        finally:
            pool.release(slot)

    async def _aexchange(
        self, request: Request, deadline: Deadline, pool: AsyncPool, slot: Slot[AsyncConnection]
    ) -> Response:
        parser = self._settings.parser(request)
        reused = slot.connection
        connection = reused or await self._aopen(request.origin, deadline)
        if reused is None:
            pool.opened(slot, connection)
            check_ready(deadline)  # The event loop may have been blocked.
        try:
            try:
                await connection.exchange(self._settings.serialize(request), parser, deadline)
            except OSError as error:
                raise exchange_error(error) from error
        except BROKEN:
            if reused and not parser.has_begun:
                pool.discard(request.origin)
            raise
        may_reuse = parser.keep_alive and not request.close_connection
        slot.is_reusable = may_reuse and connection.is_all_sent()
        return parser.response()

    async def _aopen(self, origin: str, deadline: Deadline) -> AsyncConnection:
        """Open a connection to an origin, through the proxy if there is one."""
        deadline = deadline.within(self._settings.connect_timeout)
        connection = AsyncConnection(asyncio.get_running_loop())
        route = self._settings.route(origin, lambda: connection.protocol)
        in_tunnel = False
        try:
            async with asyncio.timeout(deadline.remaining()):
                await self._reach(connection, route)
                if route.tunnel is not None:
                    in_tunnel = True
                    await connection.start_tls(route.tunnel.tls())
            connection.require_unused()
        except BaseException as error:
            connection.close()
            if not in_tunnel:
                route.hop.avoid(connection.peer)
            failure = unsent(error, to_proxy=route.through_proxy and not in_tunnel)
            if failure is error:
                raise
            raise failure from error
        return connection

    async def _reach(self, connection: AsyncConnection, route: Route) -> None:
        """Connect to the first hop, and through it if it is a proxy of a tunnel."""
        hop = route.hop
        # The event loop keeps the context in which a connection is opened until it is closed. That
        # of a call may hold a user's session, and the connection serves other calls, too.
        connecting = asyncio.create_task(self.aconnect(hop), context=Context())
        try:
            connection.attach(await connecting)
        finally:
            connecting.cancel()  # For a call that is discarded, not cancelled.
        if hop.tls is not None:
            await connection.start_tls(TLSLayer(hop.tls, hop.server_hostname))
        if route.tunnel is not None:
            await connection.exchange(route.tunnel.request(), TunnelReader())

    async def aclose(self) -> None:
        """Close the idle connections; those in use are closed as their calls end.

        Other event loops close their own connections as soon as they run.
        """
        self._is_aclosed = True
        await self._loops.close()
        await asyncio.sleep(0)  # The event loop closes their sockets now.
