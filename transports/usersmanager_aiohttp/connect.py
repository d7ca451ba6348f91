"""Open a plain connection to one hop with aiohttp: names, addresses, TCP.

Everything that aiohttp does not document is in `_take_over`. A test fails if it changes.
"""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from usersmanager.transports import Hop

__all__ = ["Connector"]

# The engine has the deadline. aiohttp would round its own up.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class Connector:
    """Opens connections. Made inside the running event loop."""

    def __init__(self) -> None:
        # No limit, the engine has one. No cache of names: a call would wait for the look-up
        # of another, and for ever if that one was interrupted.
        self._connector = aiohttp.TCPConnector(limit=0, force_close=True, use_dns_cache=False)

    async def connect(self, hop: Hop, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
        """Return a connected transport with the given protocol.

        Raises:
            OSError: no address can be resolved or reached.
        """
        loop = asyncio.get_running_loop()
        address = aiohttp.ClientRequest("GET", URL(f"http://{hop.authority}"), loop=loop)
        try:
            connection = await self._connector.connect(address, [], _NO_TIMEOUT)
        except aiohttp.ClientConnectorError as error:
            raise error.os_error from error
        except aiohttp.ClientConnectionError as error:
            raise ConnectionError("aiohttp made no connection") from error
        return _take_over(connection, protocol)

    async def close(self) -> None:
        """Close what is left of aiohttp's."""
        await self._connector.close()


def _take_over(
    connection: aiohttp.connector.Connection, protocol: asyncio.BaseProtocol
) -> asyncio.Transport:
    """Give a connection's transport to a protocol, and let aiohttp forget it."""
    handler, transport = connection.protocol, connection.transport
    if handler is None or transport is None:
        connection.close()
        raise ConnectionResetError("the connection ended while it was made")
    has_unexpected_data = handler.should_close
    transport.set_protocol(protocol)
    handler.connection_lost(None)  # Else closing aiohttp's connection would close the transport.
    connection.close()
    if has_unexpected_data:
        transport.abort()
        raise ConnectionResetError("the server sent data before it was asked")
    return transport
