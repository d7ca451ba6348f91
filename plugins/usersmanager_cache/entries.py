"""Where entries are kept: in this process, or in a shared store."""

from __future__ import annotations

from typing import Protocol, TypeVar

from usersmanager.plugins import Flow

from .entry import Entry
from .memory import Bounded

__all__ = ["Entries", "LocalEntries"]

T = TypeVar("T")


class Entries(Protocol):
    """Entries by key. Except `peek`, the methods are flows, since a store does I/O."""

    def peek(self, key: bytes) -> Entry | None:
        """Return the entry of a key if that needs no I/O, otherwise None."""

    def get(self, key: bytes) -> Flow[Entry | None]:
        """Return the entry of a key, or None."""

    def put(self, key: bytes, entry: Entry, ttl: float) -> Flow[None]:
        """Keep an entry for some seconds."""

    def delete(self, key: bytes) -> Flow[bool]:
        """Delete the entry of a key; return whether it is certainly gone."""

    def acquire(self, key: bytes) -> Flow[bool]:
        """Wait for other processes that request the same; return whether to `release`."""

    def release(self, key: bytes) -> Flow[None]:
        """Let other processes go on."""

    def __len__(self) -> int:
        """Return the number of entries in this process."""


class LocalEntries:
    """Entries in this process.

    Args:
        limit: the maximum number of entries.
    """

    def __init__(self, limit: int) -> None:
        self._by_key: Bounded[Entry] = Bounded(limit)

    def peek(self, key: bytes) -> Entry | None:
        """Return the entry of a key, or None."""
        return self._by_key.get(key)

    def get(self, key: bytes) -> Flow[Entry | None]:
        """Return the entry of a key, or None."""
        return _at_once(self.peek(key))

    def put(self, key: bytes, entry: Entry, ttl: float) -> Flow[None]:
        """Keep an entry; its age decides how long it is used."""
        self._by_key.put(key, entry)
        return _at_once(None)

    def delete(self, key: bytes) -> Flow[bool]:
        """Delete the entry of a key."""
        self._by_key.pop(key)
        return _at_once(True)

    def acquire(self, key: bytes) -> Flow[bool]:
        """Return False: no other process is concerned."""
        return _at_once(False)

    def release(self, key: bytes) -> Flow[None]:
        """Do nothing."""
        return _at_once(None)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._by_key)


def _at_once(result: T) -> Flow[T]:
    """Return a flow without a step."""
    return result
    yield
