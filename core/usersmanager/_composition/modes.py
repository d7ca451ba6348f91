"""Names that differ between the sync and async API."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["ASYNC", "SYNC", "TRANSPORT_HOOKS", "Mode", "other_mode"]


class Mode(NamedTuple):
    """The names in one of the two APIs."""

    name: Literal["sync", "async"]
    manager: str
    hook: str
    send: str
    close: str
    default_transport: str
    close_hooks: tuple[str, ...]


SYNC = Mode(
    name="sync",
    manager="UsersManager",
    hook="usersmanager_transport",
    send="send",
    close="close",
    default_transport="urllib3",
    close_hooks=("usersmanager_close",),
)
ASYNC = Mode(
    name="async",
    manager="AsyncUsersManager",
    hook="usersmanager_async_transport",
    send="asend",
    close="aclose",
    default_transport="aiohttp",
    close_hooks=("usersmanager_aclose", "usersmanager_close"),
)

TRANSPORT_HOOKS = {SYNC.hook, ASYNC.hook}


def other_mode(mode: Mode) -> Mode:
    """Return the other mode."""
    return ASYNC if mode is SYNC else SYNC
