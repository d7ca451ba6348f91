"""DeadlineTimer: one timer of the event loop for all the exchanges of a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import Context

__all__ = ["DeadlineTimer"]

# Seconds by which the loop may ring too early: uvloop counts in milliseconds.
_TOLERANCE = 0.002


class DeadlineTimer:
    """Tells a connection that the deadline of what it does has passed.

    For asyncio transports. `asyncio.timeout` makes and cancels a timer for each call; here
    a deadline that is later than the last one costs nothing until the loop rings.

    Args:
        loop: the connection's event loop.

    Example:
        ```python
        timer.start(request.deadline, self._expired)
        try:
            ...
        finally:
            timer.stop()
        ```
    """

    __slots__ = ("_context", "_deadline", "_expired", "_handle", "_loop", "_rings_at")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Else the loop's timer would keep the context of the call that started it.
        self._context = Context()
        self._handle: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._deadline = 0.0
        self._expired: Callable[[], object] | None = None

    def start(self, deadline: float, expired: Callable[[], object]) -> None:
        """Calls `expired` once at the deadline (`time.monotonic()`), in place of any before."""
        self._deadline, self._expired = deadline, expired
        if self._handle is None or deadline < self._rings_at:
            self._ring_at(deadline)

    def stop(self) -> None:
        """Calls nothing. The loop's timer stays, for the next exchange."""
        self._expired = None

    def close(self) -> None:
        """Calls nothing, and leaves nothing in the loop: the connection is no more."""
        self._expired = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _ring_at(self, moment: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._rings_at = moment
        left = moment - time.monotonic()
        self._handle = self._loop.call_later(left, self._ring, context=self._context)

    def _ring(self) -> None:
        self._handle = None
        expired = self._expired
        if expired is None:
            return
        if self._deadline > time.monotonic() + _TOLERANCE:
            self._ring_at(self._deadline)
            return
        self._expired = None
        expired()
