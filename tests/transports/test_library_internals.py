"""Undocumented behavior of the HTTP libraries on which the transports rely.

A failure means that a new release has changed it, and a guarantee no longer holds.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from usersmanager import UsersManager
from usersmanager.testing import FaultServer
from usersmanager.testing.contracts.scripts import ending
from usersmanager_urllib3 import connect


def test_urllib3_connects_through_new_conn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one deadline would not cover name resolution and several addresses."""
    connected: list[str] = []
    connect_tcp = connect.connect_tcp

    def record(host: str, *rest: Any) -> Any:
        connected.append(host)
        return connect_tcp(host, *rest)

    monkeypatch.setattr(connect, "connect_tcp", record)
    with FaultServer() as server, UsersManager(server.origin) as users:
        users.get_info("t")
    assert connected == ["127.0.0.1"]


def test_aiohttp_still_repeats_a_request_after_a_disconnect() -> None:
    """Otherwise `_SendOnce` could be removed."""

    async def get(origin: str) -> None:
        async with aiohttp.ClientSession() as session, session.get(origin) as response:
            await response.read()

    with FaultServer(*[ending(b"")] * 3) as server:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            asyncio.run(get(server.origin))
        assert len(server.requests) == 2
