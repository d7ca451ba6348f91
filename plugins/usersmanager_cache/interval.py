"""Interval: let one of many callers pass per interval."""

from __future__ import annotations

import time

__all__ = ["Interval"]


class Interval:
    """Lets one caller pass, and the next one only after some seconds.

    Threads may share it. It has no lock, so neither an interruption nor a fork leaves one held: a
    caller that is interrupted only uses up its turn.

    Args:
        seconds: the least time between two callers that pass.
        begun: whether even the first caller must wait that long.
    """

    __slots__ = ("_last", "_seconds")

    def __init__(self, seconds: float, *, begun: bool) -> None:
        self._seconds = seconds
        # One attribute, so that threads never see the time of one turn and the callers of another.
        self._last: tuple[float, dict[int, object]] = (
            time.monotonic() - (0.0 if begun else seconds),
            {},
        )

    def lets_pass(self) -> bool:
        """Return whether it is the caller's turn."""
        started, callers = self._last
        now = time.monotonic()
        # If the caller that passed was interrupted below, another passes in the next interval.
        number = int((now - started) / self._seconds)
        caller = object()
        if number < 1 or callers.setdefault(number, caller) is not caller:  # It is atomic.
            return False
        self._last = (now, {})
        return True
