"""NativeTransport: connections of the standard library, for threads and for asyncio."""

from __future__ import annotations

import asyncio
import socket

from usersmanager.transports import (
    AsyncHttp1Transport,
    Deadline,
    Hop,
    Http1Transport,
    connect_tcp,
    connect_tcp_async,
)

__all__ = ["NativeTransport"]


class NativeTransport(Http1Transport, AsyncHttp1Transport):
    """Sends requests over sockets and asyncio. One pool for threads, one for each event loop.

    The settings are those of `Http1Transport`.

    Example::

        UsersManager(url, transport=NativeTransport(pool_size=10))
    """

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        """Return a connected socket; see `Http1Transport.connect`."""
        return hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a connected transport; see `AsyncHttp1Transport.aconnect`."""
        return await connect_tcp_async(hop.host, hop.port, hop.protocol)
