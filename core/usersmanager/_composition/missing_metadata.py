"""Explain that nothing can be discovered where the metadata of this library is missing.

Plugins and transports are found by entry points, which are metadata. PyInstaller without the hook
of this library, a zipapp of bare sources and a slimmed deployment leave them out.
"""

from __future__ import annotations

import warnings
from functools import cache

from .._values.caller import caller_stacklevel
from ..errors import PluginWarning
from .entry_points import installed

__all__ = ["EXPLANATION", "is_metadata_missing", "warn_of_missing_metadata"]

EXPLANATION = (
    "the metadata of usersmanager (its dist-info directory) is not installed, so neither the"
    " shipped plugins and transports nor others can be discovered or found by name: pass objects,"
    " such as transport=usersmanager_urllib3.Urllib3Transport() and"
    " plugins=[usersmanager_retry.Retry()], or keep the metadata"
)


def is_metadata_missing() -> bool:
    """Return whether no entry point of this library is found."""
    return not any(entry_point.is_shipped for entry_point in installed())


def warn_of_missing_metadata() -> None:
    """Issue a PluginWarning if the metadata is missing, once per process."""
    if is_metadata_missing():
        _warn()


@cache  # Once per process.
def _warn() -> None:
    warnings.warn(EXPLANATION, PluginWarning, stacklevel=caller_stacklevel())
