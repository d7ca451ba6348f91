"""Log which plugins of other distributions are active, so that their code is no surprise."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from .entry_points import InstalledEntryPoint

__all__ = ["announce"]

_LOGGER = logging.getLogger("usersmanager.plugins")
# The thread that acquires it logs the plugins. It is never released.
_turn = threading.Lock()


def announce(entry_points: Iterable[InstalledEntryPoint]) -> None:
    """Log the plugins that this library does not ship, once per process.

    Args:
        entry_points: the entry points that a new manager uses.
    """
    names = [
        f"{entry_point.name} ({entry_point.owner})"
        for entry_point in entry_points
        if entry_point.kind == "plugin" and not entry_point.is_shipped
    ]
    if names and _turn.acquire(blocking=False):
        _LOGGER.info("active plugins of other distributions: %s", ", ".join(names))
