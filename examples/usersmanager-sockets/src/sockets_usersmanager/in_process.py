"""InProcessTransport: connects to a server in the same process, over socket pairs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from usersmanager.transports import AsyncHttp1Transport, Deadline, Hop, Http1Transport

__all__ = ["InProcessTransport"]


class InProcessTransport(Http1Transport, AsyncHttp1Transport):
    """Connects to a server in the same process. No port is opened, and no file.

    Args:
        serve: is called with the server's end of each connection and its hop. It must return at
            once, and let a thread or task read from the socket. It may raise an OSError to refuse.
        settings: those of `Http1Transport`.

    Example:
        `UsersManager("http://localhost", transport=InProcessTransport(server.add_connection))`
    """

    def __init__(self, serve: Callable[[socket.socket, Hop], object], **settings: Any) -> None:
        self._serve = serve
        super().__init__(**settings)

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        """Return the client's end of a new pair, after the TLS handshake if the URL is https."""
        return hop.secure(self._pair(hop), deadline)

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a plain asyncio transport over the client's end of a new pair."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(hop.protocol, sock=self._pair(hop))
        return transport

    def _pair(self, hop: Hop) -> socket.socket:
        ours, theirs = socket.socketpair()
        try:
            self._serve(theirs, hop)
        except BaseException:
            ours.close()
            theirs.close()
            raise
        return ours
