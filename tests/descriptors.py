"""Count open file descriptors: a socket that is left open is one too many."""

from __future__ import annotations

import gc
import os
import time

__all__ = ["count_descriptors", "settled_descriptors"]


def count_descriptors() -> int:
    """Return how many are open; 0 where the operating system does not list them."""
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def settled_descriptors(at_most: int) -> int:
    """Return how many are open, once the threads of a server had time to close theirs."""
    pause, limit = 0.0005, time.monotonic() + 4
    while (count := count_descriptors()) > at_most and time.monotonic() < limit:
        time.sleep(pause)
        pause *= 2
        if pause > 0.05:
            gc.collect()
    return count
