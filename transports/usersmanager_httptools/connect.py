"""Connect to a hop with the standard library."""

from __future__ import annotations

import asyncio
import socket

from usersmanager.transports import Deadline, Hop, connect_tcp, resolving

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
    loop = asyncio.get_running_loop()
    addresses = await resolving(loop.getaddrinfo(hop.host, hop.port, type=socket.SOCK_STREAM))
    last_error = OSError("the host has no address")
    for family, _, _, _, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, address)
            transport, _ = await loop.create_connection(lambda: protocol, sock=sock)
        except BaseException as error:
            sock.close()
            if not isinstance(error, OSError):
                raise
            last_error = error
        else:
            return transport
    try:
        raise last_error
    finally:
        del last_error  # Break the reference cycle.
