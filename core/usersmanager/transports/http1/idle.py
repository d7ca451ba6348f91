"""IdlePool: the idle connections of a transport."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, Protocol, TypeVar

__all__ = ["KEEPALIVE_SECONDS", "IdlePool", "PoolableConnection"]

KEEPALIVE_SECONDS = 15.0
"""Less than servers and load balancers usually wait before they close an idle connection."""


class PoolableConnection(Protocol):
    """The connection interface that `IdlePool` needs."""

    opened_at: float
    """When it was opened, in seconds of `time.monotonic()`."""

    def is_clean(self) -> bool:
        """Return whether the connection is open and has received no unexpected data."""

    def close(self) -> None:
        """Close the connection at once. May be called twice."""


ConnectionT = TypeVar("ConnectionT", bound=PoolableConnection)


class IdlePool(Generic[ConnectionT]):
    """Keeps idle connections by origin, and reuses the most recently used first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, deque[tuple[float, ConnectionT]]] = {}
        self._usable_since: dict[str, float] = {}
        self._closed = False

    def take(self, origin: str) -> ConnectionT | None:
        """Remove and return a reusable connection, or return None. Close unusable ones."""
        while (entry := self._pop(origin)) is not None:
            idle_since, connection = entry
            try:
                is_recent = time.monotonic() - idle_since < KEEPALIVE_SECONDS
                if is_recent and connection.is_clean():
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
        return None

    def _pop(self, origin: str) -> tuple[float, ConnectionT] | None:
        with self._lock:
            idle = self._idle.get(origin)
            return idle.pop() if idle else None

    def put(self, origin: str, connection: ConnectionT) -> None:
        """Keep a connection for reuse. Close those that were idle for too long."""
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
        """Close the idle connections of an origin, and those in use once they are put back.

        For when one of them turned out to be dead: the others probably are, too.
        """
        with self._lock:
            self._usable_since[origin] = time.monotonic()
            idle = [connection for _, connection in self._idle.pop(origin, ())]
        _close_all(idle)

    def close(self) -> list[ConnectionT]:
        """Close all connections, also those put back later; return the idle ones."""
        with self._lock:
            self._closed = True
            idle = [connection for entries in self._idle.values() for _, connection in entries]
            self._idle.clear()
        _close_all(idle)
        return idle

    def discard_after_fork(self) -> None:
        """Close the copies in a forked child. The connections stay open in the parent."""
        self._lock = threading.Lock()  # A thread of the parent may have held the old one.
        self.close()


def _close_all(connections: list[ConnectionT]) -> None:
    for connection in connections:
        connection.close()
