"""Names that differ between the sync and async API."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["ASYNC", "SYNC", "TRANSPORT_HOOKS", "Mode", "other_mode"]


class Mode(NamedTuple):
    """The names that one of the two APIs uses."""

    name: Literal["sync", "async"]
    manager: str
    hook: str
    send: str
    close: str
    default_transport: str


SYNC = Mode("sync", "UsersManager", "usersmanager_transport", "send", "close", "urllib3")
ASYNC = Mode(
    "async", "AsyncUsersManager", "usersmanager_async_transport", "asend", "aclose", "aiohttp"
)

TRANSPORT_HOOKS = {SYNC.hook, ASYNC.hook}


def other_mode(mode: Mode) -> Mode:
    """Return the other mode."""
    return ASYNC if mode is SYNC else SYNC
