"""Bounded: a mapping of limited size, in which the least recently used item makes room."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any, Generic, TypeVar
from weakref import WeakSet

__all__ = ["Bounded"]

V = TypeVar("V")


class Bounded(Generic[V]):
    """A mapping from keys of bytes. Threads may share it; a forked process starts with none.

    It needs no lock, which an interruption could leave held: each method of an OrderedDict is
    atomic, because it is written in C and the keys are bytes.

    Args:
        limit: the maximum number of items, 1 or more.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.clear()
        _instances.add(self)

    def clear(self) -> None:
        """Discard all items."""
        self._items: OrderedDict[bytes, V] = OrderedDict()

    def get(self, key: bytes) -> V | None:
        """Return an item and mark it as recently used, or return None."""
        item = self._items.get(key)
        if item is not None:
            try:
                self._items.move_to_end(key)
            except KeyError:  # Another thread has just removed it.
                return item
        return item

    def put(self, key: bytes, item: V) -> None:
        """Add or replace an item."""
        self._items[key] = item
        try:
            self._items.move_to_end(key)
            while len(self._items) > self._limit:
                self._items.popitem(last=False)
        except KeyError:  # Another thread has just removed it, or the last item.
            return

    def pop(self, key: bytes) -> None:
        """Remove an item if it is there."""
        self._items.pop(key, None)

    def __len__(self) -> int:
        return len(self._items)


_instances: WeakSet[Bounded[Any]] = WeakSet()


def _clear_all() -> None:
    for bounded in list(_instances):
        bounded.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_clear_all)
