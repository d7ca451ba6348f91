"""Undocumented behavior of the HTTP libraries on which the transports rely.

A failure means that a new release has changed it, and a guarantee no longer holds.
"""

from __future__ import annotations

from typing import Any

import pytest

from usersmanager import UsersManager
from usersmanager.testing import FaultServer
from usersmanager_urllib3 import transport


def test_urllib3_connects_through_new_conn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one deadline would not cover name resolution and several addresses."""
    connected: list[str] = []
    connect_tcp = transport.connect_tcp

    def record(host: str, *rest: Any) -> Any:
        connected.append(host)
        return connect_tcp(host, *rest)

    monkeypatch.setattr(transport, "connect_tcp", record)
    with FaultServer() as server, UsersManager(server.origin) as users:
        users.get_info("t")
    assert connected == ["127.0.0.1"]
