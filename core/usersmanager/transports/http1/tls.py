"""TLS over any stream of bytes, sans I/O: ciphertext in, plaintext out, and the reverse.

Needed inside another TLS connection, and in asyncio, whose own TLS does not show whether an idle
connection has received a part of a record.
"""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401 - ssl would import it in the event loop, for the first name.
import ssl
from functools import lru_cache

from .tls_errors import do_handshake

__all__ = ["TLSLayer", "default_ssl_context", "new_ssl_context"]

# RFC 8446, section 5.1: a record has a header of 5 bytes, the last 2 of them its length.
_HEADER_SIZE = 5
_LARGEST_RECORD = 16384


# Reading the system's certificates takes tens of milliseconds.
@lru_cache(maxsize=1)
def default_ssl_context() -> ssl.SSLContext:
    """Return the TLS settings that the shipped transports use by default.

    Returns:
        A context that trusts the authorities of the system, checks host names, and accepts TLS 1.2
        or newer. Every call returns the same context: don't change it.

    Example::

        context = ssl_context or default_ssl_context()
    """
    return new_ssl_context()


def new_ssl_context(cafile: str | None = None) -> ssl.SSLContext:
    """Return a context that checks host names, for HTTP/1.1 over TLS 1.2 or newer.

    Args:
        cafile: the path of a PEM file with the authorities to trust, in place of the system's.

    Raises:
        OSError: the file cannot be read.
        ssl.SSLError: it contains no certificate.
    """
    context = ssl.create_default_context(cafile=cafile)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


class RecordBoundary:
    """Finds where TLS records end, by their headers."""

    __slots__ = ("_header", "_remaining")

    def __init__(self) -> None:
        self._header = b""
        self._remaining = 0

    def follow(self, data: bytes) -> None:
        """Follow the records through received bytes."""
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
        """Whether the last record is complete."""
        return not self._remaining and not self._header


class TLSLayer:
    """The client's side of one TLS connection.

    Args:
        context: the TLS settings.
        server_hostname: the name that the certificate must match.

    Attributes:
        complete: whether the handshake is. Until then, the layer reads it, like a `ResponseParser`
            a response.
        has_ended: whether the server has sent close_notify.
    """

    __slots__ = ("_boundary", "_incoming", "_outgoing", "_tls", "complete", "has_ended")

    def __init__(self, context: ssl.SSLContext, server_hostname: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_hostname
        )
        self._boundary = RecordBoundary()
        self.complete: bool = False
        self.has_ended: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether it is open, and no incomplete record has been received."""
        return self._boundary.is_reached and not self.has_ended

    def data_to_send(self) -> bytes:
        """Return the ciphertext of TLS's own messages: handshake, alert."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def receive_data(self, data: bytes) -> None:
        """Handle received data of the handshake; b"" starts it.

        Raises:
            ssl.SSLError: it failed. `data_to_send` may return an alert.
        """
        self._boundary.follow(data)
        self._incoming.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            do_handshake(self._tls)
            self.complete = True

    def receive_eof(self, *, in_order: bool = True) -> None:
        """Raise the error for an incomplete handshake."""
        raise ConnectionResetError("the connection ended within the TLS handshake")

    def encrypt(self, data: bytes | memoryview) -> bytes:
        """Return the ciphertext of application data."""
        self._tls.write(data)
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        """Handle received ciphertext; return the application data in it.

        Raises:
            ssl.SSLError: a record is malformed, or the server sent an alert.
        """
        self._boundary.follow(data)
        self._incoming.write(data)
        pieces = []
        with contextlib.suppress(ssl.SSLWantReadError):
            while piece := self._read():
                pieces.append(piece)
                if not self._incoming.pending and not self._tls.pending():
                    break
            else:
                self.has_ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read(self) -> bytes:
        try:
            return self._tls.read(_LARGEST_RECORD)
        except ssl.SSLZeroReturnError:
            return b""
