"""`sleep` and `run`: steps for ``yield from`` in a plugin's flow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import TypeVar

from .effects import Run, Sleep, Step
from .mistakes import MistakeError

__all__ = ["run", "sleep"]

T = TypeVar("T")


def sleep(seconds: float) -> Step[None]:
    """Wait inside a flow.

    Args:
        seconds: the duration, 0 or more.

    Returns:
        A step for ``yield from``; its result is None.

    Raises:
        PluginError: ``seconds`` is not a number, or negative.
        DeadlineExceededError: raised by ``yield from``, without waiting; the wait would not end
            before the deadline of the call.

    Example::

        yield from sleep(0.2)
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        kind = type(seconds).__name__
        raise MistakeError(f"called sleep() with {kind}: pass a number of seconds")
    if not seconds >= 0:  # Also if it is NaN.
        raise MistakeError(f"called sleep({seconds}): pass 0 or more seconds")
    return Step(Sleep(seconds), f"sleep({seconds})")


def run(*, sync: Callable[[], T], async_: Callable[[], Awaitable[T]]) -> Step[T]:
    """Call a function that has a sync and an async version, inside a flow.

    Args:
        sync: called without arguments by the sync driver, and not interrupted at the deadline.
        async_: called without arguments, and awaited, by the asyncio driver.

    Returns:
        A step for ``yield from``. It returns the result of the function, and raises its exceptions.

    Raises:
        PluginError: an argument is not callable, ``sync`` is a coroutine function, or ``async_``
            returned a value that can't be awaited.
        DeadlineExceededError: raised by ``yield from``; the call's deadline passed before a
            function was called, or before ``async_`` ended.

    Example::

        secret = yield from run(sync=vault.get, async_=async_vault.get)
    """
    if not callable(sync) or not callable(async_):
        raise MistakeError("called run() without two functions: pass run(sync=..., async_=...)")
    if iscoroutinefunction(sync):
        raise MistakeError("called run() with an async function as `sync`: pass it as `async_`")
    return Step(Run(sync, async_), "run(...)")
