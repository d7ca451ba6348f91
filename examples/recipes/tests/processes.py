"""Run a recipe in a process of its own, as an operator does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Self, TypeVar

from examples.recipes.tests.loading import RECIPES

T = TypeVar("T")

# Celery warns about root, which is the user in many containers.
_COMPLAINT = re.compile(r"(?<!Security)Warning:|Traceback|Exception ignored|ERROR|CRITICAL")
_SECONDS = 120


class Process:
    """Python in the folder of a recipe. Use it as a context manager, which kills what still runs.

    Args:
        folder: the folder in examples/recipes.
        arguments: the arguments of Python.
        variables: additional environment variables.

    Attributes:
        output: the lines it has written so far, to stdout or stderr.
        popen: the process.
    """

    def __init__(self, folder: str, *arguments: str, **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if "DJANGO" not in name}
        settings = {"PYTHONWARNINGS": "always", "PYTHONUNBUFFERED": "1"}
        self.output: list[str] = []
        self.popen = subprocess.Popen(  # noqa: S603 - the commands are in the tests.
            [sys.executable, *arguments],
            cwd=RECIPES / folder,
            env=inherited | settings | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        self.output.extend(self.popen.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        self._reader.join()
        with self.popen:  # Closes its pipes, and waits for it.
            pass

    def write(self, line: str) -> None:
        """Write a line to the standard input."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{line}\n")
        self.popen.stdin.flush()

    def wait_for(self, pattern: str) -> str:
        """Return the first text of the output that matches a regular expression."""
        return wait_until(lambda: self._search(pattern), self.output)

    def _search(self, pattern: str) -> str:
        found = re.search(pattern, "".join(self.output))
        return found[0] if found else ""

    def url(self) -> str:
        """Return the URL of a server, which it logs once it listens."""
        return self.wait_for(r"http://127\.0\.0\.1:[1-9][0-9]*\b")

    def assert_terminates_quietly(self) -> None:
        """Assert that SIGTERM ends the process, and that it never wrote a Python warning."""
        self.popen.terminate()
        code = self.popen.wait(_SECONDS)
        self._reader.join()
        output = "".join(self.output)
        assert not _COMPLAINT.search(output), output
        # uvicorn shuts down, and then lets the signal end the process.
        assert code in (0, -signal.SIGTERM), output


def wait_until(condition: Callable[[], T], details: object = "") -> T:
    """Return the first true value of a function."""
    end = time.monotonic() + _SECONDS
    while not (value := condition()):
        assert time.monotonic() < end, details
        time.sleep(0.02)
    return value
