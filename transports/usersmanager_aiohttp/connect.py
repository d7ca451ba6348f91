"""Connect to a hop with aiohttp, without TLS.

Only `_detach` relies on undocumented behavior of aiohttp. A test fails if that changes.
"""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from usersmanager.transports import Hop

__all__ = ["Connector"]

# The engine cancels at the deadline. aiohttp would round a timeout up.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class Connector:
    """Opens connections in the running event loop."""

    def __init__(self) -> None:
        # The engine limits the connections. With the DNS cache, a call would wait for the
        # resolution of another call, and forever if that one was interrupted.
        self._connector = aiohttp.TCPConnector(limit=0, force_close=True, use_dns_cache=False)

    async def connect(self, hop: Hop, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
        """Return a connected transport with the given protocol.

        Raises:
            OSError: the host cannot be resolved or reached.
        """
        loop = asyncio.get_running_loop()
        request = aiohttp.ClientRequest("GET", URL(f"http://{hop.authority}"), loop=loop)
        try:
            connection = await self._connector.connect(request, [], _NO_TIMEOUT)
        except aiohttp.ClientConnectorError as error:
            raise error.os_error from error
        except aiohttp.ClientConnectionError as error:
            raise ConnectionError("aiohttp failed to connect") from error
        return _detach(connection, protocol)

    async def close(self) -> None:
        """Close aiohttp's connector."""
        await self._connector.close()


def _detach(
    connection: aiohttp.connector.Connection, protocol: asyncio.BaseProtocol
) -> asyncio.Transport:
    """Detach a transport from aiohttp, and give it another protocol."""
    handler, transport = connection.protocol, connection.transport
    if handler is None or transport is None:
        connection.close()
        raise ConnectionResetError("the connection ended while connecting")
    has_unexpected_data = handler.should_close
    transport.set_protocol(protocol)
    handler.connection_lost(None)  # Otherwise `connection.close` would close the transport.
    connection.close()
    if has_unexpected_data:
        transport.abort()
        raise ConnectionResetError("unexpected data or EOF on a new connection")
    return transport
