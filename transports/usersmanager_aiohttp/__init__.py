"""The asyncio transport of `usersmanager`, over aiohttp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usersmanager.transports import AsyncTransport, hookimpl

if TYPE_CHECKING:
    import ssl

    from .client_session import ClientSessionTransport
    from .transport import AiohttpTransport

__all__ = ["AiohttpTransport", "ClientSessionTransport", "usersmanager_async_transport"]


@hookimpl
def usersmanager_async_transport(
    proxy: str | None, ssl_context: ssl.SSLContext | None
) -> AsyncTransport:
    """Return a transport, with the default settings except for those that are given."""
    from .transport import AiohttpTransport

    return AiohttpTransport(proxy=proxy, ssl_context=ssl_context)


def __getattr__(name: str) -> object:
    # Looking for the hooks must not import aiohttp.
    if name == "AiohttpTransport":
        from .transport import AiohttpTransport

        return AiohttpTransport
    if name == "ClientSessionTransport":
        from .client_session import ClientSessionTransport

        return ClientSessionTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
