"""The server's side of a TLS connection, over memory."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

from usersmanager.testing.certificates import client_context, server_context
from usersmanager.transports.http1.tls import TLSLayer

__all__ = ["MemoryServer", "new_layer"]


class MemoryServer:
    """OpenSSL's server.

    Args:
        settings: those of `server_context`.

    Attributes:
        is_connected: whether the handshake is complete.
        alert: OpenSSL's name for what the client reported, or "".
    """

    def __init__(self, **settings: Any) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = server_context(**settings).wrap_bio(
            self.incoming, self.outgoing, server_side=True
        )
        self.is_connected = False
        self.alert = ""

    def answer(self, data: bytes) -> bytes:
        """Handle a message of the handshake; return the next one."""
        self.incoming.write(data)
        try:
            self.tls.do_handshake()
            self.is_connected = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.alert = error.reason or ""
        return self.outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self.outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        self.incoming.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            return self.tls.read()
        return b""

    def end(self) -> bytes:
        """Return a close_notify alert."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self.outgoing.read()


def new_layer() -> TLSLayer:
    """Return the client's side of a connection to "localhost"."""
    return TLSLayer(client_context(), "localhost")
