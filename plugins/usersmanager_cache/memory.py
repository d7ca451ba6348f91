"""Bounded: a mapping of limited size, in which the least recently used item makes room."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from usersmanager.plugins import Lock

__all__ = ["Bounded"]

V = TypeVar("V")


class Bounded(Generic[V]):
    """A mapping from keys of bytes. Threads may share it; a forked process starts with none.

    Without the GIL, an OrderedDict that threads share needs a lock: before CPython 3.14.1, two of
    its methods at the same time crash the interpreter.

    Args:
        limit: the maximum number of items, 1 or more.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.reset()
        _instances.add(self)

    def reset(self) -> None:
        """Discard all items, and create a new lock."""
        self._lock = Lock()
        self._items: OrderedDict[bytes, V] = OrderedDict()

    def get(self, key: bytes) -> V | None:
        """Return an item and mark it as recently used, or return None."""
        with self._lock:
            try:
                self._items.move_to_end(key)
                return self._items[key]
            except KeyError:
                return None

    def put(self, key: bytes, item: V) -> None:
        """Add or replace an item."""
        with self._lock:
            self._items.pop(key, None)
            self._items[key] = item  # At the end.
            while len(self._items) > self._limit:
                self._items.popitem(last=False)

    def pop(self, key: bytes) -> None:
        """Remove an item if it is there."""
        with self._lock:
            self._items.pop(key, None)

    def __len__(self) -> int:
        return len(self._items)


_instances: WeakSet[Bounded[Any]] = WeakSet()


def _reset_all() -> None:
    for bounded in list(_instances):
        bounded.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
