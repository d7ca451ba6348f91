"""The command line as users run it: a process, on a pipe or a terminal, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-W", "error", "-m", "usersmanager"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(**more: str) -> dict[str, str]:
    """The environment without what would change the output."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(
            "USERSMANAGER_|NO_COLOR|FORCE_COLOR|TTY_|TERM$|LINES$|.*_proxy$", name, re.I
        )
    }
    return kept | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"} | more


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command that goes on; it is killed at the end if it is still there."""
    started: list[subprocess.Popen[str]] = []

    def spawn(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment(**variables),
        )
        started.append(process)
        return process

    yield spawn
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def command() -> Run:
    """Runs a command on pipes to its end: `command("info", USERSMANAGER_TOKEN=token)`."""

    def command(*arguments: str, stdin: str = "", **variables: str) -> Any:
        return subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(**variables),
            timeout=60,
        )

    return command


@pytest.fixture
def on_terminal() -> Iterator[Callable[..., Any]]:
    """Starts a command on a terminal of 80 columns; it is killed at the end if it is still there.

    Gives a child of pexpect, to wait for output of and to type to.
    """
    pexpect = pytest.importorskip("pexpect")
    pytest.importorskip("pty")
    started: list[Any] = []

    def on_terminal(*arguments: str, **variables: str) -> Any:
        variables = environment(**({"TERM": "xterm-256color"} | variables))
        del variables["COLUMNS"]  # The terminal itself says how wide it is.
        with warnings.catch_warnings():
            # Python 3.12 warns of a fork beside threads. This one executes a program at once.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = pexpect.spawn(
                COMMAND[0],
                COMMAND[1:] + list(arguments),
                env=variables,
                dimensions=(40, 80),
                encoding="utf-8",
                timeout=30,
            )
        started.append(child)
        return child

    yield on_terminal
    for child in started:
        child.close(force=True)


@pytest.fixture
def terminal(on_terminal: Callable[..., Any]) -> Callable[..., str]:
    """Runs a command on a terminal to its good end; gives all that reached the terminal."""

    def terminal(*arguments: str, **variables: str) -> str:
        return ended(on_terminal(*arguments, **variables), 0)

    return terminal


def ended(child: Any, exit_code: int) -> str:
    """What reached the terminal until the command ended, with this exit code."""
    shown = child.read()
    child.close()
    assert child.exitstatus == exit_code, shown
    return str(shown)


class Answering(ThreadingHTTPServer):
    """Answers every request alike, and keeps the bodies it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = (200, "text/html", b"<p>a page</p>")
        self.bodies: list[bytes] = []
        self.base_url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        status, media_type, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - http.server's names.

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Answering]:
    """A server that answers with a page, unless told otherwise."""
    with Answering() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def install(tmp_path: Path) -> Callable[[str, str], str]:
    """Installs a plugin of one module: gives the PYTHONPATH that holds it."""

    def install(name: str, source: str) -> str:
        metadata = tmp_path / f"acme_{name}-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.2\n"
        )
        (metadata / "entry_points.txt").write_text(
            f"[usersmanager.plugins]\n{name} = acme_{name}:Plugin\n"
        )
        (tmp_path / f"acme_{name}.py").write_text(source)
        return str(tmp_path)

    return install
