"""A minimal HTTP/1.1 server in its own process, so that it shares no GIL with the clients.

It prints its two ports. It answers each line on stdin with the CPU seconds used; EOF stops it.
"""

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme
import uvloop

from .profiles import profile

_HOST = "127.0.0.1"
_HEAD = b"""\
HTTP/1.1 200 OK\r
Date: Fri, 14 Mar 2025 09:26:53 GMT\r
Content-Type: application/json; charset=utf-8\r
Content-Length: %d\r
Connection: keep-alive\r
X-RateLimit-Limit: 1000\r
X-RateLimit-Remaining: 999\r
X-RateLimit-Reset: 1741944414\r
\r
"""


class Server:
    """A running server, as seen from the client's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._ports = [int(self._stdout.readline()) for _ in ("http", "https")]

    def base_url(self, size: int, tls: bool) -> str:
        """Return the base URL of a profile of about `size` bytes."""
        return f"{'https' if tls else 'http'}://{_HOST}:{self._ports[tls]}/{size}"

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server has used so far."""
        print(file=self._stdin, flush=True)
        return float(self._stdout.readline())


@contextmanager
def serving() -> Iterator[tuple[Server, dict[str, str]]]:
    """Run a server; give it, and the environment that makes clients trust its certificate."""
    with TemporaryDirectory() as directory:
        authority = str(Path(directory, "authority.pem"))
        # Leaving the `with` closes stdin, which stops the server, and waits for it.
        with subprocess.Popen(  # noqa: S603 - our own module.
            [sys.executable, "-m", "benchmarks.server", authority],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            text=True,
        ) as process:
            trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), authority)
            yield Server(process), trust


class _Connection(asyncio.Protocol):
    responses: dict[bytes, bytes] = {}  # noqa: RUF012 - shared by all connections.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._received = transport, b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            size = self._received.split(b"/", 2)[1]
            self._received = self._received[end + 4 :]
            if size not in self.responses:
                body = profile(int(size))
                self.responses[size] = _HEAD % len(body) + body
            self._transport.write(self.responses[size])  # type: ignore[attr-defined] # Not for UDP.


async def _serve(authority: str) -> None:
    loop = asyncio.get_running_loop()
    issuer, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issuer.cert_pem.write_to_path(authority)
    issuer.issue_cert(_HOST).configure_cert(context)
    for tls in (None, context):
        server = await loop.create_server(_Connection, _HOST, 0, backlog=1024, ssl=tls)
        print(server.sockets[0].getsockname()[1], flush=True)
    stopped = asyncio.Event()

    def answer_stdin() -> None:
        if sys.stdin.readline():
            print(time.process_time(), flush=True)
        else:
            stopped.set()

    loop.add_reader(sys.stdin, answer_stdin)
    await stopped.wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
