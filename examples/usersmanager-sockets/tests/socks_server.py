"""A SOCKS5 server (RFC 1928) with user names and passwords (RFC 1929), for the tests."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from typing import Any

__all__ = ["SocksServer"]

REFUSED, UNREACHABLE, SUCCEEDED = 5, 4, 0


class SocksServer:
    """Connects its clients to the hosts that they name. Use it as a context manager.

    Args:
        password: if given, clients must send it; the name of the user is of no importance.
        stalls: whether it never answers a request.

    Attributes:
        asked: the host and port of each request.
        port: where it listens.
    """

    def __init__(self, *, password: str = "", stalls: bool = False) -> None:
        self.asked: list[tuple[str, int]] = []
        self._password = password
        self._stalls = stalls
        self._clients: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        user = f"user:{self._password}@" if self._password else ""
        return f"socks5://{user}127.0.0.1:{self.port}"

    def __enter__(self) -> SocksServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (self._listener, *self._clients):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.add(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, contextlib.suppress(OSError, EOFError):
            self._authenticate(client)
            address = self._request(client)
            if self._stalls:
                client.recv(1)
            with self._connect(client, address) as server:
                relay(client, server)
        self._clients.discard(client)

    def _authenticate(self, client: socket.socket) -> None:
        _, size = read(client, 2)
        methods = read(client, size)
        method = 2 if self._password else 0
        if method not in methods:
            client.sendall(b"\x05\xff")
            raise EOFError
        client.sendall(bytes([5, method]))
        if self._password:
            read(client, 1)
            read(client, read(client, 1)[0])
            password = read(client, read(client, 1)[0]).decode()
            client.sendall(b"\x01\x00" if password == self._password else b"\x01\x01")

    def _request(self, client: socket.socket) -> tuple[str, int]:
        kind = read(client, 4)[3]
        if kind == 3:
            host = read(client, read(client, 1)[0]).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, read(client, size))
        (port,) = struct.unpack("!H", read(client, 2))
        self.asked.append((host, port))
        return host, port

    def _connect(self, client: socket.socket, address: tuple[str, int]) -> socket.socket:
        try:
            server = socket.create_connection(address, timeout=5)
        except OSError as error:
            code = REFUSED if isinstance(error, ConnectionRefusedError) else UNREACHABLE
            client.sendall(bytes([5, code, 0, 1, *bytes(6)]))
            raise
        server.settimeout(None)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(bytes([5, SUCCEEDED, 0, 1, *bytes(6)]))
        return server


def read(sock: socket.socket, size: int) -> bytes:
    """Read exactly so many bytes."""
    data = b""
    while len(data) < size:
        received = sock.recv(size - len(data))
        if not received:
            raise EOFError
        data += received
    return data


def relay(client: socket.socket, server: socket.socket) -> None:
    """Copy bytes until both sides have ended, and pass on a reset."""
    others = {client: server, server: client}
    try:
        while others:
            for source in select.select(list(others), [], [])[0]:
                data = source.recv(65536)
                if data:
                    others[source].sendall(data)
                else:
                    others.pop(source).shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (client, server):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
