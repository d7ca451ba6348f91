"""StoreHealth: leave a store that fails alone for a while, and log that it failed.

Nothing here holds a lock: an interruption at any line, or a fork, does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from .interval import Interval
from .stores import WrongLoopError

__all__ = ["Part", "StoreHealth"]

_SECONDS_ALONE = 5.0
_SECONDS_BETWEEN_WARNINGS = 60.0

_logger = logging.getLogger("usersmanager.cache")


class Part:
    """One kind of access to a store: reading, writing or deleting.

    Attributes:
        failing: when it may be tried again, or None if it works.
        logged: has the item "warning" from the warning until it works again.
    """

    __slots__ = ("failing", "logged")

    def __init__(self) -> None:
        self.failing: Interval | None = None
        self.logged: dict[str, bool] = {}

    def may_be_tried(self) -> bool:
        """Return whether it works, or it is this caller's turn to try it again."""
        failing = self.failing
        return failing is None or failing.lets_pass()


class StoreHealth:
    """Whether each part of a store works.

    If reading fails, the whole store is left alone for five seconds, and then one call tries it. If
    writing or deleting fails, only that is left alone: a store that is full or read-only can still
    be read.

    Args:
        on_error: called without arguments for each failure.
    """

    def __init__(self, on_error: Callable[[], object]) -> None:
        self._on_error = on_error
        self._warnings = Interval(_SECONDS_BETWEEN_WARNINGS, begun=False)
        self.reading = Part()
        self.writing = Part()
        self.deleting = Part()

    def may_try(self, part: Part) -> bool:
        """Return whether a call may access a part now."""
        return self.reading.may_be_tried() and (part is self.reading or part.may_be_tried())

    def failed(self, part: Part, error: Exception) -> None:
        """Note and log a failure. Nothing but its class is logged: its text may be a secret."""
        self._on_error()
        if isinstance(error, WrongLoopError):  # In its own event loop, the client may work.
            if self._warnings.lets_pass():
                _logger.warning("the store can't be used: %s", error)
            return
        part.failing = Interval(_SECONDS_ALONE, begun=True)
        if self._warnings.lets_pass():
            part.logged["warning"] = True
            _logger.warning("the store failed: %s", type(error).__name__)

    def succeeded(self, part: Part) -> None:
        """Note that a part works, and log that it does again."""
        for working in (part, self.reading):
            if working.failing is not None:
                working.failing = None
                if working.logged.pop("warning", False):  # Only one of several threads logs it.
                    _logger.info("the store answers again")
