"""FaultServer: raw sockets on loopback that do to a client what they are told to.

What a connection does is a *script*: a function of a `Peer`, run in a thread of its
own for each connection.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

__all__ = ["FaultServer", "Peer", "Script", "echo", "profile"]

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)
_BEARER = re.compile(rb"\r\nauthorization: bearer ([^\r\n]*)\r\n", re.IGNORECASE)


class Peer:
    """One connection, seen from the server.

    Attributes:
        number: which connection of its server it is, from 0.
    """

    def __init__(self, sock: socket.socket, number: int, server: FaultServer) -> None:
        self.number = number
        self._sock = sock
        self._server = server
        self._received = b""

    def request(self) -> bytes:
        """Reads one whole request and records it; b"" if the client has gone."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return b""
        head, _, rest = self._received.partition(b"\r\n\r\n")
        length = _CONTENT_LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        while len(rest) < size:
            if not self._receive():
                return b""
            rest = self._received.partition(b"\r\n\r\n")[2]
        whole = head + b"\r\n\r\n" + rest[:size]
        self._received = rest[size:]
        self._server.requests.append(whole)
        return whole

    def receive(self, size: int = 65536) -> bytes:
        """Reads raw bytes, without recording them."""
        return self._sock.recv(size)

    def _receive(self) -> bool:
        data = self._sock.recv(65536)
        self._received += data
        return bool(data)

    def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._sock.sendall(data)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """Sends a byte at a time, with so many seconds between."""
        for byte in data:
            self.send(bytes([byte]))
            self.stall(every)

    def stall(self, seconds: float = 30.0) -> None:
        """Does nothing, until the time is over or the server stops."""
        self._server.stopping.wait(seconds)

    def wait_closed(self) -> None:
        """Waits until the client has closed."""
        with contextlib.suppress(OSError):
            while self._sock.recv(65536):
                pass

    def close(self) -> None:
        """Ends the connection in order (FIN)."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def reset(self) -> None:
        """Ends the connection at once (RST)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw = self._sock.detach()
        socket.close(raw)


Script: TypeAlias = Callable[[Peer], object]


def profile(subject: str, *, headers: str = "") -> bytes:
    """A good response with a profile; `headers` are lines that end with CRLF."""
    body = json.dumps({"sub": subject}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def echo(peer: Peer) -> None:
    """A script: answers each request with a profile whose subject is the request's token."""
    while request := peer.request():
        token = _BEARER.search(request)
        peer.send(profile(token[1].decode() if token else ""))


class FaultServer:
    r"""Listens on a free port of loopback and plays scripts. Use it with `with`.

    Args:
        scripts: what the first connections do, in order.
        otherwise: what all later ones do.
        ssl_context: for TLS; the handshake is made before the script begins.
        host: "127.0.0.1", or "localhost" where a name matters.
        backlog: how many connections may wait to be accepted.
        accept: False to accept none, so that clients wait.

    Attributes:
        requests: the bytes of every whole request, in order.
        connections: how many connections were accepted.
        port: where it listens.

    Example:
        ```python
        def truncated(peer):
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")

        with FaultServer(truncated) as server:
            ...
        ```
    """

    def __init__(
        self,
        *scripts: Script,
        otherwise: Script = echo,
        ssl_context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        backlog: int = 128,
        accept: bool = True,
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._scripts = scripts
        self._otherwise = otherwise
        self._ssl_context = ssl_context
        self._host = host
        self._backlog = backlog
        self._accepts = accept
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        scheme = "http" if self._ssl_context is None else "https"
        return f"{scheme}://{self._host}:{self.port}"

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=self._backlog)
        # Else a small segment waits up to 40 ms for the acknowledgement of the one before.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = int(self._listener.getsockname()[1])
        if self._accepts:
            self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="usersmanager-faults")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._sockets.append(sock)
            self._start(self._play, sock, number)

    def _play(self, sock: socket.socket, number: int) -> None:
        # A client that goes away is what many scripts are about.
        with contextlib.suppress(OSError, ValueError):
            if self._ssl_context is not None:
                sock = self._ssl_context.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            peer = Peer(sock, number, self)
            script = self._scripts[number] if number < len(self._scripts) else self._otherwise
            try:
                script(peer)
            finally:
                peer.close()
