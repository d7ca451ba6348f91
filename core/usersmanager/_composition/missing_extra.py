"""Tell an extra that is not installed, which is a choice, from a broken installation.

A plugin or transport of this library that needs an extra raises a `MissingExtraError`. Any other
ModuleNotFoundError means that the installation is broken.
"""

from __future__ import annotations

from ..errors import PluginError

__all__ = ["MissingExtraError", "missing_extra"]


class MissingExtraError(ModuleNotFoundError):
    """A module is missing that an extra installs.

    If the import of a plugin raises it, the list of plugins shows its message as the reason, and
    so does the `PluginError` for a program that requests the plugin.

    Args:
        message: what is needed, and the command that installs it.
        name: the module that is missing, as in every ModuleNotFoundError.

    Example::

        try:
            import redis
        except ModuleNotFoundError as error:
            advice = "it needs redis: python -m pip install 'acme-plugin[redis]'"
            raise MissingExtraError(advice, name=error.name) from None
    """


def missing_extra(error: PluginError) -> str | None:
    """Return how to install the extra that a plugin needs, if it could not be loaded without."""
    cause = error.__cause__
    return cause.msg if isinstance(cause, MissingExtraError) else None
