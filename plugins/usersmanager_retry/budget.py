"""A retry budget: in a long outage, a client stops retrying and adds no load."""

from __future__ import annotations

from usersmanager import ArgumentError
from usersmanager.plugins import Lock

__all__ = ["Budget"]


class Budget:
    """A token bucket. A retry costs 5 tokens; a success refunds 1, or 5 if it was retried.

    Threads may share it, and so may several `Retry` plugins.

    Args:
        capacity: the initial and maximum number of tokens. 500 allow 100 retries in a row.

    Raises:
        ArgumentError: ``capacity`` is not a whole number, 0 or more.
    """

    COST = 5
    REFUND = 1

    def __init__(self, capacity: int = 500) -> None:
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 0:
            raise ArgumentError("capacity must be a whole number, 0 or more")
        self._capacity = capacity
        self._tokens = capacity
        self._lock = Lock()

    @property
    def tokens(self) -> int:
        """The number of tokens left."""
        return self._tokens

    def spend(self) -> bool:
        """Take the tokens for one retry, and return whether there were enough."""
        with self._lock:
            if self._tokens < self.COST:
                return False
            self._tokens -= self.COST
            return True

    def refund(self, *, retried: bool) -> None:
        """Return tokens for a successful call."""
        if self._tokens == self._capacity:
            return
        with self._lock:
            tokens = self.COST if retried else self.REFUND
            self._tokens = min(self._capacity, self._tokens + tokens)
