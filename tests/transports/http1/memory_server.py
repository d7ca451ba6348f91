"""The server's side of a TLS connection, over memory."""

from __future__ import annotations

import contextlib
import ssl
from collections import deque
from typing import Any

from usersmanager.testing.certificates import client_context, server_context
from usersmanager.transports.http1.tls import TLSLayer

__all__ = ["Answering", "MemoryServer", "new_layer"]


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


class Answering(TLSLayer):
    """A client's layer that answers what it receives, like one that gets a KeyUpdate of TLS 1.3.

    Attributes:
        answers: what it sends instead of its own data, in order.
    """

    def __init__(self) -> None:
        super().__init__(client_context(), "localhost")
        self.answers: deque[bytes] = deque()

    def data_to_send(self) -> bytes:
        return self.answers.popleft() if self.answers else super().data_to_send()


def new_layer() -> TLSLayer:
    """Return the client's side of a connection to "localhost"."""
    return TLSLayer(client_context(), "localhost")
