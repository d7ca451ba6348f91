"""LoopLocal: one value per event loop, closed before the loop is."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import AsyncGeneratorType
from typing import Generic, TypeVar

from ...errors import LifecycleError

__all__ = ["LoopLocal"]

T = TypeVar("T")


class LoopLocal(Generic[T]):
    """Hold one value per event loop, as ``threading.local`` holds one per thread.

    A value is closed in its loop, before the loop ends: together with the loop's asynchronous
    generators, which asyncio.run, asyncio.Runner and uvloop.run close. If a loop was closed without
    closing them, its value is dropped as soon as another loop is used.

    Args:
        make: makes a value. Called in the event loop.
        close: closes a value. Called in the event loop, perhaps twice. It should not wait: the loop
            is ending.

    Example::

        self._loops = LoopLocal(lambda: AsyncPool(100, 15.0), AsyncPool.aclose)
        ...
        pool = self._loops.get()
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        # Each loop adds its own entry, so threads need no lock.
        self._entries: dict[asyncio.AbstractEventLoop, _Entry[T]] = {}

    def get(self) -> T:
        """Return the value of the running event loop.

        Raises:
            LifecycleError: the event loop was copied by a fork.
        """
        loop = asyncio.get_running_loop()
        entry = self._entries.get(loop) or self._add(loop)
        if entry.process != os.getpid():
            raise LifecycleError("an event loop does not survive a fork: start a new one")
        return entry.value

    def _add(self, loop: asyncio.AbstractEventLoop) -> _Entry[T]:
        for other in list(self._entries):
            if other.is_closed():
                self._entries.pop(other, None)
        value = self._make()
        entry = self._entries[loop] = _Entry(value, self._close_with_loop(value))
        entry.start()
        return entry

    async def _close_with_loop(self, value: T) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self._close(value)

    def values(self) -> list[T]:
        """Return the values of all event loops. Safe to call from any thread."""
        return [entry.value for entry in self._entries.copy().values()]

    async def close(self) -> None:
        """Close all values: of the running event loop at once, of others as soon as they run."""
        own: _Entry[T] | None = None
        for loop, entry in self._entries.copy().items():
            if entry.process != os.getpid():
                continue  # A copy, made by a fork. The parent still uses the loop.
            # The generator of a dropped entry is closed by its event loop, in the thread of that.
            self._entries.pop(loop, None)
            if loop is asyncio.get_running_loop():
                own = entry
            else:
                _wake(loop)
            del entry  # Otherwise, the generator would not be dropped before this function ends.
        if own is not None:
            await own.end()


def _wake(loop: asyncio.AbstractEventLoop) -> None:
    """Let the thread of a loop run: without the GIL, it alone frees the objects that it made."""
    with contextlib.suppress(RuntimeError):  # The loop is closed.
        loop.call_soon_threadsafe(int)


class _Entry(Generic[T]):
    """A value, the generator that closes it, and the process of both."""

    __slots__ = ("_generator", "process", "value")

    def __init__(self, value: T, generator: AsyncGenerator[None, None]) -> None:
        assert isinstance(generator, AsyncGeneratorType)  # noqa: S101 - for the type.
        self.value = value
        self.process = os.getpid()
        self._generator = generator

    def start(self) -> None:
        """Run the generator up to its `yield`, so that the event loop knows it."""
        with contextlib.suppress(StopIteration):
            self._generator.__anext__().send(None)

    async def end(self) -> None:
        """Close the value, unless the event loop is ending and closes it now."""
        if not self._generator.ag_running:
            await self._generator.aclose()
