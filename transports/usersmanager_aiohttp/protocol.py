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
import select
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from usersmanager import DisconnectedError, ProtocolError, Response, ResponseReader, TransportError

__all__ = ["ReadingProtocol", "StaleConnectionError", "guard_connections"]


class StaleConnectionError(Exception):
    """A pooled connection can't be used again. Nothing was sent over it."""


class ReadingProtocol(ResponseHandler):
    """A connection that reads one response for each request. Else it is aiohttp's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._reader: ResponseReader | None = None
        self._outcome: asyncio.Future[TransportError | None] | None = None

    def require_clean(self) -> None:
        """Before a request is sent.

        Raises:
            StaleConnectionError: something lies between the last response and this request.
            ProtocolError: the server spoke before it was asked.
        """
        if self._reader is None and self.should_close:
            raise ProtocolError("the server spoke before it was asked", phase="not sent")
        used = self._reader is not None
        if not self.is_connected() or self.should_close or (used and self._is_readable()):
            raise StaleConnectionError

    def _is_readable(self) -> bool:
        """Whether bytes, or the end, wait in the kernel, where the loop has not seen them."""
        assert self.transport is not None  # noqa: S101 - is_connected() has just said so.
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    async def exchange(self, message: bytes, reader: ResponseReader) -> Response:
        """Sends a request, and reads its response.

        Raises:
            TransportError: it never will be.
        """
        assert self.transport is not None  # noqa: S101 - require_clean() has just said so.
        self._reader = reader
        self._outcome = self._loop.create_future()
        self.transport.write(message)
        failure = await self._outcome
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
        if self._reader is None:
            super().data_received(data)
            return
        if self._reader.complete:
            # Nobody has asked for these bytes: the connection is spoilt.
            self._abort()
            return
        try:
            self._reader.feed(data)
        except TransportError as error:
            self._finish(error.with_traceback(None))
            self._abort()
            return
        if self._reader.complete:
            if not self._reader.reusable:
                self.force_close()
            self._finish(None)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tells an end that is a truncation from one that ends the body."""
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

    def _abort(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.abort()


def guard_connections(connector: aiohttp.BaseConnector) -> None:
    """Makes a connector's new connections ours."""
    factory: Any = functools.partial(ReadingProtocol, connector._loop)
    connector._factory = factory
