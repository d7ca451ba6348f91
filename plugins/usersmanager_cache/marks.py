"""Marks: tell whether a token has been forgotten since a request for its profile began."""

from __future__ import annotations

from .key import Key

__all__ = ["Marks"]

_COUNT = 1024


class Marks:
    """A mark for each key. Keys share a limited number of marks, which costs a request at most.

    Threads may share it without a lock: a mark is replaced as a whole.
    """

    def __init__(self) -> None:
        self._marks: list[object] = [object() for _ in range(_COUNT)]

    def of(self, key: Key) -> object:
        """Return the current mark of a key."""
        return self._marks[self._index(key)]

    def renew(self, key: Key) -> None:
        """Replace the mark of a key."""
        self._marks[self._index(key)] = object()

    @staticmethod
    def _index(key: Key) -> int:
        return int.from_bytes(key[:2]) % _COUNT
