"""TLS over any stream of bytes, sans I/O: ciphertext in, plaintext out, and the reverse.

Used where a socket can't do TLS itself: in asyncio, and inside another TLS connection.
asyncio's own TLS hides what the rule for idle connections needs to know: whether a part of a
record has arrived.
"""

from __future__ import annotations

import ssl

__all__ = ["Handshake", "TLSLayer"]

# RFC 8446, section 5.1: a record has a header of 5 bytes, the last 2 of them its length.
_HEADER_SIZE = 5
_LARGEST_RECORD = 16384


class RecordBoundary:
    """Follows the headers of TLS records, to know where one ends."""

    __slots__ = ("_header", "_remaining")

    def __init__(self) -> None:
        self._header = b""
        self._remaining = 0

    def follow(self, data: bytes) -> None:
        """Take note of received bytes."""
        position = 0
        while position < len(data):
            if not self._remaining:
                missing = _HEADER_SIZE - len(self._header)
                self._header += data[position : position + missing]
                position += missing
                if len(self._header) < _HEADER_SIZE:
                    return
                self._remaining = int.from_bytes(self._header[3:])
                self._header = b""
            step = min(self._remaining, len(data) - position)
            self._remaining -= step
            position += step

    @property
    def is_reached(self) -> bool:
        """Whether the last record is whole."""
        return not self._remaining and not self._header


class TLSLayer:
    """The client's side of one TLS connection.

    Args:
        context: the TLS settings.
        server_hostname: the name the certificate must be for.

    Attributes:
        has_ended: whether the server has announced the end (close_notify).
    """

    __slots__ = ("_boundary", "_incoming", "_outgoing", "_tls", "has_ended")

    def __init__(self, context: ssl.SSLContext, server_hostname: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_hostname
        )
        self._boundary = RecordBoundary()
        self.has_ended = False

    @property
    def is_clean(self) -> bool:
        """Whether it is open, and no part of a record is waiting for the rest of it."""
        return self._boundary.is_reached and not self.has_ended

    def data_to_send(self) -> bytes:
        """Return the ciphertext that TLS itself wants to send: a handshake, an alert."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def advance_handshake(self, data: bytes) -> bool:
        """Take what was received; return whether the handshake is complete.

        Raises:
            ssl.SSLError: it failed. There may be an alert to send.
        """
        self._boundary.follow(data)
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def encrypt(self, data: bytes | memoryview) -> bytes:
        """Return the ciphertext of application data."""
        self._tls.write(data)
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        """Take received ciphertext; return the application data in it.

        Raises:
            ssl.SSLError: a record is not what it should be, or the server sent an alert.
        """
        self._boundary.follow(data)
        self._incoming.write(data)
        pieces = []
        try:
            while piece := self._tls.read(_LARGEST_RECORD):
                pieces.append(piece)
                if not self._incoming.pending and not self._tls.pending():
                    break
            else:
                self.has_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.has_ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Handshake:
    """Reads the server's side of a handshake, as a `Reader` reads a response.

    Args:
        layer: the connection to establish.

    Attributes:
        layer: the same.
        complete: whether the layer may be used.
    """

    __slots__ = ("complete", "layer")

    def __init__(self, layer: TLSLayer) -> None:
        self.layer = layer
        self.complete = False

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        self.complete = self.layer.advance_handshake(data)

    def data_to_send(self) -> bytes:
        """Return what the handshake wants to send next."""
        return self.layer.data_to_send()

    def eof(self, *, in_order: bool = True) -> None:
        """Take note that the connection has ended."""
        raise ConnectionResetError("the connection ended within the TLS handshake")
