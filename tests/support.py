"""Helpers for tests in several folders."""

from __future__ import annotations

import gc
import os
import select
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from usersmanager import Request
from usersmanager.plugins import Token
from usersmanager.transports import Deadline

TENANT = "https://tenant.example"


def make_request(**changes: Any) -> Request:
    """Return a request like those of the core, with changes."""
    settings: dict[str, Any] = {
        "operation": "get_info",
        "method": "GET",
        "origin": "https://tenant.example:8443",
        "target": "/userinfo",
        "headers": {"Accept": "application/json"},
        "body": None,
        "token": Token("hush"),
        "deadline": Deadline.after(5),
        "idempotent": True,
    }
    return Request(**settings | changes)


class Clock:
    """A clock that advances only when `sleep` is called."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def simulated_clock() -> Iterator[Clock]:
    """Replace the clock of deadlines, and of the waits of a FakeTransport in real time."""
    clock = Clock()
    fake = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
    with (
        mock.patch("usersmanager.testing.fake.time", fake),
        mock.patch("usersmanager._values.deadline.time", fake),
    ):
        yield clock


def freeze_existing_objects() -> None:
    """Make garbage collections quick: they no longer look at what exists already.

    This is never undone: `gc.unfreeze` would return all collected tests to the garbage collector.
    """
    gc.collect()
    gc.freeze()


def in_child(work: Callable[[], str]) -> str:
    """Return what a function returns in a forked process, or "hung" if it takes over 20 s."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 and newer warn that a fork copies no other thread.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.write(writer, work().encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    try:
        readable, _, _ = select.select([reader], [], [], 20)
        if not readable:
            os.kill(child, signal.SIGKILL)
        return os.read(reader, 1000).decode() if readable else "hung"
    finally:
        os.close(reader)
        os.waitpid(child, 0)
