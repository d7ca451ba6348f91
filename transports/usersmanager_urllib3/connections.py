"""urllib3's connections, mended: one deadline, one well-framed response, no leftovers.

The seams: `ConnectionCls` of a pool, `connect`, `request`, `getresponse` and
`is_connected` of a connection; all public. `_new_conn` is not: it is where urllib3
resolves and dials, each address with the whole timeout. A canary test fails if urllib3
stops calling it.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from usersmanager import ResponseGuard, TransportError

from .dialing import dial
from .failures import of_connecting
from .sockets import GuardedSocket

__all__ = ["POOL_CLASSES"]


class _Guarded(HTTPConnection):
    """What the plain and the TLS connection have in common."""

    _exact = False

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
        # http.client wants a socket; this is as much of one as it uses.
        self.sock: Any = GuardedSocket(self.sock)
        self.sock.settimeout(self.timeout or 0.0)

    def _new_conn(self) -> socket.socket:
        deadline = time.monotonic() + float(self.timeout or 0)
        return dial(self.host.strip("[]"), self.port or 0, deadline, self.socket_options or ())

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Sends a request. If it says `Connection: close`, the answer's end must be certain."""
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        self._exact = (kwargs.get("headers") or {}).get("Connection") == "close"
        super().request(method, url, *args, **kwargs)

    # urllib3 itself overrides http.client's with another type.
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        """The response, seen by a guard of its own."""
        self.sock.begin(ResponseGuard(exact=self._exact))
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use it again."""
        if isinstance(self.sock, GuardedSocket) and not self.sock.is_clean:
            return False
        # urllib3 itself sees what waits in the kernel.
        return super().is_connected


class _GuardedPlain(_Guarded):
    pass


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _GuardedPlain


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


POOL_CLASSES: dict[str, type[urllib3.HTTPConnectionPool]] = {"http": _PlainPool, "https": _TLSPool}
