"""Slots: the right to have a connection, counted as long as somebody holds it.

Live slots are counted, not calls of `release`: an exception raised by a signal handler can prevent
any statement from running.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar
from weakref import ref

__all__ = ["Alive", "ConnectionT", "PoolableConnection", "Slot"]


class PoolableConnection(Protocol):
    """The connection interface that `Pool` needs."""

    opened_at: float
    """When it was opened, in seconds of `time.monotonic()`."""

    def is_clean(self) -> bool:
        """Return whether the connection is open and has received no unexpected data."""

    def close(self) -> None:
        """Close the connection at once. May be called twice."""


T = TypeVar("T")
ConnectionT = TypeVar("ConnectionT", bound=PoolableConnection)


class Slot(Generic[ConnectionT]):
    """The right to have one connection, until it is released or garbage-collected.

    Attributes:
        origin: what the connection leads to.
        connection: None until it is open.
        is_reusable: set it to keep the connection for another call.
        idle_since: in seconds of `time.monotonic()`; `math.inf` while a call uses it.
    """

    __slots__ = ("__weakref__", "connection", "idle_since", "is_reusable", "origin")

    def __init__(self, origin: str) -> None:
        self.origin: str = origin
        self.connection: ConnectionT | None = None
        self.is_reusable: bool = False
        self.idle_since: float = math.inf


class Alive(Generic[T]):
    """Objects that count until they are removed or garbage-collected."""

    __slots__ = ("_references",)

    def __init__(self) -> None:
        self._references: set[ref[T]] = set()

    def add(self, item: T) -> None:
        """Count an object."""
        # The callback is a method of a set: it runs no Python code that could be interrupted.
        self._references.add(ref(item, self._references.discard))

    def remove(self, item: T) -> None:
        """Stop counting an object. May be called twice."""
        self._references.discard(ref(item))

    def __len__(self) -> int:
        return len(self._references)

    def __iter__(self) -> Iterator[T]:
        for reference in self._references.copy():
            if (item := reference()) is not None:
                yield item
