"""Run a recipe in a process of its own, as an operator does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from examples.recipes.tests.loading import RECIPES

_URL = re.compile(r"https?://127\.0\.0\.1:[1-9][0-9]*")
# Celery warns about root, which is the user in many containers.
_COMPLAINT = re.compile(r"(?<!Security)Warning:|Traceback|Exception ignored|ERROR|CRITICAL")
_SECONDS = 30


class Process:
    """A running recipe.

    Attributes:
        output: the lines it has written so far, to stdout or stderr.
        popen: the process.
    """

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.output.append(line)

    def wait_for(self, pattern: re.Pattern[str]) -> str:
        """Return the first text of the output that matches."""
        return wait_until(lambda: _search(pattern, "".join(self.output)), self.output)

    def write(self, line: str) -> None:
        """Write a line to the standard input."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{line}\n")
        self.popen.stdin.flush()

    def url(self) -> str:
        """Return the URL of a server, which it logs once it listens."""
        return self.wait_for(_URL)

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.popen.terminate()
        code = self.popen.wait(_SECONDS)
        self._reader.join()
        return code

    def assert_terminates_quietly(self) -> None:
        """Assert that SIGTERM ends the process, and that it never wrote a Python warning."""
        code = self.terminate()
        output = "".join(self.output)
        assert not _COMPLAINT.search(output), output
        # uvicorn shuts down, and then lets the signal end the process.
        assert code in (0, -signal.SIGTERM), output


def _search(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


T = TypeVar("T")


def wait_until(condition: Callable[[], T], details: object = "") -> T:
    """Return the first true value of a function."""
    end = time.monotonic() + _SECONDS
    while not (value := condition()):
        assert time.monotonic() < end, details
        time.sleep(0.02)
    return value


@contextmanager
def running(folder: Path | str, *arguments: str, **variables: str) -> Iterator[Process]:
    """Run Python in the folder of a recipe."""
    environment = {name: value for name, value in os.environ.items() if "DJANGO" not in name}
    popen = subprocess.Popen(  # noqa: S603 - the commands are in test_servers.py.
        [sys.executable, *arguments],
        cwd=RECIPES / folder,
        env={**environment, "PYTHONWARNINGS": "always", "PYTHONUNBUFFERED": "1", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    process = Process(popen)
    try:
        yield process
    finally:
        if popen.poll() is None:
            os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()
        process._reader.join()
        for stream in (popen.stdin, popen.stdout):
            if stream is not None:
                stream.close()
