"""AsyncConnection: an asyncio connection for one exchange at a time, with its own TLS."""

from __future__ import annotations

import asyncio
import time
from typing import TypeAlias

from ..._values.deadline import Deadline
from ...errors import TransportError
from .error_mapping import exchange_error
from .parser import ResponseParser
from .poll import Poll
from .receiver import WeakProtocol
from .timer import DeadlineTimer
from .tls import TLSLayer

__all__ = ["AsyncConnection"]

_Reader: TypeAlias = ResponseParser | TLSLayer


class AsyncConnection(asyncio.Protocol):
    """A connection, plain or with one or two layers of TLS: to a proxy, and inside its tunnel.

    Any exception in a callback ends the exchange, even one that a signal handler raised:
    otherwise the task would wait until its deadline.

    Args:
        loop: the running event loop.

    Attributes:
        protocol: the asyncio protocol to connect with.
        peer: the address of the other end, once it is connected.
        opened_at: when it was made, in seconds of ``time.monotonic()``.
    """

    _is_readable: Poll

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._layers: tuple[TLSLayer, ...] = ()
        self._reader: _Reader | None = None
        self._outcome: asyncio.Future[BaseException | None] | None = None
        self._timer = DeadlineTimer(loop)
        self._transport: asyncio.Transport | None = None
        self._error: BaseException | None = None
        self.peer: object = None
        self.protocol: WeakProtocol = WeakProtocol(self, loop)
        self.opened_at: float = time.monotonic()

    def attach(self, transport: asyncio.Transport) -> None:
        """Use the connected transport of this protocol.

        Raises:
            TypeError: it has another protocol.
        """
        if transport.get_protocol() is not self.protocol:
            transport.abort()
            raise TypeError("aconnect must return a transport with the protocol of `hop.protocol`")
        self._transport = transport
        self.peer = transport.get_extra_info("peername")
        self._is_readable = Poll(transport.get_extra_info("socket").fileno())

    async def start_tls(self, layer: TLSLayer) -> None:
        """Establish a TLS connection inside the current layers.

        Raises:
            OSError: the handshake failed.
        """
        layer.receive_data(b"")
        await self.exchange(layer.data_to_send(), layer)

    async def exchange(
        self, message: bytes, reader: _Reader, deadline: Deadline | None = None
    ) -> None:
        """Send a message and receive its response.

        Raises:
            OSError: the connection ended.
            TransportError: the reader refused the response, or the deadline passed.
        """
        self._outcome = self._loop.create_future()
        self._reader = reader
        if deadline is not None:
            self._timer.start(deadline.moment, self._on_timeout)
        try:
            self._require_open()
            self._write(message)
            error = await self._outcome
        finally:
            # An idle connection must not keep a response, nor a traceback show the token.
            del message
            self._timer.stop()
            self._reader = self._outcome = None
        if error is not None:
            try:
                raise error
            finally:
                del error  # Break the reference cycle.

    def require_unused(self) -> None:
        """Check that nothing has arrived before the first request.

        Raises:
            OSError: the connection ended, or the server sent data.
        """
        self._require_open()
        # After a TLS handshake, session tickets may have arrived: they are expected.
        if not self._layers and self._is_readable():
            raise ConnectionResetError("unexpected data on a new connection, or its end")

    def _require_open(self) -> None:
        if self._error is not None:
            raise self._error
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection ended before it was used")

    def is_clean(self) -> bool:
        """Return whether the connection may carry another request."""
        return not (
            self._transport is None
            or self._transport.is_closing()
            # The event loop may not have read all data that has arrived.
            or self._is_readable()
        ) and all(layer.is_clean for layer in self._layers)

    def is_all_sent(self) -> bool:
        """Return whether the whole message was sent: a response may arrive before that."""
        return self._transport is not None and not self._transport.get_write_buffer_size()

    def close(self) -> None:
        """Close the connection at once. May be called twice."""
        self.protocol.abort()

    # Called by the event loop.

    def data_received(self, data: bytes) -> None:
        """Handle received data."""
        try:
            self._receive(data)
        except BaseException as error:
            self._fail(error)

    def eof_received(self) -> None:
        """Handle the end of the stream."""
        try:
            self._receive_eof(in_order=all(layer.has_ended for layer in self._layers))
        except BaseException as error:
            self._fail(error)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Handle the end of the connection."""
        try:
            if exc is None:
                # Only `eof_received` may complete a body: this end may be our own.
                self._receive_eof(in_order=False)
            else:
                self._fail(exc)
        except BaseException as error:
            self._fail(error)
        self._timer.close()  # Last, because the deadline must hold until the exchange ends.

    def _on_timeout(self) -> None:
        self._finish(exchange_error(TimeoutError()))

    def _receive(self, data: bytes) -> None:
        for depth, layer in enumerate(self._layers):
            data = layer.decrypt(data)
            self._write(layer.data_to_send(), depth)
        reader = self._reader
        if reader is None or reader.complete:
            if data:
                self.close()
            return
        if data:
            reader.receive_data(data)
        if isinstance(reader, TLSLayer):
            self._advance(reader)
        if reader.complete:
            self._finish(None)
        elif any(layer.has_ended for layer in self._layers):
            self._receive_eof(in_order=True)

    def _advance(self, handshake: TLSLayer) -> None:
        self._write(handshake.data_to_send())
        if handshake.complete:
            self._layers += (handshake,)
            # Data that arrived with the handshake is in the layer, where no callback sees it.
            if handshake.decrypt(b""):
                self.close()

    def _receive_eof(self, *, in_order: bool) -> None:
        reader = self._reader
        if reader is None or reader.complete:
            return
        reader.receive_eof(in_order=in_order)
        self._finish(None)

    def _write(self, data: bytes, depth: int | None = None) -> None:
        """Send data through the layers below a depth, by default through all."""
        if not data or self._transport is None:
            return
        for layer in reversed(self._layers[:depth]):
            data = layer.encrypt(data)
        self._transport.write(data)

    def _fail(self, error: BaseException) -> None:
        """End the exchange, and the connection, with an error."""
        if isinstance(self._reader, TLSLayer):
            self._write(self._reader.data_to_send())  # The alert.
        self.close()
        self._error = error
        is_expected = isinstance(error, OSError | TransportError)
        if not isinstance(error, Exception) or not (self._finish(error) or is_expected):
            # For the event loop, as no call can end with it. The loop keeps it, so without frames.
            raise error.with_traceback(None)

    def _finish(self, error: BaseException | None) -> bool:
        """End the exchange; return whether there was one to end."""
        if self._outcome is None or self._outcome.done():
            return False
        self._outcome.set_result(error)
        return True
