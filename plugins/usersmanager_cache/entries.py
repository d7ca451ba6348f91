"""Where entries are kept: in this process, or in a shared store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary

from usersmanager.plugins import Call, Flow, Secret

from . import clock
from .entry import Entry
from .key import Key
from .memory import Bounded

if TYPE_CHECKING:
    from .shared import SharedEntries

__all__ = ["Entries", "LocalEntries", "StoredEntries"]

T = TypeVar("T")

# The keys that are locked, by the call that has locked them.
_locked: WeakKeyDictionary[Call, set[Key]] = WeakKeyDictionary()


class Entries(Protocol):
    """Entries by key. Except ``peek``, the methods are flows, since a store does I/O."""

    def peek(self, key: Key) -> Entry | None:
        """Return the entry of a key if that needs no I/O, otherwise None."""

    def get(self, key: Key) -> Flow[Entry | None]:
        """Return the entry of a key, or None."""

    def put(self, key: Key, entry: Entry, ttl: float) -> Flow[None]:
        """Keep an entry for some seconds."""

    def delete(self, key: Key) -> Flow[bool]:
        """Delete the entry of a key; return whether it is certainly gone."""

    def acquire(self, key: Key, call: Call, patience: float) -> Flow[bool]:
        """Wait for other processes that request the same, for ``patience`` seconds at most.

        The flow returns whether to ``release``.
        """

    def release(self, key: Key, call: Call) -> Flow[None]:
        """Let other processes go on."""

    def close(self) -> None:
        """Close what is open for sync managers; it is opened again when needed."""

    async def aclose(self) -> None:
        """Close what is open for the running event loop."""

    def __len__(self) -> int:
        """Return the number of entries in this process."""


class LocalEntries:
    """Entries in this process.

    Args:
        limit: the maximum number of entries.
    """

    def __init__(self, limit: int) -> None:
        self._by_key: Bounded[Entry] = Bounded(limit)

    def peek(self, key: Key) -> Entry | None:
        """Return the entry of a key, or None."""
        return self._by_key.get(key)

    def get(self, key: Key) -> Flow[Entry | None]:
        """Return the entry of a key, or None."""
        return _at_once(self.peek(key))

    def put(self, key: Key, entry: Entry, ttl: float) -> Flow[None]:
        """Keep an entry; its age decides how long it is used."""
        self._by_key.put(key, entry)
        return _at_once(None)

    def delete(self, key: Key) -> Flow[bool]:
        """Delete the entry of a key."""
        self._by_key.pop(key)
        return _at_once(True)

    def acquire(self, key: Key, call: Call, patience: float) -> Flow[bool]:
        """Return False: no other process is concerned."""
        return _at_once(False)

    def release(self, key: Key, call: Call) -> Flow[None]:
        """Do nothing."""
        return _at_once(None)

    def close(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._by_key)


class StoredEntries:
    """Entries in a shared store, encoded as bytes.

    Args:
        shared: seals the entries, and handles the failures of the store.
    """

    def __init__(self, shared: SharedEntries) -> None:
        self._shared = shared
        self.delete = shared.delete
        self.close = shared.close
        self.aclose = shared.aclose

    def peek(self, key: Key) -> Entry | None:
        """Return None: every look needs I/O."""
        return None

    def get(self, key: Key) -> Flow[Entry | None]:
        """Return the entry of a key, or None if there is none that can be read."""
        content = Secret((yield from self._shared.get(key)) or b"")
        return Entry.decode(content, clock.now())

    def put(self, key: Key, entry: Entry, ttl: float) -> Flow[None]:
        """Store an entry for some seconds."""
        yield from self._shared.put(key, entry.encode(), ttl)

    def acquire(self, key: Key, call: Call, patience: float) -> Flow[bool]:
        """Wait for the lock of an entry, unless a cache outside of this one has it for the call."""
        if key in _locked.get(call, ()):
            return False
        is_locked = yield from self._shared.acquire(key, patience)
        if is_locked:
            _locked.setdefault(call, set()).add(key)
        return is_locked

    def release(self, key: Key, call: Call) -> Flow[None]:
        """Release the lock of an entry."""
        _locked[call].discard(key)
        yield from self._shared.release(key)

    def __len__(self) -> int:
        """Return 0: there are none in this process."""
        return 0


def _at_once(result: T) -> Flow[T]:
    """Return a flow without a step."""
    return result
    yield
