"""aiohttp's connections, mended: one request, one well-framed response, no leftovers.

aiohttp pools, resolves, connects, dials proxies and does TLS. What is said over a
connection is not left to it: its parser's rules for the end of a response are lenient.

The seams: overriding `asyncio.Protocol`'s methods is public. Which protocol a connector
makes is not: that is `connector._factory`, set in one place below. A canary test fails
if aiohttp stops using it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DeadlineTimer,
    DisconnectedError,
    ReceivingProtocol,
    Response,
    ResponseReader,
    TransportError,
    arrivals,
)

__all__ = ["ReadingProtocol", "StaleConnectionError", "guard_connections"]


class StaleConnectionError(Exception):
    """A pooled connection can't be used again. Nothing was sent over it."""


class ReadingProtocol(ResponseHandler, ReceivingProtocol):
    """A connection that reads one response for each request. Else it is aiohttp's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._reader: ResponseReader | None = None
        self._used = False
        self._is_mute = False
        self._outcome: asyncio.Future[TransportError | None] | None = None
        self._deadline_timer = DeadlineTimer(loop)
        self._has_arrived: Callable[[], bool] = lambda: False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop; again once TLS is laid over a proxy's connection."""
        super().connection_made(transport)
        self._has_arrived = arrivals(transport.get_extra_info("socket").fileno())
        # After a TLS handshake the server may send tickets.
        self._is_mute = transport.get_extra_info("sslcontext") is None

    def require_clean(self) -> None:
        """Before a request is sent.

        Raises:
            StaleConnectionError: something lies between the last response and this request.
            ConnectError: the server spoke before it was asked, or hung up.
        """
        if not self._used:
            # Not stale: dialling again here would be a retry, and an endless one.
            if not self.is_connected():
                raise ConnectError("the connection ended while it was made")
            if self.should_close or (self._is_mute and self._is_readable()):
                raise ConnectError("the server spoke before it was asked, or hung up")
            return
        if not self.is_connected() or self.should_close or self._is_readable():
            raise StaleConnectionError

    def _is_readable(self) -> bool:
        """Whether bytes, or the end, wait in the kernel, where the loop has not seen them."""
        return self._has_arrived()

    async def exchange(self, message: bytes, reader: ResponseReader, deadline: float) -> Response:
        """Sends a request, and reads its response.

        Raises:
            TransportError: it never will be.
        """
        assert self.transport is not None  # noqa: S101 - require_clean() has just said so.
        self._reader, self._used = reader, True
        self._outcome = self._loop.create_future()
        self._deadline_timer.start(deadline, self._expired)
        try:
            self.transport.write(message)
            failure = await self._outcome
        finally:
            # An idle connection keeps no user's answer; nor does a traceback show the token.
            del message
            self._deadline_timer.stop()
            self._reader = self._outcome = None
        if failure is None:
            return reader.response()
        try:
            raise failure
        finally:
            del failure  # Kept here, it would hold this frame.

    def data_received(self, data: bytes) -> None:
        """Reads what belongs to the response that was asked for."""
        # No reader: a proxy's answer to CONNECT; or a server that speaks too early, which
        # `require_clean` finds out; or a request that is not ours.
        if self._reader is None and not self._used:
            super().data_received(data)
            return
        if self._reader is None or self._reader.complete:
            # Nobody has asked for these bytes: the connection is spoilt.
            self.abandon()
            return
        try:
            self._reader.feed(data)
        except TransportError as error:
            self._finish(error.with_traceback(None))
            self.abandon()
            return
        if self._reader.complete:
            # An answer to half a request: the other half would stand before the next one.
            if not self._reader.reusable or (
                self.transport is not None and self.transport.get_write_buffer_size()
            ):
                self.force_close()
            self._finish(None)

    def _expired(self) -> None:
        self._finish(DeadlineExceededError("no whole response before the deadline"))

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tells an end that is a truncation from one that ends the body."""
        self._deadline_timer.close()
        if self._reader is not None and not self._reader.complete:
            self._finish(self._end(self._reader, exc))
        super().connection_lost(exc)

    def _end(self, reader: ResponseReader, exc: BaseException | None) -> TransportError | None:
        try:
            reader.eof()
        except TransportError as error:
            return error.with_traceback(None)
        return None if exc is None else DisconnectedError("the connection was reset")

    def _finish(self, failure: TransportError | None) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(failure)

    def close(self) -> None:
        """Closes the connection at once. A response that is not complete never will be.

        In order, TLS would wait half a minute for the other side, and the socket with it.
        """
        self._finish(DisconnectedError("the connection was closed before the response was whole"))
        if self.transport is not None:
            self.transport.abort()
        super().close()

    def abandon(self) -> None:
        """Ends the connection at once, and for the pool: it is not kept."""
        self.force_close()
        if self.transport is not None:
            self.transport.abort()


def guard_connections(connector: aiohttp.BaseConnector) -> None:
    """Makes a connector's new connections ours."""
    factory: Any = functools.partial(ReadingProtocol, connector._loop)
    connector._factory = factory
