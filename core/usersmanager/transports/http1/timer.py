"""DeadlineTimer: one timer of the event loop for all the exchanges of a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import Context

__all__ = ["DeadlineTimer"]

# Seconds by which the loop may call too early: uvloop counts in milliseconds.
_TOLERANCE = 0.002


class DeadlineTimer:
    """Tells a connection that the deadline of what it does has passed.

    For asyncio transports. `asyncio.timeout` makes and cancels a timer for each call; here
    a deadline that is later than the last one costs nothing until the timer fires.

    Args:
        loop: the connection's event loop.

    Example:
        ```python
        timer.start(request.deadline, self._on_timeout)
        try:
            ...
        finally:
            timer.stop()
        ```
    """

    __slots__ = ("_context", "_deadline", "_fires_at", "_handle", "_loop", "_on_timeout")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Else the loop's timer would keep the context of the call that started it.
        self._context = Context()
        self._handle: asyncio.TimerHandle | None = None
        self._fires_at = 0.0
        self._deadline = 0.0
        self._on_timeout: Callable[[], object] | None = None

    def start(self, deadline: float, on_timeout: Callable[[], object]) -> None:
        """Calls `on_timeout` once at the deadline (`time.monotonic()`), in place of any before."""
        self._deadline, self._on_timeout = deadline, on_timeout
        if self._handle is None or deadline < self._fires_at:
            self._schedule(deadline)

    def stop(self) -> None:
        """Calls nothing. The loop's timer stays, for the next exchange."""
        self._on_timeout = None

    def close(self) -> None:
        """Calls nothing, and leaves nothing in the loop: the connection is no more."""
        self._on_timeout = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _schedule(self, moment: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._fires_at = moment
        left = moment - time.monotonic()
        self._handle = self._loop.call_later(left, self._fire, context=self._context)

    def _fire(self) -> None:
        self._handle = None
        on_timeout = self._on_timeout
        if on_timeout is None:
            return
        if self._deadline > time.monotonic() + _TOLERANCE:
            self._schedule(self._deadline)
            return
        self._on_timeout = None
        on_timeout()
