"""Load installed plugins and transports by name, and warn about conflicts."""

from __future__ import annotations

import warnings

from .._values.caller import caller_stacklevel
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
            warnings.warn(message, PluginWarning, stacklevel=caller_stacklevel())
