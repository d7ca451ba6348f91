"""UnixTransport: connects to a Unix domain socket."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from usersmanager.transports import AsyncHttp1Transport, Deadline, Hop, Http1Transport

__all__ = ["UnixTransport"]


class UnixTransport(Http1Transport, AsyncHttp1Transport):
    """Connects to a Unix domain socket, such as that of a sidecar, whatever the host of the URL.

    Args:
        path: the path of the socket. Override `path_to` if there are several.
        settings: those of `Http1Transport`.

    Example:
        `UsersManager("http://localhost", transport=UnixTransport("/run/idp.sock"))`
    """

    def __init__(self, path: str, **settings: Any) -> None:
        self._path = path
        super().__init__(**settings)

    def path_to(self, hop: Hop) -> str:
        """Return the path of the socket that leads to a hop."""
        return self._path

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        """Return a connected socket, after the TLS handshake if the URL is https."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(deadline.remaining_or_raise())
            sock.connect(self.path_to(hop))
        except BaseException:
            sock.close()
            raise
        return hop.secure(sock, deadline)

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a plain asyncio transport."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_unix_connection(hop.protocol, self.path_to(hop))
        return transport
