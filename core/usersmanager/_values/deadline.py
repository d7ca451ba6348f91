"""Deadline, the time limit of a call."""

from __future__ import annotations

import time

__all__ = ["Deadline"]


class Deadline:
    """The time at which a call expires.

    Args:
        moment: the time, in seconds of ``time.monotonic()``.

    Example::

        sock.settimeout(deadline.remaining_or_raise())
    """

    __slots__ = ("moment",)

    def __init__(self, moment: float) -> None:
        self.moment: float = moment

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return a deadline this many seconds from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Return the remaining seconds; negative once the deadline has passed."""
        return self.moment - time.monotonic()

    def remaining_or_raise(self) -> float:
        """Return the remaining seconds.

        Raises:
            TimeoutError: the deadline has passed.
        """
        seconds = self.remaining()
        if seconds <= 0:
            raise TimeoutError("the deadline passed")
        return seconds

    def within(self, seconds: float) -> Deadline:
        """Return the earlier of this deadline and this many seconds from now."""
        return Deadline(min(self.moment, time.monotonic() + seconds))

    def __repr__(self) -> str:
        return f"<Deadline in {self.remaining():.3f} s>"
