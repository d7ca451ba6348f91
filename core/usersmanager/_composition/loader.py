"""Load installed plugins and transports by name, and report their failures as PluginError."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

from .._values.caller import caller_stacklevel
from .._values.suggestions import did_you_mean
from ..errors import PluginError, PluginWarning
from .construction import load
from .entry_points import (
    InstalledEntryPoint,
    Kind,
    by_name,
    describe_conflict,
    installed_names,
    refresh,
    resolve,
)
from .missing_extra import MissingExtraError
from .missing_metadata import EXPLANATION, is_metadata_missing
from .names import allowed_names, disabled_names, normalize
from .registry import Registry

__all__ = ["Loader", "guarded"]

T = TypeVar("T")


class Loader:
    """Load plugins and transports for one manager.

    Attributes:
        loaded: the entry points of the plugins and transports in use.
    """

    def __init__(self) -> None:
        self.loaded: list[InstalledEntryPoint] = []
        self._disabled = disabled_names()
        self._allowed = allowed_names()
        self._warnings: set[str] = set()

    def is_disabled(self, name: str) -> bool:
        """Return whether USERSMANAGER_DISABLE contains this name."""
        return normalize(name) in self._disabled

    def is_allowed(self, name: str) -> bool:
        """Return whether USERSMANAGER_PLUGINS allows the discovery of this plugin."""
        return self._allowed is None or normalize(name) in self._allowed

    def find(self, kind: Kind, name: str) -> InstalledEntryPoint:
        """Return the entry point of a name.

        Raises:
            PluginError: the name is not installed, or ambiguous.
        """
        candidates = by_name(kind).get(normalize(name))
        if candidates is None:
            refresh()  # It may have been installed meanwhile, as in a notebook.
            candidates = by_name(kind).get(normalize(name))
        if candidates is None:
            raise PluginError(_explain_not_found(kind, name))
        entry_point = resolve(candidates)
        if len(candidates) > 1:
            self.warn(f"{describe_conflict(candidates)}: using {entry_point.distribution}")
        return entry_point

    def add(self, registry: Registry, entry_point: InstalledEntryPoint) -> tuple[str, ...]:
        """Load a plugin or transport, add it to a registry, and return the names of its hooks.

        Raises:
            PluginError: anything went wrong. The registry is unchanged.
        """
        hooks = guarded(
            f"failed to load {entry_point}",
            lambda: registry.add(entry_point.name, load(entry_point)),
        )
        self.record(entry_point)
        return hooks

    def record(self, entry_point: InstalledEntryPoint | None) -> None:
        """Record the entry point of a plugin in use, if it has one."""
        if entry_point is not None:
            self.loaded.append(entry_point)

    def warn(self, message: str) -> None:
        """Issue a PluginWarning, unless this loader has issued the same one before."""
        if message not in self._warnings:
            self._warnings.add(message)
            warnings.warn(message, PluginWarning, stacklevel=caller_stacklevel())


def _explain_not_found(kind: Kind, name: str) -> str:
    suggestion = did_you_mean(name, installed_names(kind))
    problem = f"no {kind} of that name is installed{suggestion}"
    if is_metadata_missing():
        return f"{problem}: {EXPLANATION}"
    return (
        f"{problem}. Installed packages are read once per process: if it has just been installed,"
        " restart the program"
    )


def guarded(problem: str, step: Callable[[], T], *, conceals: bool = False) -> T:
    """Run code of a plugin or transport, and return its result.

    Args:
        problem: describes the failure, for the message.
        step: the code to run, such as a function that loads the plugin.
        conceals: whether to hide the message and the frames of an exception, which may contain
            the password of a proxy.

    Raises:
        PluginError: the step raised any exception other than KeyboardInterrupt, even SystemExit.
    """
    try:
        return step()
    except KeyboardInterrupt as interruption:
        if conceals:
            raise interruption.with_traceback(None) from None
        raise
    except BaseException as error:
        if not conceals:
            raise PluginError(f"{problem}: {_explain(error)}") from error
        kind = type(error).__name__
    # Not inside the `except` block, which would attach the exception.
    raise PluginError(
        f"{problem}: {kind} (its message is not shown: it may contain the password of the proxy)"
    )


def _explain(error: BaseException) -> str:
    is_advice = isinstance(error, PluginError | MissingExtraError)
    name = "" if is_advice else type(error).__name__
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    return ": ".join(part for part in (name, text) if part)
