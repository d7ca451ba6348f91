"""UnixTransport, over servers that listen on Unix domain sockets."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sockets_usersmanager import UnixTransport

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


NO_NAMES = "a path needs no resolver: the host of the URL is not looked up"
EXEMPT = {
    "test_an_unknown_host_is_a_connect_error": NO_NAMES,
    "test_a_slow_name_resolution_keeps_to_the_deadline": NO_NAMES,
    "test_a_body_cut_off_by_a_reset_is_a_disconnect": "a Unix domain socket is never reset",
}


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
    exempt: ClassVar = EXEMPT


class TestAsyncio(Served, StrictAsyncTransportContract):
    exempt: ClassVar = EXEMPT
