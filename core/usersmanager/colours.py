"""The two colours of managers and transports: blocking and asyncio."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["ASYNCIO", "BLOCKING", "TRANSPORT_HOOKS", "Colour", "other"]


class Colour(NamedTuple):
    """What differs between composing a blocking and an asyncio manager: names alone."""

    name: Literal["blocking", "asyncio"]
    manager: str
    hook: str
    send: str
    close: str
    default: str


BLOCKING = Colour("blocking", "UsersManager", "usersmanager_transport", "send", "close", "urllib3")
ASYNCIO = Colour(
    "asyncio", "AsyncUsersManager", "usersmanager_async_transport", "asend", "aclose", "aiohttp"
)

TRANSPORT_HOOKS = {BLOCKING.hook, ASYNCIO.hook}


def other(colour: Colour) -> Colour:
    """The colour this one is not."""
    return ASYNCIO if colour is BLOCKING else BLOCKING
