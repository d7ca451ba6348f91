"""Run the command line in this process, or in a child process where a test needs one."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from tests.composition.support import installing

from usersmanager.cli import main
from usersmanager.testing import Sandbox

CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
COMMAND = [sys.executable, "-W", "error", "-m", "usersmanager"]
Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]


def environment(**variables: str) -> dict[str, str]:
    """The environment without variables that change the output, and with these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(
            "USERSMANAGER_|NO_COLOR|FORCE_COLOR|COLORTERM|TTY_|TERM$|LINES$|PYTHONUNBUFFERED"
            "|.*_proxy$",
            name,
            re.I,
        )
    }
    return kept | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"} | variables


class Stream(io.TextIOWrapper):
    """A standard stream in memory: on a pipe or, to the program, on a terminal."""

    def __init__(self, content: str = "", encoding: str = "utf-8", terminal: bool = False) -> None:
        self._bytes = io.BytesIO(content.encode())
        super().__init__(self._bytes, encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def content(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode(self.encoding)


def run_command(
    *arguments: str,
    stdin: str = "",
    encoding: str = "utf-8",
    terminal: bool = False,
    stdout: io.TextIOWrapper | None = None,
    **variables: str,
) -> Result:
    """Run the command line in this process, with these environment variables.

    With `stdout`, the output goes there and is not in the result.
    """
    captured, stderr = Stream("", encoding, terminal), Stream("", encoding, terminal)
    with (
        mock.patch.dict(os.environ, environment(**variables), clear=True),
        mock.patch.multiple(
            sys,
            argv=["usersmanager", *arguments],
            stdin=Stream(stdin),
            stdout=stdout or captured,
            stderr=stderr,
        ),
    ):
        try:
            exit_code = main()
        except SystemExit as error:  # From click: a completion, or a broken pipe.
            exit_code = int(error.code or 0)
    return subprocess.CompletedProcess(arguments, exit_code, captured.content(), stderr.content())


@pytest.fixture(scope="session")
def command() -> Run:
    """Runs a command on pipes: `command("info", USERSMANAGER_TOKEN=token)`."""
    return run_command


@pytest.fixture(scope="session")
def terminal() -> Callable[..., str]:
    """Runs a command on a terminal of 80 columns, and returns what it writes to stdout."""

    def terminal(*arguments: str, **variables: str) -> str:
        variables = {"TERM": "xterm-256color"} | variables
        result = run_command(*arguments, terminal=True, **variables)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    return terminal


@contextlib.contextmanager
def instant_waits() -> Iterator[None]:
    """Skip the waits of sync managers in this process."""
    time = SimpleNamespace(sleep=lambda seconds: None)
    with mock.patch("usersmanager._flow.sync_driver.time", time):
        yield


@contextlib.contextmanager
def default_interrupts() -> Iterator[None]:
    """Let processes started in this context react to SIGINT.

    They inherit that a signal is ignored, as it is in a background job of a shell script.
    """
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str, str], Result]:
    """Runs a script in a shell that finds the command. Processes it leaves behind are killed."""

    def shell(name: str, script: str) -> Result:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
        program = tmp_path / "usersmanager"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
        program.chmod(0o755)
        process = subprocess.Popen(
            [name, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"),
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    return shell


@pytest.fixture
def on_terminal() -> Iterator[Callable[..., Any]]:
    """Starts a command on a real terminal of 80 columns, as a child of pexpect.

    It is killed after the test.
    """
    pexpect = pytest.importorskip("pexpect")
    pytest.importorskip("pty")
    children: list[Any] = []

    def on_terminal(*arguments: str, **variables: str) -> Any:
        variables = environment(**({"TERM": "xterm-256color"} | variables))
        del variables["COLUMNS"]  # The terminal knows its width.
        with default_interrupts(), warnings.catch_warnings():
            # Python 3.12 warns about a fork of a process with threads. This one executes a
            # program at once.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = pexpect.spawn(
                COMMAND[0],
                COMMAND[1:] + list(arguments),
                env=variables,
                dimensions=(40, 80),
                encoding="utf-8",
                timeout=120,
            )
        children.append(child)
        return child

    yield on_terminal
    for child in children:
        child.close(force=True)


def read_to_end(child: Any, exit_code: int) -> str:
    """Read the rest of the output of a child that exits with this code."""
    output = child.read()
    child.close()
    assert child.exitstatus == exit_code, output
    return str(output)


class CannedServer(ThreadingHTTPServer):
    """Answers every request with the same response, and records the bodies it receives."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.response = (200, "text/html", b"<p>a page</p>")
        self.bodies: list[bytes] = []
        self.base_url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: CannedServer

    def do_GET(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        status, media_type, body = self.server.response
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - http.server's names.

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def server() -> Iterator[CannedServer]:
    """A server that answers with an HTML page until a test sets another response."""
    with CannedServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Installs a plugin of acme-NAME 1.2 from its source, for the test; returns its module."""
    with installing(tmp_path) as install_as:

        def install(
            name: str, source: str, *, requires: str = "usersmanager>=0.1", **settings: Any
        ) -> str:
            settings |= {"distribution": f"acme-{name}", "requires": requires}
            return install_as(name, source, **settings)

        yield install


@pytest.fixture
def ada(sandbox: Sandbox) -> dict[str, str]:
    """The environment in which `info` gets the profile of auth0|ada."""
    return {
        "USERSMANAGER_BASE_URL": sandbox.base_url,
        "USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada"),
    }
