"""SyncPool: a pool that threads share."""

from __future__ import annotations

from collections.abc import Iterable
from queue import Empty, SimpleQueue

from ..._values.deadline import Deadline
from ...errors import PoolTimeoutError
from .pool import Pool
from .slots import Alive, Slot
from .stream import Stream

__all__ = ["SyncPool"]

# Seconds after which a waiting thread counts again: a slot may die without a `release`.
_RECOUNT_INTERVAL = 0.05


class SyncPool(Pool[Stream]):
    """A pool of threads. Arguments as for `Pool`.

    Example::

        slot = pool.acquire(origin, deadline, may_reuse=True)
        try:
            ...
            slot.is_reusable = True
        finally:
            pool.release(slot)
    """

    def __init__(self, size: int, idle_timeout: float) -> None:
        super().__init__(size, idle_timeout)
        # Written in C: unlike a Condition, it survives an exception of a signal handler.
        self._released: SimpleQueue[None] = SimpleQueue()
        self._waiters: Alive[_Waiter] = Alive()

    def acquire(self, origin: str, deadline: Deadline, *, may_reuse: bool) -> Slot[Stream]:
        """Return a slot, waiting for one if necessary; see `try_acquire`.

        Raises:
            PoolTimeoutError: none became available before the deadline.
        """
        slot = self.try_acquire(origin, may_reuse=may_reuse)
        return slot or self._wait(origin, deadline, may_reuse)

    def _wait(self, origin: str, deadline: Deadline, may_reuse: bool) -> Slot[Stream]:
        waiter = _Waiter(origin)
        try:
            self._waiters.add(waiter)
            while (slot := self.try_acquire(origin, may_reuse=may_reuse)) is None:
                remaining = deadline.remaining()
                if remaining <= 0:
                    raise PoolTimeoutError("no connection became available before the deadline")
                self._wait_for_release(min(_RECOUNT_INTERVAL, remaining))
            return slot
        finally:
            self._waiters.remove(waiter)

    def _wait_for_release(self, seconds: float) -> None:
        try:
            self._released.get(timeout=seconds)
        except Empty:
            return

    def release(self, slot: Slot[Stream]) -> None:
        """End the use of a slot; see `Pool.release`."""
        super().release(slot)
        # A waiter may be gone before it is woken: the queue must not grow forever.
        if self._waiters and self._released.qsize() < self._size:
            self._released.put(None)

    def _waiting_origins(self) -> Iterable[str]:
        return [waiter.origin for waiter in self._waiters]


class _Waiter:
    """A thread that waits."""

    __slots__ = ("__weakref__", "origin")

    def __init__(self, origin: str) -> None:
        self.origin = origin
