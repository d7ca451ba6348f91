"""Connect to a hop with the standard library."""

from __future__ import annotations

import asyncio
import socket

from usersmanager.transports import Deadline, Hop, connect_tcp, connect_tcp_async

__all__ = ["connect", "connect_async"]


def connect(hop: Hop, deadline: Deadline) -> socket.socket:
    """Return a connected socket, after the TLS handshake if the hop has TLS.

    Raises:
        TimeoutError: the deadline passed.
        OSError: the host cannot be resolved or reached, or the TLS handshake failed.
    """
    return hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)


async def connect_async(hop: Hop, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
    """Return a connected transport with the given protocol, without TLS.

    Raises:
        OSError: the host cannot be resolved or reached.
    """
    return await connect_tcp_async(hop.host, hop.port, protocol)
