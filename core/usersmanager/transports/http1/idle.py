"""IdlePool: the connections of one transport that no call is using."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, Protocol, TypeVar

__all__ = ["KEEPALIVE_SECONDS", "IdlePool", "PoolableConnection"]

KEEPALIVE_SECONDS = 15.0
"""Less than servers and load balancers usually wait before they close an idle connection."""


class PoolableConnection(Protocol):
    """What a pool needs of a connection."""

    opened_at: float
    """When it was opened, in seconds of `time.monotonic()`."""

    def is_clean(self) -> bool:
        """Return whether it is open, and nothing that nobody asked for has arrived."""

    def close(self) -> None:
        """Close it at once. May be called twice."""


C = TypeVar("C", bound=PoolableConnection)


class IdlePool(Generic[C]):
    """Keeps idle connections by origin; the most recently used one is reused first.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, deque[tuple[float, C]]] = {}
        self._usable_since: dict[str, float] = {}
        self._closed = False

    def take(self, origin: str) -> C | None:
        """Remove and return a reusable connection, or return None. Closes unusable ones."""
        while (entry := self._pop(origin)) is not None:
            idle_since, connection = entry
            try:
                is_fresh = time.monotonic() - idle_since < KEEPALIVE_SECONDS
                if is_fresh and connection.is_clean():
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
        return None

    def _pop(self, origin: str) -> tuple[float, C] | None:
        with self._lock:
            idle = self._idle.get(origin)
            return idle.pop() if idle else None

    def put(self, origin: str, connection: C) -> None:
        """Keep a connection after a clean end. Closes those that were idle for too long."""
        now = time.monotonic()
        unusable = []
        with self._lock:
            if self._closed or connection.opened_at <= self._usable_since.get(origin, 0.0):
                unusable.append(connection)
            else:
                idle = self._idle.setdefault(origin, deque())
                while idle and now - idle[0][0] >= KEEPALIVE_SECONDS:
                    unusable.append(idle.popleft()[1])
                idle.append((now, connection))
        _close_all(unusable)

    def discard(self, origin: str) -> None:
        """Close the idle connections of an origin, and those in use when they come back.

        One of them turned out to be dead: the others probably are, too.
        """
        with self._lock:
            self._usable_since[origin] = time.monotonic()
            idle = [connection for _, connection in self._idle.pop(origin, ())]
        _close_all(idle)

    def close(self) -> list[C]:
        """Close all connections, also those that come back later; return the idle ones."""
        with self._lock:
            self._closed = True
            idle = [connection for entries in self._idle.values() for _, connection in entries]
            self._idle.clear()
        _close_all(idle)
        return idle

    def discard_after_fork(self) -> None:
        """Close the copies that a forked child has. They stay open in the parent."""
        self._lock = threading.Lock()  # A thread that the child lacks may hold the other.
        self.close()


def _close_all(connections: list[C]) -> None:
    for connection in connections:
        connection.close()
