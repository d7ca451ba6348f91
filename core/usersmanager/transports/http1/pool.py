"""Pool: the connections of a transport, idle and in use, of all origins."""

from __future__ import annotations

import math
import operator
import os
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Generic, NamedTuple

from ..._values.lock import Lock
from .slots import Alive, ConnectionT, Slot

__all__ = ["Pool", "PoolStats"]


class PoolStats(NamedTuple):
    """The connections to one origin.

    Attributes:
        in_use: connections that are in use or being opened.
        idle: connections that wait for the next call.
        waiting: calls that wait for a connection.
        opened: connections opened so far.
    """

    in_use: int = 0
    idle: int = 0
    waiting: int = 0
    opened: int = 0

    def plus(self, other: PoolStats) -> PoolStats:
        """Return the sums of these numbers and those of another pool."""
        return PoolStats(*map(operator.add, self, other))


class _Origin(Generic[ConnectionT]):
    """What the pool knows of one origin.

    Attributes:
        idle: its idle connections, the most recently used one last.
        usable_since: connections opened before are not used again.
        opened: the number of connections opened so far.
    """

    __slots__ = ("idle", "opened", "usable_since")

    def __init__(self) -> None:
        self.idle: deque[Slot[ConnectionT]] = deque()
        self.usable_since = -math.inf
        self.opened = 0


class Pool(Generic[ConnectionT]):
    """Lends connections, and keeps them while they are idle. Thread-safe.

    `SyncPool` and `AsyncPool` add what a call does that has to wait.

    Args:
        size: the maximum number of connections, idle and in use, of all origins together.
        idle_timeout: seconds after which an idle connection is not used again.

    Attributes:
        process: the process that owns the connections.
    """

    def __init__(self, size: int, idle_timeout: float) -> None:
        self.process: int = os.getpid()
        self._size = size
        self._idle_timeout = idle_timeout
        self._lock = Lock()
        self._slots: Alive[Slot[ConnectionT]] = Alive()
        self._origins: dict[str, _Origin[ConnectionT]] = {}
        self._is_closed = False

    def try_acquire(self, origin: str, *, may_reuse: bool) -> Slot[ConnectionT] | None:
        """Return a slot, with a usable connection or none; None if all are in use.

        The most recently used connection is the first to be reused.

        Args:
            origin: of the request.
            may_reuse: whether the request may use a connection a second time.
        """
        while (slot := self._next(origin, may_reuse)) is not None:
            if slot.connection is None:
                return slot
            try:
                age = time.monotonic() - slot.idle_since
                if age < self._idle_timeout and slot.connection.is_clean():
                    slot.idle_since = math.inf
                    return slot
            except BaseException:
                slot.connection.close()
                raise
            self._drop(slot)
        return None

    def _next(self, origin: str, may_reuse: bool) -> Slot[ConnectionT] | None:
        with self._lock:
            if origin not in self._origins:
                self._origins[origin] = _Origin()
            if may_reuse and self._origins[origin].idle:
                return self._origins[origin].idle.pop()
            if len(self._slots) >= self._size:
                return self._evict()
            slot: Slot[ConnectionT] = Slot(origin)
            self._slots.add(slot)
            return slot

    def _evict(self) -> Slot[ConnectionT] | None:
        """Remove and return the connection that has been idle for longest, as one that is too old.

        Closing it makes room for another one.
        """
        oldest = [known.idle for known in self._origins.values() if known.idle]
        if not oldest:
            return None
        slot = min(oldest, key=lambda idle: idle[0].idle_since).popleft()
        slot.idle_since = -math.inf
        return slot

    def opened(self, slot: Slot[ConnectionT], connection: ConnectionT) -> None:
        """Give a slot its new connection."""
        slot.connection = connection
        with self._lock:
            self._origins[slot.origin].opened += 1

    def release(self, slot: Slot[ConnectionT]) -> None:
        """End the use of a slot: keep its connection if it is reusable, otherwise close it."""
        if not (slot.is_reusable and self._keep(slot)):
            self._drop(slot)

    def _keep(self, slot: Slot[ConnectionT]) -> bool:
        now = time.monotonic()
        expired = []
        with self._lock:
            known = self._origins[slot.origin]
            usable_since = math.inf if self._is_closed else known.usable_since
            if slot.connection is None or slot.connection.opened_at <= usable_since:
                return False
            while known.idle and now - known.idle[0].idle_since >= self._idle_timeout:
                expired.append(known.idle.popleft())
            slot.is_reusable, slot.idle_since = False, now
            known.idle.append(slot)
        for old in expired:
            self._drop(old)
        return True

    def _drop(self, slot: Slot[ConnectionT]) -> None:
        if slot.connection is not None:
            slot.connection.close()
        self._slots.remove(slot)

    def discard(self, origin: str) -> None:
        """Close the idle connections of an origin, and those in use once they are released.

        For when one of them turned out to be dead: the others probably are, too.
        """
        with self._lock:
            known = self._origins[origin]
            known.usable_since = time.monotonic()
            idle, known.idle = known.idle, deque()
        for slot in idle:
            self._drop(slot)

    def close(self) -> None:
        """Close the idle connections, and those that are released later."""
        with self._lock:
            self._is_closed = True
            idle = [slot for known in self._origins.values() for slot in known.idle]
            for known in self._origins.values():
                known.idle.clear()
        for slot in idle:
            self._drop(slot)

    def discard_after_fork(self) -> None:
        """Close the copies in a forked child. The connections stay open in the parent."""
        self._lock = Lock()  # A thread of the parent may have held the old one.
        self.close()

    def stats(self) -> dict[str, PoolStats]:
        """Return the connections by origin. Takes no lock, so that a signal handler may call it."""
        # Each slot is read once: it may become idle meanwhile, and counts as one or the other.
        slots = Counter((slot.origin, slot.idle_since == math.inf) for slot in self._slots)
        waiting = Counter(self._waiting_origins())
        return {
            origin: PoolStats(
                slots[origin, True], slots[origin, False], waiting[origin], known.opened
            )
            for origin, known in self._origins.copy().items()
        }

    def _waiting_origins(self) -> Iterable[str]:
        raise NotImplementedError
