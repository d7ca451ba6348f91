"""One connection of the asyncio half."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from usersmanager import (
    DeadlineExceededError,
    DeadlineTimer,
    ReceivingProtocol,
    Request,
    TransportError,
    arrivals,
    exchange_failure,
)

from .exchange import Exchange
from .settings import message_of

__all__ = ["Connection"]


class Connection(ReceivingProtocol):
    """A connection, plain or TLS, that carries one exchange at a time.

    Attributes:
        lost: done once the connection is no more.
        is_fresh: whether nothing has come over it yet.
    """

    __slots__ = (
        *("_done", "_exchange", "_has_arrived", "_loop", "_timer", "_transport"),
        *("is_fresh", "lost"),
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._exchange: Exchange | None = None
        self._timer = DeadlineTimer(loop)
        self.lost: asyncio.Future[None] = loop.create_future()
        self.is_fresh = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast(asyncio.Transport, transport)
        self._has_arrived = arrivals(transport.get_extra_info("socket").fileno())

    def is_quiet(self) -> bool:
        """Whether neither bytes nor the end have come, not even where the loop hasn't looked."""
        return not self._transport.is_closing() and not self._has_arrived()

    def is_all_sent(self) -> bool:
        """Whether nothing of the request still waits: an answer may come before its end."""
        return not self._transport.get_write_buffer_size()

    async def carry(self, request: Request, exchange: Exchange) -> None:
        """Sends a request and waits until its response is complete."""
        self.is_fresh = False
        self._exchange = exchange
        self._done: asyncio.Future[TransportError | None] = self._loop.create_future()
        self._timer.start(request.deadline, self._expired)
        try:
            self._transport.write(message_of(request))
            failure = await self._done
        finally:
            self._timer.stop()
            self._exchange = None
        if failure is not None:
            raise failure

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self.is_fresh = False
        if self._exchange is None:
            self.close()  # Nobody has asked for these bytes: the connection is spoilt.
            return
        try:
            self._exchange.feed(data)
        except TransportError as error:
            self._end(error)
        if self._exchange.complete:
            self._end(None)

    def eof_received(self) -> None:
        """Called by the event loop."""
        self._receive_end(in_order=self._is_tls_at_its_end())

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.is_fresh = False
        self.lost.set_result(None)
        self._timer.close()
        if exc is None:
            self._receive_end(in_order=False)
        elif self._exchange is not None:
            self._end(exchange_failure(exc))

    def _receive_end(self, *, in_order: bool) -> None:
        self.is_fresh = False
        if self._exchange is None:
            return
        try:
            self._exchange.eof(in_order=in_order)
        except TransportError as error:
            self._end(error)
        else:
            self._end(None)

    def _is_tls_at_its_end(self) -> bool:
        """Whether TLS, if there is any, has said that this is the end. The loop does not tell."""
        tls = self._transport.get_extra_info("ssl_object")
        try:
            return tls is None or not tls.read(1)
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False

    def close(self) -> None:
        """Closes the connection at once. It may be closed already."""
        self._transport.abort()

    def _expired(self) -> None:
        self._end(DeadlineExceededError("no whole response before the deadline"))

    def _end(self, failure: TransportError | None) -> None:
        if not self._done.done():
            self._done.set_result(failure)
