"""A transport of `usersmanager` over httpx2: one class, both modes."""

from __future__ import annotations

from usersmanager.plugins import hookimpl

from .transport import Httpx2Transport

__all__ = ["Httpx2Transport", "usersmanager_async_transport", "usersmanager_transport"]


@hookimpl
def usersmanager_transport() -> Httpx2Transport:
    """A transport with the default settings, for a blocking manager."""
    return Httpx2Transport()


@hookimpl
def usersmanager_async_transport() -> Httpx2Transport:
    """The same, for an asyncio manager."""
    return Httpx2Transport()
