"""The transport of `usersmanager` for threads and for asyncio, over the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usersmanager.transports import AsyncTransport, Transport, hookimpl

if TYPE_CHECKING:
    import ssl

    from .transport import NativeTransport

__all__ = ["NativeTransport", "usersmanager_async_transport", "usersmanager_transport"]


@hookimpl
def usersmanager_transport(proxy: str | None, ssl_context: ssl.SSLContext | None) -> Transport:
    """Return a transport, with the default settings except for those that are given."""
    from .transport import NativeTransport

    return NativeTransport(proxy=proxy, ssl_context=ssl_context)


@hookimpl
def usersmanager_async_transport(
    proxy: str | None, ssl_context: ssl.SSLContext | None
) -> AsyncTransport:
    """Return a transport, with the default settings except for those that are given."""
    from .transport import NativeTransport

    return NativeTransport(proxy=proxy, ssl_context=ssl_context)


def __getattr__(name: str) -> object:
    # Looking for the hooks must not import sockets and asyncio.
    if name == "NativeTransport":
        from .transport import NativeTransport

        return NativeTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
