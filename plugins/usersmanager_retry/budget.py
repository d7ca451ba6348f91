"""The retry budget: in a long outage a client stops retrying, and adds no load."""

from __future__ import annotations

import threading

from usersmanager import ArgumentError

__all__ = ["Budget"]


class Budget:
    """A token bucket: a retry costs 5, a success that needed it gives them back, any other 1.

    Threads may share it, and so may several `Retry` plugins.

    Args:
        capacity: tokens at the start and at the most. 500 is 100 retries in a row.
    """

    COST = 5
    REFUND = 1

    def __init__(self, capacity: int = 500) -> None:
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 0:
            raise ArgumentError("the capacity of a budget is a whole number, 0 or more")
        self._capacity = capacity
        self._tokens = capacity
        self._lock = threading.Lock()

    @property
    def tokens(self) -> int:
        """What is left."""
        return self._tokens

    def spend(self) -> bool:
        """Pays for one retry; False if there is too little left."""
        with self._lock:
            if self._tokens < self.COST:
                return False
            self._tokens -= self.COST
            return True

    def succeeded(self, *, retried: bool) -> None:
        """Refunds a success."""
        if self._tokens == self._capacity:
            return
        with self._lock:
            refund = self.COST if retried else self.REFUND
            self._tokens = min(self._capacity, self._tokens + refund)
