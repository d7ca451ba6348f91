"""Count how the calls ended."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from weakref import WeakSet

from usersmanager.plugins import Lock

__all__ = ["CacheStats", "Counters"]


@dataclass(frozen=True, slots=True)
class CacheStats:
    """The counters of a cache. Each call is counted in exactly one of the first five.

    Attributes:
        hits: calls that were answered with an entry.
        stale: calls that were answered with an entry older than ``max_age``.
        waits: calls that got the outcome of another call's request.
        refused: calls that got a remembered failure.
        misses: calls that made a request.
        store_errors: failures of the shared store.
        entries: the entries in this process; 0 if there is a shared store.
    """

    hits: int
    stale: int
    waits: int
    refused: int
    misses: int
    store_errors: int
    entries: int


class Counters:
    """Counters by name. Threads may share them."""

    def __init__(self) -> None:
        self.renew_lock()
        self._counts: Counter[str] = Counter()
        _instances.add(self)

    def renew_lock(self) -> None:
        """Forget a lock that another thread may hold."""
        self._lock = Lock()

    def add(self, name: str) -> None:
        """Add one to a counter."""
        with self._lock:
            self._counts[name] += 1

    def snapshot(self, entries: int) -> CacheStats:
        """Return the current numbers."""
        with self._lock:
            counts = self._counts.copy()
        return CacheStats(
            hits=counts["hit"],
            stale=counts["stale"],
            waits=counts["waited"],
            refused=counts["refused"],
            misses=counts["miss"],
            store_errors=counts["store_error"],
            entries=entries,
        )


_instances: WeakSet[Counters] = WeakSet()


def _renew_locks() -> None:
    for counters in list(_instances):
        counters.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
