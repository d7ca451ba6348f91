"""Open a plain connection to one hop.

aiohttp's connector is not used: it makes protocols and keeps books of its own. In its resolver, a
name that hangs delays others and keeps the program from ending. Its Happy Eyeballs don't tell which
addresses failed, so a retry would begin with them.
"""

from __future__ import annotations

import asyncio

from usersmanager.transports import Hop, connect_tcp_async

__all__ = ["connect"]


async def connect(hop: Hop, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
    """Return a connected transport with the given protocol. The engine does TLS.

    Raises:
        OSError: no address can be resolved or reached.
    """
    return await connect_tcp_async(hop.host, hop.port, protocol)
