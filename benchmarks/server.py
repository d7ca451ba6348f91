"""The loopback server: HTTP/1.1 keep-alive, by hand, in a process of its own.

It does as little as it can (one search for the end of the request, one dictionary look-up,
one write), so that it is not what is measured. Each result says how busy it was. Given a
certificate it serves the same over TLS too, on a port of its own.

    /b1000/userinfo    a profile of 1,000 bytes
    /hold/userinfo     a profile, once it is released
    /control/stats     {"requests", "cpu", "held"}
    /control/release   answers all that are held
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import resource
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .profiles import response

__all__ = ["Server", "Stats", "raise_descriptor_limit", "serving"]

_ROOT = Path(__file__).parents[1]


class Stats(NamedTuple):
    """What the server has done so far.

    Attributes:
        requests: how many it has got.
        cpu: seconds of CPU time it has used.
        held: how many wait to be released.
    """

    requests: int
    cpu: float
    held: int


class Server:
    """A running server, seen from the client's process. Without TLS its `tls_port` is 0."""

    def __init__(self, port: int, host: str = "127.0.0.1", tls_port: int = 0) -> None:
        self.host = host
        self.port = port
        self.tls_port = tls_port
        self._control = http.client.HTTPConnection(self.host, port)

    def stats(self) -> Stats:
        """Asks what it has done."""
        return Stats(**json.loads(self._ask("/control/stats")))

    def release(self) -> None:
        """Lets it answer what it holds."""
        self._ask("/control/release")

    def close(self) -> None:
        """Closes the connection it is asked over."""
        self._control.close()

    def _ask(self, path: str) -> bytes:
        self._control.request("GET", path)
        return self._control.getresponse().read()


@contextlib.contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """Starts a server, and stops it.

    Args:
        certificate: a PEM file with a private key and its chain, to speak TLS with too.
    """
    arguments = [str(certificate)] if certificate else []
    with subprocess.Popen(  # noqa: S603 - the arguments are ours.
        [sys.executable, "-m", "benchmarks.server", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker.
        assert process.stdout is not None  # noqa: S101 - the same.
        try:
            port, tls_port = map(int, process.stdout.readline().split())
            with contextlib.closing(Server(port, tls_port=tls_port)) as server:
                yield server
        finally:
            process.stdin.close()  # It ends with its input.
            process.wait(10)


def raise_descriptor_limit() -> int:
    """Allows this process as many open files as it may have, and gives how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


class _Connection(asyncio.Protocol):
    """One connection."""

    requests = 0
    held: set[_Connection] = set()  # noqa: RUF012 - the whole server's, as the count above.
    answers: dict[bytes, bytes] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # It is one for TCP.

    def connection_lost(self, exc: Exception | None) -> None:
        self.held.discard(self)

    def data_received(self, data: bytes) -> None:
        data = self._received + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            target = data[4 : data.index(b" ", 4)]
            data = data[end + 4 :]
            answer = self.answers.get(target)
            if answer is None:
                self._special(target)
            else:
                _Connection.requests += 1
                self._transport.write(answer)
        self._received = data

    def _special(self, target: bytes) -> None:
        kind = target.split(b"/")[1]
        if kind == b"hold":
            self.held.add(self)
        elif kind == b"control":
            self._control(target)
        else:
            self.answers[target] = answer = response(int(kind[1:]))
            self._transport.write(answer)

    def _control(self, target: bytes) -> None:
        if target.endswith(b"release"):
            while self.held:
                self.held.pop()._transport.write(response(1000))
        stats = {"requests": self.requests, "cpu": time.process_time(), "held": len(self.held)}
        body = json.dumps(stats).encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def _listen(context: ssl.SSLContext | None = None) -> int:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=4096, ssl=context)
    port: int = server.sockets[0].getsockname()[1]
    return port


def _context(certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def _serve(certificate: str | None) -> None:
    loop = asyncio.get_running_loop()
    tls_port = await _listen(_context(certificate)) if certificate else 0
    print(await _listen(), tls_port, flush=True)
    ended = asyncio.Event()

    def wait() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    await ended.wait()


def _main() -> None:
    raise_descriptor_limit()
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(sys.argv[1] if len(sys.argv) > 1 else None))


if __name__ == "__main__":
    _main()
