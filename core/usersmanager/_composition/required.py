"""Skip a requested plugin that the environment excludes, unless it is required.

A plugin is required if a program would be unsafe without it, as without a verifier. Such a plugin
has the attribute ``required = True``.
"""

from __future__ import annotations

from typing import NamedTuple

from ..errors import PluginError
from .entry_points import import_target
from .loader import Loader, guarded

__all__ = ["DISABLED", "NOT_ALLOWED", "skip"]


class Exclusion(NamedTuple):
    """Why a plugin is not used, and how to change the variable that excludes it."""

    reason: str
    remedy: str


DISABLED = Exclusion("is disabled by USERSMANAGER_DISABLE", "remove its name from the variable")
NOT_ALLOWED = Exclusion("is not in USERSMANAGER_PLUGINS", "add its name to the variable")


def skip(name: str, plugin: object, exclusion: Exclusion, loader: Loader) -> None:
    """Warn that a requested plugin is not used.

    Args:
        name: the name of the plugin.
        plugin: an instance, or an installed name.
        exclusion: why it is not used.
        loader: the loader of the manager.

    Raises:
        PluginError: the plugin is required; or only its name is known, and it can't be imported to
            find out.
    """
    if _is_required(plugin, exclusion, loader):
        raise PluginError(
            f"the plugin {name!r} is required, but {exclusion.reason}: {exclusion.remedy}, or"
            " remove the plugin from the program"
        )
    loader.warn(f"the plugin {name!r}, which was asked for, {exclusion.reason}; skipping it")


def _is_required(plugin: object, exclusion: Exclusion, loader: Loader) -> bool:
    if isinstance(plugin, str):
        try:
            entry_point = loader.find("plugin", plugin)
        except PluginError:  # It is not installed, or ambiguous: it could not be used anyway.
            return False
        problem = f"the {entry_point} {exclusion.reason}, but may be required: failed to load it"
        plugin = guarded(problem, lambda: import_target(entry_point))
    return getattr(plugin, "required", False) is True
