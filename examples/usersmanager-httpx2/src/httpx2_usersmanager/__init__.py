"""A transport of `usersmanager` over httpx2: one class for sync and asyncio."""

from __future__ import annotations

from usersmanager.plugins import hookimpl

from .transport import Httpx2Transport

__all__ = ["Httpx2Transport", "usersmanager_async_transport", "usersmanager_transport"]


@hookimpl
def usersmanager_transport() -> Httpx2Transport:
    """Return a transport with the default settings."""
    return Httpx2Transport()


@hookimpl
def usersmanager_async_transport() -> Httpx2Transport:
    """Return a transport with the default settings."""
    return Httpx2Transport()
