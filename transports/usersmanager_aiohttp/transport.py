"""AiohttpTransport: sends requests over connections that aiohttp opens."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from usersmanager.transports import AsyncHttp1Transport, Hop

__all__ = ["AiohttpTransport"]


class AiohttpTransport(AsyncHttp1Transport):
    """Sends requests over pooled connections that aiohttp opens. Each event loop has a pool.

    The settings are those of `Http1Transport`.

    Example::

        AsyncUsersManager(url, transport=AiohttpTransport(pool_size=10))
    """

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a connected transport; see `AsyncHttp1Transport.aconnect`."""
        addresses = _Addresses(hop)
        winner = None
        try:
            try:
                transport = await _connect(hop, addresses)
            except _AllTriedError:
                addresses.keep_last()
                transport = await _connect(hop, addresses)
            winner = transport.get_extra_info("peername")
        except aiohttp.ClientConnectorError as error:
            raise error.os_error from error
        except aiohttp.InvalidURL as error:
            raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
        finally:
            addresses.end(winner)
        return transport


class _AllTriedError(RuntimeError):
    """No address can be reached. aiohttp passes a RuntimeError on, unlike an OSError.

    It would try all addresses but the first again, then all but two, and so on: 50 that refuse
    would get 1,275 attempts. So it is stopped, and tries the last one again, for its error.
    """


class _Addresses(AbstractResolver):
    """The addresses of a hop, and those to which aiohttp has tried to connect."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        self._resolved: list[ResolveResult] = []
        self._remaining = 1
        self._attempts: dict[socket.socket, object] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses in the order in which aiohttp should try them."""
        self._resolved = self._resolved or [
            ResolveResult(
                hostname=host,
                host=address.sockaddr[0],
                port=address.sockaddr[1],
                family=address.family,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._hop.aresolve()
        ]
        self._remaining = len(self._resolved)
        return self._resolved

    async def close(self) -> None:
        """Nothing is open."""

    def keep_last(self) -> None:
        """Return only the last address from now on."""
        self._resolved = self._resolved[-1:]

    def open_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Return a socket for an attempt to connect."""
        self._remaining -= 1
        if self._remaining < 0:
            raise _AllTriedError
        family, kind, protocol, _, sockaddr = address
        sock = socket.socket(family, kind, protocol)
        self._attempts[sock] = sockaddr
        return sock

    def end(self, winner: object) -> None:
        """Avoid the addresses that did not win. If there is no winner, close all connections."""
        for sock, sockaddr in self._attempts.items():
            if sockaddr != winner:
                self._hop.avoid(sockaddr)
            if winner is None:
                # One that has connected belongs to the event loop, which closes it at its end.
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


async def _connect(hop: Hop, addresses: _Addresses) -> asyncio.Transport:
    """Let aiohttp open a connection, and take it over: aiohttp forgets it.

    This is all that uses what aiohttp does not document: the arguments of `TCPConnector.connect`,
    and the `ResponseHandler`, its protocol.
    """
    connector = aiohttp.TCPConnector(
        resolver=addresses,
        socket_factory=addresses.open_socket,
        use_dns_cache=False,
        limit=0,
        force_close=True,
        happy_eyeballs_delay=0.25,
        interleave=1,
    )
    url = URL.build(scheme="http", host=hop.host, port=hop.port)
    request = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop())
    connection = await connector.connect(request, [], aiohttp.ClientTimeout())
    try:
        transport, handler = connection.transport, connection.protocol
        if transport is None or handler is None or transport.is_closing() or handler.should_close:
            raise ConnectionResetError("unexpected data or EOF on a new connection")
        protocol = hop.protocol()
        protocol.connection_made(transport)
        transport.pause_reading()
        transport.set_protocol(protocol)
        handler.connection_lost(None)
        transport.resume_reading()
    finally:
        connection.close()
    return transport
