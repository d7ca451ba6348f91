"""Load installed plugins and transports by name, and warn about conflicts."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

from .._values.suggestions import did_you_mean
from ..errors import PluginError, PluginWarning
from .entry_points import Kind, by_name, describe_conflict, disabled_names, load, resolve

__all__ = ["Loader"]


class Loader:
    """Load plugins and transports for one manager.

    Attributes:
        disabled: the names that USERSMANAGER_DISABLE contains.
    """

    def __init__(self) -> None:
        self.disabled = disabled_names()
        self._warnings: set[str] = set()

    def load(self, kind: Kind, name: str) -> object:
        """Return what the entry point of this name refers to.

        Raises:
            PluginError: the name is not installed, ambiguous, or failed to load.
        """
        installed = by_name(kind)
        if name not in installed:
            suggestion = did_you_mean(name, installed)
            raise PluginError(f"no {kind} of that name is installed{suggestion}")
        candidates = installed[name]
        entry_point = resolve(candidates)
        if len(candidates) > 1:
            self.warn(f"{describe_conflict(candidates)}: using {entry_point.distribution}")
        return load(entry_point)

    def warn(self, message: str) -> None:
        """Issue a PluginWarning, unless this loader has issued the same one before."""
        if message not in self._warnings:
            self._warnings.add(message)
            warnings.warn(message, PluginWarning, stacklevel=_caller_level())


def _caller_level() -> int:
    """Return the stack level of the code that constructs the manager, for warnings."""
    # Level 1 is the function that warns.
    level = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_in_this_library(frame):
        frame = frame.f_back
        level += 1
    return level + 1


def _is_in_this_library(frame: FrameType) -> bool:
    package = frame.f_globals.get("__package__") or ""
    return str(package).partition(".")[0] == __package__.partition(".")[0]
