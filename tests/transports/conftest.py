"""Fixtures for tests of transports."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from usersmanager.transports.http1.async_connection import AsyncConnection


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sockets of all asyncio connections."""
    attached: list[Any] = []
    attach = AsyncConnection.attach

    def record(self: AsyncConnection, transport: asyncio.Transport) -> None:
        attached.append(transport.get_extra_info("socket"))
        attach(self, transport)

    monkeypatch.setattr(AsyncConnection, "attach", record)
    return attached
