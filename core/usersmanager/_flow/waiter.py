"""Waiter: what a thread or a task waits on until another one wakes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

__all__ = ["Waiter"]


class Waiter:
    """Can be woken by any thread. A wake that comes before the wait ends it at once.

    Attributes:
        notify: called by `wake`, while a task waits: it returns whether it could reach the task.
    """

    __slots__ = ("_wakes", "notify")

    def __init__(self) -> None:
        self.notify: Callable[[], bool] | None = None
        # Written in C: unlike a Condition, it survives an exception of a signal handler.
        self._wakes: SimpleQueue[None] = SimpleQueue()

    def wake(self) -> bool:
        """Wake whoever waits. Return False if that is a task whose event loop is closed."""
        self._wakes.put(None)
        notify = self.notify
        return notify is None or notify()

    def wait(self, seconds: float) -> bool:
        """Wait for a wake; return whether there was one. A wait of 0 seconds does not block."""
        if seconds <= 0 and self._wakes.empty():
            return False
        try:
            self._wakes.get(timeout=min(seconds, threading.TIMEOUT_MAX))
        except Empty:
            return False
        return True
