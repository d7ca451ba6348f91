"""Connections that nobody uses just now: the last one in is the first one out."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, Protocol, TypeVar

__all__ = ["IDLE_LIMIT", "Idle"]

IDLE_LIMIT = 15.0
"""Seconds. Less than servers wait before they close, which would meet the next request."""


class Pooled(Protocol):
    """A connection, as far as the pool looks at one."""

    def is_quiet(self) -> bool:
        """Whether it is open, with nothing on it that nobody has asked for."""

    def close(self) -> None:
        """Closes it at once."""


C = TypeVar("C", bound=Pooled)


class Idle(Generic[C]):
    """The idle connections of one transport, by origin. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stacks: dict[str, deque[tuple[float, C]]] = {}
        self._closed = False

    def take(self, origin: str) -> C | None:
        """A connection fit for a request, or None. Those found unfit are closed."""
        while (found := self._pop(origin)) is not None:
            since, connection = found
            if time.monotonic() - since < IDLE_LIMIT and connection.is_quiet():
                return connection
            connection.close()
        return None

    def _pop(self, origin: str) -> tuple[float, C] | None:
        with self._lock:
            stack = self._stacks.get(origin)
            return stack.pop() if stack else None

    def put(self, origin: str, connection: C) -> None:
        """Keeps a connection after a clean end; closes those that were idle for too long."""
        now = time.monotonic()
        stale = []
        with self._lock:
            if self._closed:
                stale.append(connection)
            else:
                stack = self._stacks.setdefault(origin, deque())
                while stack and now - stack[0][0] >= IDLE_LIMIT:
                    stale.append(stack.popleft()[1])
                stack.append((now, connection))
        for one in stale:
            one.close()

    def close(self) -> list[C]:
        """Closes all, and whatever is put here later; gives those that were here."""
        with self._lock:
            self._closed = True
            closed = [one for stack in self._stacks.values() for _, one in stack]
            self._stacks.clear()
        for one in closed:
            one.close()
        return closed

    def abandon(self) -> None:
        """Closes the copies that the child of a fork has. They stay open in the parent."""
        self._lock = threading.Lock()  # A thread that is not here may hold the other.
        self.close()
