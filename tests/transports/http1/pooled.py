"""A connection for tests of a pool."""

from __future__ import annotations

import time

__all__ = ["Connection"]


class Connection:
    """A connection that is open until it is closed."""

    def __init__(self) -> None:
        self.is_open = True
        self.opened_at = time.monotonic()

    def is_clean(self) -> bool:
        return self.is_open

    def close(self) -> None:
        self.is_open = False
