"""urllib3's connections, mended: one deadline, one well-framed response, no leftovers.

urllib3 pools, dials proxies and does TLS. What is said over a connection is not left to
it: http.client's rules for the end of a response are lenient, and its parser is a third
of a call's time.

The seams: `ConnectionCls` of a pool, `connect`, `request` and `getresponse` of a
connection, all public; and that a pool looks for bytes on an idle connection. One is
not public, `_new_conn`: there urllib3 resolves and dials, each address with the whole
timeout. Canary tests fail if urllib3 stops using one of them.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from usersmanager import (
    ConnectError,
    Response,
    ResponseReader,
    TransportError,
    dial,
    encode_request,
)

from .failures import of_connecting
from .sockets import DeadlineSocket, TunnelSocket

__all__ = ["ReadResponse", "StaleConnectionError", "pool_classes"]


class StaleConnectionError(Exception):
    """A pooled connection can't be used again. Nothing was sent over it."""


class ReadResponse(urllib3.HTTPResponse):
    """A response that has been read to its end, as urllib3's pool handles one.

    Attributes:
        received: the response itself.
    """

    def __init__(self, received: Response) -> None:
        super().__init__(status=received.status, preload_content=False)
        self.received = received


class _Guarded(HTTPConnection):
    """What the plain and the TLS connection have in common."""

    body_limit = 0
    _exact = False
    _once = False
    _is_mute = False
    _used = False

    def connect(self) -> None:
        """Connects. What goes wrong here is certainly "not sent"."""
        failure: TransportError | None = None
        try:
            super().connect()
        except Exception as error:
            failure = of_connecting(error)
        if failure is not None:
            self.close()
            try:
                raise failure
            finally:
                del failure  # Kept here, it would hold this frame, and it the connection.
        # TLS within TLS is urllib3's own, and holds back bytes that the kernel can't show.
        self._once = not isinstance(self.sock, socket.socket)
        # After a TLS handshake the server may send tickets.
        self._is_mute = not isinstance(self.sock, ssl.SSLSocket)
        self._used = False
        self.sock: Any = DeadlineSocket(self.sock)

    def _new_conn(self) -> socket.socket:
        deadline = time.monotonic() + float(self.timeout or 0)
        sock = dial(self.host.strip("[]"), self.port or 0, deadline, self.socket_options or ())
        return sock if self.proxy is None else TunnelSocket(sock, deadline)

    # urllib3 has more kinds of bodies and more options, which this client never gives.
    def request(  # type: ignore[override] # urllib3 itself overrides http.client's so.
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_options: Any,
    ) -> None:
        """Sends a request. If it says `Connection: close`, the answer's end must be certain."""
        if self.sock is None:
            self.connect()
        fields = headers or {}
        self._exact = fields.get("Connection") == "close"
        self.sock.settimeout(self.timeout or 0.0)
        message = encode_request(method, url, fields, body)
        self._require_quiet()
        self._used = True
        self.sock.sendall(message)

    def _require_quiet(self) -> None:
        # The pool has looked, but a while ago: what comes after this look can't be told apart.
        if not self.sock.has_arrived():
            return
        if self._used:
            raise StaleConnectionError
        if self._is_mute:
            raise ConnectError("the server spoke before it was asked, or hung up")

    def getresponse(self) -> ReadResponse:  # type: ignore[override] # The same.
        """The whole response."""
        self.sock.settimeout(self.timeout or 0.0)
        reader = ResponseReader(exact=self._exact, limit=self.body_limit)
        received = self.sock.receive(reader)
        if not reader.reusable or self._once:
            self.close()  # The pool connects it anew.
        return ReadResponse(received)


@lru_cache(maxsize=8)
def pool_classes(body_limit: int) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """What `pool_classes_by_scheme` of a PoolManager is set to.

    Args:
        body_limit: a larger body, in bytes, is a BodyTooLargeError.
    """
    limit = body_limit

    class Plain(_Guarded):
        body_limit = limit

    class TLS(_Guarded, HTTPSConnection):
        body_limit = limit

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class TLSPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = TLS

    return {"http": PlainPool, "https": TLSPool}
