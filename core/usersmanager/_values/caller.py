"""The code that called the library, as the place that a warning names."""

from __future__ import annotations

import sys
from types import FrameType

__all__ = ["caller_stacklevel"]


def caller_stacklevel() -> int:
    """Return the `stacklevel` for a warning of the calling function.

    The warning then names the innermost code that is not part of this library.
    """
    level = 1  # The function that warns.
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_in_this_library(frame):
        frame = frame.f_back
        level += 1
    return level


def _is_in_this_library(frame: FrameType) -> bool:
    package = frame.f_globals.get("__package__") or ""
    return str(package).partition(".")[0] == __package__.partition(".")[0]
