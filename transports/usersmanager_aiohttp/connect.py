"""Open a plain connection to one hop as aiohttp does: its resolver, and Happy Eyeballs.

aiohttp's connector is not used: it makes protocols and keeps books of its own.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohappyeyeballs import start_connection

from usersmanager.transports import Hop, LoopLocal, resolving

__all__ = ["Connector"]

_AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
# RFC 8305, section 5: "Connection Attempt Delay".
_ATTEMPT_DELAY = 0.25


class Connector:
    """Opens connections. Each event loop has a resolver."""

    def __init__(self) -> None:
        self._resolvers = LoopLocal(aiohttp.DefaultResolver, lambda resolver: resolver.close())

    async def connect(self, hop: Hop, protocol: Any) -> asyncio.Transport:
        """Return a connected transport with the given protocol. The engine does TLS.

        Raises:
            OSError: no address can be resolved or reached.
        """
        addresses = await self._resolve(hop)
        sock = await start_connection(addresses, happy_eyeballs_delay=_ATTEMPT_DELAY, interleave=1)
        try:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(protocol, sock=sock)
        except BaseException:
            sock.close()
            raise
        return transport

    async def _resolve(self, hop: Hop) -> list[_AddressInfo]:
        try:
            version = ip_address(hop.host).version
        except ValueError:
            return await self._look_up(hop)
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        return [_address_info(family, hop.host, hop.port)]

    async def _look_up(self, hop: Hop) -> list[_AddressInfo]:
        lookup = self._resolvers.get().resolve(hop.host, hop.port, family=socket.AF_UNSPEC)
        try:
            hosts = await resolving(lookup)
        except OSError as error:  # Of a resolver over aiodns, it says no more.
            raise socket.gaierror(*error.args) from error
        if not hosts:
            raise socket.gaierror("the host has no address")
        return [_address_info(host["family"], host["host"], host["port"]) for host in hosts]

    async def close(self) -> None:
        """Close the resolvers."""
        await self._resolvers.close()


def _address_info(family: int, host: str, port: int) -> _AddressInfo:
    address = (host, port) if family == socket.AF_INET else (host, port, 0, 0)
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address
