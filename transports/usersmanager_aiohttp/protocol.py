"""aiohttp's connections, mended: one well-framed response each, and no leftovers.

The seams: `request_class` of a session is public, and so is overriding
`asyncio.Protocol`'s methods. Which protocol a connector makes is not: that is
`connector._factory`, set in one place below. A canary test fails if aiohttp stops
using it.
"""

from __future__ import annotations

import asyncio
import functools
import select
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from usersmanager import DisconnectedError, ProtocolError, ResponseGuard, TransportError

__all__ = ["GuardedProtocol", "StaleConnectionError", "WatchedRequest", "guard_connections"]


class StaleConnectionError(Exception):
    """A pooled connection can't be used again. Nothing was sent over it."""


class GuardedProtocol(ResponseHandler):
    """A connection whose bytes go through a guard.

    Attributes:
        failure: what the guard found wrong, to be raised in place of aiohttp's error.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._guard: ResponseGuard | None = None
        self.failure: TransportError | None = None

    def begin(self, guard: ResponseGuard) -> None:
        """Before a request is sent.

        Raises:
            StaleConnectionError: something lies between the last response and this request.
            ProtocolError: the server spoke before it was asked.
        """
        if self._guard is None and self.should_close:
            raise ProtocolError("the server spoke before it was asked", phase="not sent")
        used = self._guard is not None
        if not self.is_connected() or self.should_close or (used and self._is_readable()):
            raise StaleConnectionError
        self._guard = guard

    def _is_readable(self) -> bool:
        """Whether bytes, or the end, wait in the kernel, where the loop has not seen them."""
        assert self.transport is not None  # noqa: S101 - is_connected() has just said so.
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def data_received(self, data: bytes) -> None:
        """Passes on what belongs to the response that was asked for."""
        # No bytes: aiohttp's own way to go on parsing after a pause. No guard: a proxy's
        # answer to CONNECT; or a server that speaks too early, which `begin` finds out.
        if not data or self._guard is None:
            super().data_received(data)
            return
        if self._guard.complete:
            # Nobody has asked for these bytes: the connection is spoilt.
            self._abort()
            return
        try:
            passed = self._guard.feed(data)
        except TransportError as error:
            self._fail(error)
            return
        if self._guard.complete and not self._guard.reusable:
            self.force_close()
        if passed:
            super().data_received(passed)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tells an end that is a truncation from one that ends the body."""
        if self._guard is not None and not self._guard.complete and self.failure is None:
            try:
                self._guard.eof()
                if exc is not None:
                    self.failure = DisconnectedError("the connection was reset")
            except TransportError as error:
                self.failure = error.with_traceback(None)
        super().connection_lost(exc)

    def _fail(self, error: TransportError) -> None:
        self.failure = error.with_traceback(None)
        # Another error than ours wakes whoever waits: ours is raised once, by the transport.
        self.set_exception(aiohttp.ClientPayloadError("refused by the guard"))
        self._abort()

    def _abort(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.abort()


class WatchedRequest(aiohttp.ClientRequest):
    """A request that knows whether it was sent, and over which connection.

    Attributes:
        connection: set as soon as the first byte may be sent.
    """

    connection: ResponseHandler | None = None

    async def send(self, conn: Any) -> aiohttp.ClientResponse:  # aiohttp's Connection is private.
        """Sends over a connection that is clean."""
        protocol = conn.protocol
        if isinstance(protocol, GuardedProtocol):
            protocol.begin(ResponseGuard(exact=self.headers.get("Connection") == "close"))
        self.connection = protocol
        return await super().send(conn)


def guard_connections(connector: aiohttp.BaseConnector) -> None:
    """Makes a connector's new connections guarded ones."""
    factory: Any = functools.partial(GuardedProtocol, connector._loop)
    connector._factory = factory
