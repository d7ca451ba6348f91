"""FaultServer: a server on loopback that sends scripted bytes.

A script is a function of a `Peer`. It runs in one thread per connection.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

from .peer import Peer

__all__ = ["FaultServer", "Script", "echo", "profile", "token_of"]

_BEARER = re.compile(rb"\r\nauthorization: bearer ([^\r\n]*)\r\n", re.IGNORECASE)


Script: TypeAlias = Callable[[Peer], object]


def profile(subject: str, *, headers: str = "") -> bytes:
    """Return the bytes of a response with a profile.

    Args:
        subject: the claim ``sub``.
        headers: further header lines, each with its CRLF.
    """
    body = json.dumps({"sub": subject}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def token_of(request: bytes) -> str:
    """Return the bearer token of a request, or an empty string."""
    found = _BEARER.search(request)
    return found[1].decode() if found else ""


def echo(peer: Peer) -> None:
    """Answer each request with a profile whose subject is the token: the default script."""
    while request := peer.request():
        peer.send(profile(token_of(request)))


class FaultServer:
    r"""Server on a free loopback port that runs scripts. Use it as a context manager.

    Args:
        scripts: one for each of the first connections, in order.
        otherwise: the script of all later connections.
        ssl_context: for TLS; the handshake precedes the script.
        host: the host in `origin`: "127.0.0.1", or "localhost" if a test needs a name.
        backlog: the length of the accept queue.
        accept: whether to accept connections.

    Attributes:
        requests: the bytes of each complete request, in order.
        connections: the number of accepted connections.
        port: the port of the server.
        listener: the listening socket.

    Example::

        def truncated(peer):
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")

        with FaultServer(truncated) as server:
            ...
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
        self.connections: int = 0
        self._stopping: threading.Event = threading.Event()
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
        """Scheme, host and port of the server."""
        scheme = "http" if self._ssl_context is None else "https"
        return f"{scheme}://{self._host}:{self.port}"

    @staticmethod
    def listen(backlog: int) -> tuple[socket.socket, int]:
        """Return a listening socket, and the port that stands for it in `origin`.

        Replace it to run a contract over a transport that doesn't use TCP.

        Args:
            backlog: the length of the accept queue.
        """
        listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        # Nagle's algorithm would delay small segments by up to 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener, int(listener.getsockname()[1])

    def __enter__(self) -> Self:
        listener, port = self.listen(self._backlog)
        self.listener: socket.socket = listener
        self.port: int = port
        if self._accepts:
            self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        # A daemon, because a test that hangs never stops its server.
        thread = threading.Thread(
            target=work, args=arguments, name="usersmanager-faults", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._sockets.append(sock)
            self._start(self._play, sock, number)

    def _play(self, sock: socket.socket, number: int) -> None:
        # Many scripts make the client close the connection.
        with contextlib.suppress(OSError, ValueError):
            if self._ssl_context is not None:
                sock = self._ssl_context.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            peer = Peer(sock, number, self.requests, self._stopping)
            script = self._scripts[number] if number < len(self._scripts) else self._otherwise
            try:
                script(peer)
            finally:
                peer.close()
