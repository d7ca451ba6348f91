"""UnixTransport, over servers that listen on Unix domain sockets."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sockets_usersmanager import UnixTransport

from usersmanager import UsersManager
from usersmanager.testing import (
    FaultServer,
    StrictAsyncTransportContract,
    StrictTransportContract,
)
from usersmanager.transports import Hop


class ByPort(UnixTransport):
    """Finds the server of a case: its socket is named for its port."""

    def path_to(self, hop: Hop) -> str:
        return f"{super().path_to(hop)}/{hop.port}"


class Served:
    """Cases whose servers listen on Unix domain sockets in a folder."""

    folder: ClassVar[str]

    @pytest.fixture(autouse=True)
    def unix_servers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        type(self).folder = str(tmp_path)
        ports = itertools.count(1)

        def listen(backlog: int) -> tuple[socket.socket, int]:
            port = next(ports)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{tmp_path}/{port}")
            listener.listen(backlog)
            return listener, port

        monkeypatch.setattr(FaultServer, "listen", staticmethod(listen))

    def transport(self, **settings: Any) -> ByPort:
        return ByPort(self.folder, **settings)


class TestSync(Served, StrictTransportContract):
    pass


class TestAsyncio(Served, StrictAsyncTransportContract):
    pass
