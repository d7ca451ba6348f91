"""The two clocks: monotonic, and the wall clock, which also advances while a machine is suspended.

The cache reads the time through ``now`` alone.
"""

from __future__ import annotations

import time
from typing import NamedTuple

__all__ = ["Instant", "now"]


class Instant(NamedTuple):
    """A moment on both clocks, in seconds."""

    monotonic: float
    wall: float

    def age(self, at: Instant) -> float:
        """Return the seconds since this moment: the larger of what the two clocks say."""
        return max(at.monotonic - self.monotonic, at.wall - self.wall)


def now() -> Instant:
    """Return the current time."""
    return Instant(time.monotonic(), time.time())
