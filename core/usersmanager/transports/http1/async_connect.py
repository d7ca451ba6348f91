"""Connect like `connect.py`, in an event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from .addresses import ATTEMPT_DELAY, Address, avoid
from .resolver import resolve_async

__all__ = ["connect_tcp_async"]


async def connect_tcp_async(
    host: str, port: int, protocol: Callable[[], asyncio.BaseProtocol]
) -> asyncio.Transport:
    """Return a connected transport, without TLS.

    The addresses are tried one after another, the next one after 250 ms, or at once after a
    failure. The first that accepts wins (RFC 8305).

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.
        protocol: makes the protocol of the transport.

    Raises:
        OSError: the host can't be resolved, or none of its addresses can be reached.

    Example::

        return await connect_tcp_async(hop.host, hop.port, hop.protocol)
    """
    addresses = await resolve_async(host, port)
    if len(addresses) == 1:
        sock = await _connect(host, port, addresses[0])
    else:
        sock = await _race(host, port, addresses)
    try:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(protocol, sock=sock)
    except BaseException:
        sock.close()
        raise
    return transport


async def _race(host: str, port: int, addresses: list[Address]) -> socket.socket:
    waiting = addresses[::-1]
    attempts: set[asyncio.Task[socket.socket]] = set()
    last_error = OSError("no address was tried")
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(asyncio.create_task(_connect(host, port, waiting.pop())))
            done, _ = await asyncio.wait(
                attempts,
                timeout=ATTEMPT_DELAY if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for attempt in done:
                attempts.discard(attempt)
                if not isinstance(error := attempt.exception(), OSError):
                    return attempt.result()
                last_error = error
        raise last_error
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_close)
        del last_error  # Break the reference cycle.


async def _connect(host: str, port: int, address: Address) -> socket.socket:
    sock = None
    try:
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
    except BaseException:  # Also if another address was faster.
        if sock is not None:
            sock.close()
        avoid(host, port, address.sockaddr)
        raise
    return sock


def _close(attempt: asyncio.Task[socket.socket]) -> None:
    """Close the socket of an attempt that has connected, although another one won."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()
