"""A clock that event loops move instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

__all__ = ["Clock", "WaitlessLoop"]


class Clock:
    """A replacement for `time.monotonic`.

    Attributes:
        now: what it shows.
    """

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class WaitlessLoop(asyncio.SelectorEventLoop):
    """An event loop that moves a clock instead of waiting; an error if it would wait for ever.

    Attributes:
        early: seconds by which its timers fire early.
        timers: those that it has started.
    """

    early = 0.0

    def __init__(self, clock: Clock) -> None:
        super().__init__(_Selector(clock))
        self.timers: list[asyncio.TimerHandle] = []

    def call_later(self, delay: float, *args: Any, **options: Any) -> asyncio.TimerHandle:
        timer = super().call_later(delay - self.early, *args, **options)
        self.timers.append(timer)
        return timer


class _Selector(selectors.SelectSelector):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "it would wait for ever"
        self._clock.now += timeout
        return super().select(0)
