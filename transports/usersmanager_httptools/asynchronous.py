"""The asyncio half: connections shared by the tasks of one event loop, one at a time each."""

from __future__ import annotations

import asyncio
import os

from usersmanager import (
    ConnectError,
    LifecycleError,
    Places,
    Request,
    Response,
    UsersManagerError,
    connect_failure,
    exchange_failure,
)

from .idle import Idle
from .protocol import Connection
from .settings import Settings, address_of, require_time

__all__ = ["AsyncPool"]


class AsyncPool:
    """Carries requests over connections of its own; a call beyond `pool_size` waits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: Idle[Connection] = Idle()
        self._places = Places(settings.pool_size)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Carries one request."""
        failure: UsersManagerError
        try:
            return await self._send(request)
        except UsersManagerError as error:
            failure = error
        except Exception as error:
            failure = exchange_failure(error)
        # Raised out here: the first error and its token-bearing frames are gone.
        try:
            raise failure.bare()
        finally:
            del failure  # Kept here, it would hold this frame, and it the request.

    async def _send(self, request: Request) -> Response:
        self._require_open()
        self._require_own_loop()
        require_time(request)
        await self._places.take(request)
        try:
            self._require_open()  # It may have been closed while this call waited.
            return await self._exchange(request)
        finally:
            self._places.release()

    async def _exchange(self, request: Request) -> Response:
        exchange = self._settings.exchange(request)
        # Not idempotent: no leftover may answer it, no stale connection swallow it.
        idle = self._idle.take(request.origin) if request.idempotent else None
        connection = idle or await self._connect(request)
        try:
            require_time(request)
            await connection.carry(request, exchange)
            response = exchange.response()
        except BaseException:
            connection.close()
            raise
        if exchange.reusable and request.idempotent and connection.is_all_sent():
            self._idle.put(request.origin, connection)
        else:
            connection.close()
        return response

    async def _connect(self, request: Request) -> Connection:
        loop = asyncio.get_running_loop()
        address = address_of(request.origin)
        context = self._settings.context(address)
        try:
            async with asyncio.timeout(self._settings.time_to_connect(request)):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop),
                    address.host,
                    address.port,
                    ssl=context,
                    server_hostname=address.host if context else None,
                )
        except (OSError, ValueError) as error:
            failure = connect_failure(error)
        else:
            # After a TLS handshake the server may send tickets.
            if not connection.is_fresh or (context is None and not connection.is_quiet()):
                connection.close()
                raise ConnectError("the server spoke before it was asked, or hung up")
            return connection
        raise failure

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _require_own_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._process = loop, os.getpid()
        if self._process != os.getpid():
            raise LifecycleError("an event loop does not survive a fork: make a new manager")
        if self._loop is not loop:
            raise LifecycleError("a transport serves one event loop: make a new manager")

    async def close(self) -> None:
        """Closes the idle connections; those in use are closed as their calls end."""
        self._closed = True
        lost = [one.lost for one in self._idle.close()]
        if lost:
            await asyncio.wait(lost, timeout=1)
