"""DeadlineTimer: one timer of the event loop for all exchanges of a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import Context

__all__ = ["DeadlineTimer"]

# Seconds by which the event loop may fire early: uvloop counts in milliseconds.
_TOLERANCE = 0.002


class DeadlineTimer:
    """Calls a function when the deadline of an exchange passes.

    `asyncio.timeout` creates and cancels a timer of the event loop for each exchange; this
    class reuses one as long as the deadlines get later.

    Args:
        loop: the running event loop.

    Example::

        timer.start(request.deadline, self._on_timeout)
        try:
            ...
        finally:
            timer.stop()
    """

    __slots__ = ("_context", "_exchange", "_fires_at", "_handle", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # The timer outlives the exchange, and must not keep the context of its call alive.
        self._context = Context()
        self._handle: asyncio.TimerHandle | None = None
        self._fires_at: float  # If there is a handle.
        # The deadline, and what to call then.
        self._exchange: tuple[float, Callable[[], object]] | None = None

    def start(self, deadline: float, on_timeout: Callable[[], object]) -> None:
        """Call `on_timeout` once at the deadline, instead of any earlier one.

        Args:
            deadline: in seconds of ``time.monotonic()``.
            on_timeout: called by the event loop.
        """
        self._exchange = deadline, on_timeout
        if self._handle is None or deadline < self._fires_at:
            self._schedule(deadline)

    def stop(self) -> None:
        """Stop the timer. That of the event loop is kept for the next exchange."""
        self._exchange = None

    def close(self) -> None:
        """Stop the timer for good."""
        self.stop()
        if self._handle is not None:
            self._handle.cancel()

    def _schedule(self, deadline: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._fires_at = deadline
        delay = deadline - time.monotonic()
        self._handle = self._loop.call_later(delay, self._fire, context=self._context)

    def _fire(self) -> None:
        self._handle = None
        if self._exchange is None:
            return
        deadline, on_timeout = self._exchange
        if deadline > time.monotonic() + _TOLERANCE:
            self._schedule(deadline)
        else:
            self.stop()
            on_timeout()
