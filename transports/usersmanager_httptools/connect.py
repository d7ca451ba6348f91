"""Connect to a hop with the standard library."""

from __future__ import annotations

import asyncio
import socket

from usersmanager.transports import Deadline, Hop, connect_tcp

__all__ = ["connect", "connect_async"]


def connect(hop: Hop, deadline: Deadline) -> socket.socket:
    """Return a connected socket, after the TLS handshake if the hop has TLS.

    Raises:
        TimeoutError: the deadline passed.
        OSError: the host cannot be resolved or reached, or the TLS handshake failed.
    """
    sock = connect_tcp(hop.host, hop.port, deadline)
    if hop.ssl_context is None:
        return sock
    try:
        return hop.ssl_context.wrap_socket(sock, server_hostname=hop.host)
    except BaseException:
        sock.close()
        raise


async def connect_async(hop: Hop, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
    """Return a connected transport with the given protocol, without TLS.

    Raises:
        OSError: the host cannot be resolved or reached.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: protocol, hop.host, hop.port)
    return transport
