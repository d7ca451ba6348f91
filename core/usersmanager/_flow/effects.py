"""Flows and the effects they yield.

A flow is a generator that contains the logic of a call, written once for sync and asyncio. It
never does I/O: it yields *effects* and is resumed with their results. There are four effects: send
a request, sleep, run a function that has a sync and an async version, and wait for another call.
The drivers, `sync_driver.py` and `async_driver.py`, execute them.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

from .._values.deadline import Deadline
from .._values.request import Request
from .._values.response import Response
from ..errors import DeadlineExceededError
from .waiter import Waiter

__all__ = [
    "Effect",
    "Flow",
    "Proceed",
    "Run",
    "Send",
    "Sleep",
    "Step",
    "Wait",
    "Wrap",
    "waited_too_long_error",
]

T = TypeVar("T")


class Send:
    """Send a request. The result is its Response."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request: Request = request


class Sleep:
    """Wait for some seconds. A wait that would reach the deadline is not started."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds

    def check_deadline(self, deadline: Deadline) -> None:
        """Raise DeadlineExceededError if the wait would not end before the deadline."""
        if self.seconds >= deadline.remaining():
            raise DeadlineExceededError("the wait of a plugin would end after the deadline")


class Run(Generic[T]):
    """Call the sync or the async version of a function. The result is its return value.

    After the deadline, neither is called.
    """

    __slots__ = ("async_", "sync")

    def __init__(self, sync: Callable[[], T], async_: Callable[[], Awaitable[T]]) -> None:
        self.sync: Callable[[], T] = sync
        self.async_: Callable[[], Awaitable[T]] = async_

    def check_deadline(self, deadline: Deadline) -> None:
        """Raise DeadlineExceededError if the deadline has passed."""
        if deadline.remaining() <= 0:
            raise waited_too_long_error()


class Wait:
    """Wait until `waiter` is woken or a time is reached. The result is the call's deadline."""

    __slots__ = ("until", "waiter")

    def __init__(self, waiter: Waiter, until: Deadline) -> None:
        self.waiter: Waiter = waiter
        self.until: Deadline = until

    def duration(self, deadline: Deadline) -> float:
        """Return the seconds to wait."""
        return max(0.0, min(self.until.remaining(), deadline.remaining()))

    def check_deadline(self, deadline: Deadline) -> None:
        """Raise DeadlineExceededError if the deadline has passed."""
        if deadline.remaining() <= 0:
            raise waited_too_long_error()


# The value sent to a flow depends on the effect that it yielded. The type of a generator can't
# express that, so it is Any.
Effect: TypeAlias = Send | Sleep | Run[Any] | Wait
Flow: TypeAlias = Generator[Effect, Any, T]
Proceed: TypeAlias = Callable[[Request], Flow[Response]]
Wrap: TypeAlias = Callable[[Request, Proceed], Flow[Response] | Response]


class Step(Generic[T]):
    """An effect for ``yield from``. Like a coroutine, it warns if it is never used.

    Args:
        effect: what it yields.
        text: how it was written, for messages: "sleep(1)".
    """

    __slots__ = ("_effect", "_is_used", "_text")

    def __init__(self, effect: Effect, text: str) -> None:
        self._effect = effect
        self._text = text
        self._is_used = False

    def __iter__(self) -> Generator[Effect, Any, T]:
        self._is_used = True
        result: T = yield self._effect
        return result

    def discard(self) -> None:
        """Suppress the warning, because the mistake has already been reported."""
        self._is_used = True

    def __repr__(self) -> str:
        return f"<{self._text}>"

    def __del__(self) -> None:
        if not self._is_used:
            warnings.warn(
                f"{self._text} has no effect: write `yield from {self._text}`",
                RuntimeWarning,
                source=self,
                stacklevel=2,
            )


def waited_too_long_error() -> DeadlineExceededError:
    """Return the error for a plugin that waited until the deadline."""
    return DeadlineExceededError("the deadline passed while a plugin waited")
