"""The two modes of managers and transports: blocking and asyncio."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["ASYNCIO", "BLOCKING", "TRANSPORT_HOOKS", "Mode", "other"]


class Mode(NamedTuple):
    """What differs between composing a blocking and an asyncio manager: names alone."""

    name: Literal["blocking", "asyncio"]
    manager: str
    hook: str
    send: str
    close: str
    default: str


BLOCKING = Mode("blocking", "UsersManager", "usersmanager_transport", "send", "close", "urllib3")
ASYNCIO = Mode(
    "asyncio", "AsyncUsersManager", "usersmanager_async_transport", "asend", "aclose", "aiohttp"
)

TRANSPORT_HOOKS = {BLOCKING.hook, ASYNCIO.hook}


def other(mode: Mode) -> Mode:
    """The mode this one is not."""
    return ASYNCIO if mode is BLOCKING else BLOCKING
