"""The end of the standard output. It imports neither click nor rich."""

from __future__ import annotations

import os
import sys

__all__ = ["end_output", "flush_output"]


def flush_output() -> None:
    """Flush stdout. If that fails, discard the rest, or Python reports it again at exit."""
    if sys.stdout is None:
        return  # stdout is closed.
    try:
        sys.stdout.flush()
    except OSError:
        end_output()


def end_output() -> None:
    """Close the pipe or file that stdout writes to, and discard further output."""
    if sys.stdout is not None:
        with open(os.devnull, "wb") as devnull:
            os.dup2(devnull.fileno(), sys.stdout.fileno())
