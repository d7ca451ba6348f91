"""A connection for tests of a pool."""

from __future__ import annotations

import asyncio
import time

__all__ = ["Connection"]


class Connection:
    """A connection that is open until it is closed.

    Attributes:
        closed: if it is given, done once the connection is closed.
    """

    def __init__(self, closed: asyncio.Future[None] | None = None) -> None:
        self.is_open = True
        self.opened_at = time.monotonic()
        self.closed = closed

    def is_clean(self) -> bool:
        return self.is_open

    def close(self) -> None:
        self.is_open = False
