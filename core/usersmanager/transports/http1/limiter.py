"""Limit the number of connections that threads use at a time.

This limiter and the one in `async_limiter.py` count live slots, not calls of `release`: an
exception raised by a signal handler can prevent any statement from running.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from weakref import ref

from ..._values.deadline import Deadline
from ...errors import PoolTimeoutError

__all__ = ["ConnectionLimiter", "Slot", "SlotCounter"]

# Seconds after which a waiting thread counts again: a slot may die without a `release`.
_RECOUNT_INTERVAL = 0.05


class Slot:
    """The right to use one connection, until it is released or garbage-collected."""

    __slots__ = ("__weakref__",)


class SlotCounter:
    """Counts live slots.

    Args:
        limit: the maximum number of slots.
    """

    __slots__ = ("_alive", "limit")

    def __init__(self, limit: int) -> None:
        self.limit: int = limit
        self._alive: set[ref[Slot]] = set()

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return len(self._alive) >= self.limit

    def add(self) -> Slot:
        """Add a slot."""
        slot = Slot()
        # The callback is a method of a set: it runs no Python code that could be interrupted.
        self._alive.add(ref(slot, self._alive.discard))
        return slot

    def remove(self, slot: Slot) -> None:
        """Stop counting a slot."""
        self._alive.discard(ref(slot))


class ConnectionLimiter:
    """Limits the connections of threads; beyond the limit they wait.

    Args:
        limit: the maximum number of slots in use.

    Example:
        ```python
        slot = limiter.acquire(deadline)
        try:
            ...
        finally:
            limiter.release(slot)
        ```
    """

    def __init__(self, limit: int) -> None:
        self._slots = SlotCounter(limit)
        self._lock = threading.Lock()
        # Written in C: unlike a Condition, it survives an exception of a signal handler.
        self._released: SimpleQueue[None] = SimpleQueue()
        self._waiting: set[int] = set()

    def acquire(self, deadline: Deadline) -> Slot:
        """Return a slot, waiting for one if necessary.

        Raises:
            PoolTimeoutError: none became available before the deadline.
        """
        return self._try_acquire() or self._wait(deadline)

    def _try_acquire(self) -> Slot | None:
        with self._lock:
            return None if self._slots.is_full else self._slots.add()

    def _wait(self, deadline: Deadline) -> Slot:
        thread = threading.get_ident()
        try:
            self._waiting.add(thread)
            while (slot := self._try_acquire()) is None:
                if deadline.remaining() <= 0:
                    raise PoolTimeoutError("no connection became available before the deadline")
                self._wait_for_release(deadline)
            return slot
        finally:
            self._waiting.discard(thread)

    def _wait_for_release(self, deadline: Deadline) -> None:
        seconds = max(0.0, min(_RECOUNT_INTERVAL, deadline.remaining()))
        try:
            self._released.get(timeout=seconds)
        except Empty:
            return

    def release(self, slot: Slot) -> None:
        """Give a slot back. May be called twice."""
        self._slots.remove(slot)
        # An interrupted thread may remain in `_waiting`: the queue must not grow forever.
        if self._waiting and self._released.qsize() < self._slots.limit:
            self._released.put(None)
