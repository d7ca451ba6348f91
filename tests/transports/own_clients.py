"""Send requests over a client of the application: a PoolManager or a ClientSession."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import urllib3

from usersmanager import Request, Response
from usersmanager_aiohttp import ClientSessionTransport
from usersmanager_urllib3 import PoolManagerTransport

__all__ = ["OVER", "Outcome", "over_pool_manager", "over_session"]

Outcome = Response | Exception


def over_pool_manager(*requests: Request, client: Any = None, **settings: Any) -> list[Outcome]:
    """Send requests one after another, over a new PoolManager with settings; return what happens.

    Args:
        requests: in order.
        client: the settings of the client.
        settings: of the transport.
    """
    outcomes: list[Outcome] = []
    with urllib3.PoolManager(**(client or {})) as pools:
        transport = PoolManagerTransport(pools, **settings)
        for request in requests:
            try:
                outcomes.append(transport.send(request))
            except Exception as error:
                outcomes.append(error)
        transport.close()
        assert len(pools.pools) > 0, "the transport has closed the pools"
    return outcomes


def over_session(*requests: Request, client: Any = None, **settings: Any) -> list[Outcome]:
    """Do the same over a new ClientSession."""

    async def main() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with aiohttp.ClientSession(**(client or {})) as session:
            transport = ClientSessionTransport(session, **settings)
            for request in requests:
                try:
                    outcomes.append(await transport.asend(request))
                except Exception as error:
                    outcomes.append(error)
            await transport.aclose()
            assert not session.closed, "the transport has closed the session"
        return outcomes

    return asyncio.run(main())


OVER: dict[str, Any] = {"urllib3": over_pool_manager, "aiohttp": over_session}
