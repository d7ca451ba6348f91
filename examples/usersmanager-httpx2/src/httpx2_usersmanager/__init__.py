"""A transport of `usersmanager` over httpx2: one class for sync and asyncio."""

from __future__ import annotations

import ssl

from usersmanager.plugins import hookimpl

from .transport import Httpx2Transport

__all__ = ["Httpx2Transport", "usersmanager_async_transport", "usersmanager_transport"]


@hookimpl
def usersmanager_transport(ssl_context: ssl.SSLContext | None) -> Httpx2Transport:
    """Return a transport; the command line may pass an SSL context."""
    return Httpx2Transport(ssl_context=ssl_context)


usersmanager_async_transport = usersmanager_transport
