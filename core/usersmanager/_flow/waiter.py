"""Waiter: lets a thread or a task wait until another one wakes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

__all__ = ["Waiter"]


class Waiter:
    """Wait for a wake-up from any thread. A wake-up before the wait is not lost.

    Attributes:
        notify: called by `wake` while a task is waiting. It returns whether it reached the task.
    """

    __slots__ = ("_wakes", "notify")

    def __init__(self) -> None:
        self.notify: Callable[[], bool] | None = None
        # Written in C. Unlike a Condition, it stays usable if a signal handler raises.
        self._wakes: SimpleQueue[None] = SimpleQueue()

    def wake(self) -> bool:
        """Wake the waiting thread or task. Return False if it is a task of a closed event loop."""
        self._wakes.put(None)
        notify = self.notify
        return notify is None or notify()

    def wait(self, seconds: float) -> bool:
        """Wait for a wake-up; return whether there was one. 0 seconds does not block."""
        if seconds <= 0 and self._wakes.empty():
            return False
        try:
            self._wakes.get(timeout=min(seconds, threading.TIMEOUT_MAX))
        except Empty:
            return False
        return True
