"""Clocks of the cache that advance only when a test lets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from usersmanager_cache.clock import Instant

__all__ = ["DATE", "Clocks", "simulated_clocks"]

EPOCH = 784111777.0
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
"""The Date of a response at the beginning of a test."""


class Clocks:
    """The two clocks, and the random share of a lifetime that is used.

    Attributes:
        monotonic: the monotonic clock.
        wall: the wall clock.
        share: what `jitter` returns.
    """

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.wall = EPOCH
        self.share = 1.0

    def now(self) -> Instant:
        return Instant(self.monotonic, self.wall)

    def jitter(self) -> float:
        return self.share

    def advance(self, seconds: float) -> None:
        """Let time pass on both."""
        self.monotonic += seconds
        self.wall += seconds


@contextmanager
def simulated_clocks() -> Iterator[Clocks]:
    """Replace the clocks and the random numbers of the cache."""
    clocks = Clocks()
    with (
        mock.patch("usersmanager_cache.clock.now", clocks.now),
        mock.patch("usersmanager_cache.lifetime.jitter", clocks.jitter),
    ):
        yield clocks
