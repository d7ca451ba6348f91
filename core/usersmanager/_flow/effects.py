"""Flows and the effects they yield.

A flow is a generator that contains the logic of a call, written once for sync and asyncio. It
never does I/O: it yields *effects* and is resumed with their results. There are three: sending a
request, waiting, and running something that exists in a sync and an async form. The drivers,
`sync_driver.py` and `async_driver.py`, carry them out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

from .._values.deadline import Deadline
from .._values.messages import Request, Response
from ..errors import DeadlineExceededError, PluginError

__all__ = [
    "Effect",
    "Flow",
    "Middleware",
    "Proceed",
    "Run",
    "Send",
    "Sleep",
    "invalid_effect_error",
    "run",
    "sleep",
    "waited_too_long_error",
]

T = TypeVar("T")


class Send:
    """Send a request; results in its Response."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request


class Sleep:
    """Wait this many seconds, but not beyond the deadline of the call."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def duration(self, deadline: Deadline) -> float:
        """Return the seconds to wait."""
        return max(0.0, min(self.seconds, deadline.remaining()))

    def check_deadline(self, deadline: Deadline) -> None:
        """Raise DeadlineExceededError if the deadline cut the wait."""
        if deadline.remaining() <= 0:
            raise waited_too_long_error()


class Run(Generic[T]):
    """Call the sync or the async form of something; results in what it returns."""

    __slots__ = ("async_", "sync")

    def __init__(self, sync: Callable[[], T], async_: Callable[[], Awaitable[T]]) -> None:
        self.sync = sync
        self.async_ = async_


# What a flow is resumed with depends on the effect it yielded, which the type of a generator
# can't express: hence Any.
Effect: TypeAlias = Send | Sleep | Run[Any]
Flow: TypeAlias = Generator[Effect, Any, Response]
Proceed: TypeAlias = Callable[[Request], Flow]
Middleware: TypeAlias = Callable[[Request, Proceed], Flow | Response]


def sleep(seconds: float) -> Generator[Effect, Any, None]:
    """Wait inside a flow.

    Args:
        seconds: how long; not negative.

    Raises:
        DeadlineExceededError: the call's deadline came first.

    Example:
        `yield from sleep(0.2)`
    """
    yield Sleep(seconds)


def run(sync: Callable[[], T], async_: Callable[[], Awaitable[T]]) -> Generator[Effect, Any, T]:
    """Use a library inside a flow that has a sync and an async form.

    Args:
        sync: called without arguments by the sync driver.
        async_: called without arguments, and awaited, by the asyncio driver.

    Returns:
        The result of the function that was called. Its exceptions are raised here.

    Example:
        `secret = yield from run(vault.get, async_vault.get)`
    """
    result: T = yield Run(sync, async_)
    return result


def invalid_effect_error(kind: type) -> PluginError:
    """Return the error for a plugin that yielded something else."""
    return PluginError(
        f"a plugin yielded {kind.__name__}, not an effect: write"
        " `yield from proceed(request)`, `yield from sleep(...)` or `yield from run(...)`"
    )


def waited_too_long_error() -> DeadlineExceededError:
    """Return the error for a plugin that waited until the deadline."""
    return DeadlineExceededError("the deadline passed while a plugin waited")
