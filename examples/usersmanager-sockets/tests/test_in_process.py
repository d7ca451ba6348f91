"""InProcessTransport, over servers that accept the other end of each pair."""

from __future__ import annotations

import itertools
import queue
import socket
from typing import Any, ClassVar

import pytest
from sockets_usersmanager import InProcessTransport

from usersmanager.testing import (
    FaultServer,
    StrictAsyncTransportContract,
    StrictTransportContract,
)
from usersmanager.transports import Hop

NO_NAMES = "the host of the URL is not looked up"
EXEMPT = {
    "test_an_unknown_host_is_a_connect_error": NO_NAMES,
    "test_a_slow_name_resolution_keeps_to_the_deadline": NO_NAMES,
    "test_a_connect_timeout_is_a_connect_error": "a socket pair is connected at once",
    "test_a_body_cut_off_by_a_reset_is_a_disconnect": "a socket pair is never reset",
}


class Listener:
    """Poses as a listening socket; what it accepts are ends of socket pairs."""

    family = socket.AF_UNIX

    def __init__(self) -> None:
        self._pairs: queue.SimpleQueue[socket.socket | None] = queue.SimpleQueue()
        self._closed = False

    def connect(self, sock: socket.socket) -> None:
        if self._closed:
            raise ConnectionRefusedError
        self._pairs.put(sock)

    def accept(self) -> tuple[socket.socket, str]:
        sock = self._pairs.get()
        if sock is None:
            raise OSError
        return sock, ""

    def shutdown(self, how: int) -> None:
        self._closed = True
        self._pairs.put(None)

    def close(self) -> None:
        while not self._pairs.empty():
            if sock := self._pairs.get():
                sock.close()
        self._pairs.put(None)  # For `accept`, if it has not got the last one.

    def getsockname(self) -> str:
        return "/nowhere"


class Served:
    """Cases whose servers are in the process."""

    listeners: ClassVar[dict[int, Listener]]

    @pytest.fixture(autouse=True)
    def servers_in_the_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        type(self).listeners = {}
        ports = itertools.count(1)

        def listen(backlog: int) -> tuple[Listener, int]:
            port = next(ports)
            self.listeners[port] = Listener()
            return self.listeners[port], port

        monkeypatch.setattr(FaultServer, "listen", staticmethod(listen))

    def transport(self, **settings: Any) -> InProcessTransport:
        def serve(sock: socket.socket, hop: Hop) -> None:
            self.listeners[hop.port].connect(sock)

        return InProcessTransport(serve, **settings)


class TestSync(Served, StrictTransportContract):
    exempt: ClassVar = {
        **EXEMPT,
        "test_a_fork_shares_no_connection": "the child has no thread that serves: no server",
    }


class TestAsyncio(Served, StrictAsyncTransportContract):
    exempt: ClassVar = EXEMPT
