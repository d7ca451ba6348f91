"""Helpers for tests in several folders."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from traceback import TracebackException
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from usersmanager import Request, Response, UsersManagerError
from usersmanager.plugins import Flow, Proceed, Token, hookimpl, installed_plugins, read
from usersmanager.testing import FakeTransport
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


@contextmanager
def held_by_a_thread(lock: AbstractContextManager[object]) -> Iterator[None]:
    """Let another thread hold a lock."""
    held, released = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            released.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    try:
        yield
    finally:
        released.set()
        thread.join()


def shown_below_the_test(error: BaseException) -> str:
    """Return an error and its traceback with local variables, without the frames of the test."""
    trace = error.__traceback__
    tests = os.path.dirname(__file__)
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(tests):
        trace = trace.tb_next
    assert trace is not None
    return "".join(TracebackException(type(error), error, trace, capture_locals=True).format())


class Hanging(FakeTransport):
    """A transport whose async requests never end."""

    async def asend(self, request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError


class Reader:
    """A plugin that reads the response as the caller will.

    Attributes:
        seen: the result or the error.
    """

    def __init__(self) -> None:
        self.seen: Any = None

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        response = yield from proceed(request)
        try:
            self.seen = read(request, response)
        except UsersManagerError as error:
            self.seen = error
        return response


@cache
def installed_transports() -> list[tuple[str, str]]:
    """Return the name of each installed transport with each of its modes."""
    reports = (report for report in installed_plugins() if report.kind == "transport")
    return [(report.name, mode) for report in reports for mode in report.modes]


class Page(NamedTuple):
    """A response to a browser."""

    status: int
    media_type: str
    text: str


def browse(url: str, **headers: str) -> Page:
    """Request a page as a browser does, without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        page = opener.open(urllib.request.Request(url, headers=headers), timeout=10)
    except urllib.error.HTTPError as error:
        page = error
    with page:
        return Page(page.status, page.headers.get_content_type(), page.read().decode())
