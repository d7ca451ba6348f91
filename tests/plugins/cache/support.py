"""Stores in memory, and ways to run a flow, for the tests of shared entries."""

from __future__ import annotations

import asyncio
import base64
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from tests.support import Clock

from usersmanager._flow.async_driver import drive_async
from usersmanager._flow.sync_driver import drive
from usersmanager.plugins import Flow
from usersmanager.transports import Deadline
from usersmanager_cache.key import Scope
from usersmanager_cache.shared import SharedEntries

SECRET = b"0123456789abcdef"
KEY = bytes(range(32))
OTHER_KEY = bytes(32)

SCOPE = Scope(
    "get_info",
    "GET",
    "https://tenant.example/userinfo",
    "bearer",
    (("accept", "a"),),
    (("jwt", "my-app"),),
)

_NO_TRANSPORT: Any = None

Run = Callable[[Flow[Any]], Any]


def encode(payload: bytes) -> str:
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")


def jwt(payload: object) -> str:
    """Return a token with a payload."""
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"{encode(b'{}')}.{encode(text)}.{encode(b'signature')}"


class DictStore:
    """A store of both styles over a dict, which can be set to fail.

    Attributes:
        values: the values by name.
        lifetimes: the `ttl` of each name.
        calls: the methods that were called, such as "get".
        errors: what each method raises instead of working.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.lifetimes: dict[str, float] = {}
        self.calls: list[str] = []
        self.errors: dict[str, BaseException] = {}

    def get(self, name: str) -> bytes | None:
        self._note("get")
        return self.values.get(name)

    def set(self, name: str, value: bytes, ttl: float) -> None:
        self._note("set")
        self.values[name], self.lifetimes[name] = value, ttl

    def delete(self, name: str) -> None:
        self._note("delete")
        self.values.pop(name, None)

    async def aget(self, name: str) -> bytes | None:
        return self.get(name)

    async def aset(self, name: str, value: bytes, ttl: float) -> None:
        self.set(name, value, ttl)

    async def adelete(self, name: str) -> None:
        self.delete(name)

    def _note(self, method: str) -> None:
        self.calls.append(method)
        if method in self.errors:
            raise self.errors[method]


class LockingStore(DictStore):
    """A DictStore that has `add`."""

    def add(self, name: str, value: bytes, ttl: float) -> bool:
        self._note("add")
        if name in self.values:
            return False
        self.values[name], self.lifetimes[name] = value, ttl
        return True

    async def aadd(self, name: str, value: bytes, ttl: float) -> bool:
        return self.add(name, value, ttl)


async def arun(flow: Flow[Any], seconds: float = 20.0, transport: Any = None) -> Any:
    """Run a flow as an AsyncUsersManager does."""
    return await drive_async(flow, transport, Deadline.after(seconds))


@contextmanager
def running(style: str, timeout: float = 20.0, transport: Any = None) -> Iterator[Run]:
    """Run flows as a manager of a style does. Those of "async" share an event loop."""
    if style == "sync":
        yield lambda flow: drive(flow, transport, Deadline.after(timeout))
        return
    with asyncio.Runner() as runner:
        yield lambda flow: runner.run(arun(flow, timeout, transport))


@contextmanager
def simulated_clock() -> Iterator[Clock]:
    """Replace the clock by which a store is left alone, and warnings are rare."""
    clock = Clock()
    fake = SimpleNamespace(monotonic=clock.monotonic)
    with mock.patch("usersmanager_cache.interval.time", fake):
        yield clock


@contextmanager
def simulated_waits(waits: list[float]) -> Iterator[None]:
    """Let the clocks of deadlines and of waiting for the lock advance by recorded waits alone."""
    clock = SimpleNamespace(monotonic=lambda: sum(waits))
    with (
        mock.patch("usersmanager._values.deadline.time", clock),
        mock.patch("usersmanager_cache.shared.time", clock),
    ):
        yield


class Errors:
    """Counts the failures of a store."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def shown_by(error: BaseException) -> str:
    """Return the text of an error, and the local variables of our frames in its traceback."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame.f_locals for frame in frames if "usersmanager_cache" in frame.f_code.co_filename]
    assert ours
    assert error.__context__ is None
    return f"{error!r} {ours!r}"


def shared_entries(store: Any, secret: Any = SECRET, on_error: Any = None) -> SharedEntries:
    """Return shared entries with the namespace "ns"."""
    return SharedEntries(store, secret, "ns", on_error or Errors())
