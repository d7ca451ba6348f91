"""Tell an extra that is not installed, which is a choice, from a broken installation.

A plugin or transport of this library that needs an extra raises a ModuleNotFoundError that says how
to install it. Any other ModuleNotFoundError means that the installation is broken.
"""

from __future__ import annotations

from ..errors import PluginError

__all__ = ["missing_extra", "names_extra"]


def missing_extra(error: PluginError) -> str | None:
    """Return how to install the extra that a plugin needs, if it could not be loaded without."""
    return str(error.__cause__) if names_extra(error.__cause__) else None


def names_extra(error: BaseException | None) -> bool:
    """Return whether an error says how to install an extra of this library."""
    if not isinstance(error, ModuleNotFoundError):
        return False
    message: object = error.msg  # Unlike str(error), it runs no code of a plugin.
    return isinstance(message, str) and "'usersmanager[" in message
