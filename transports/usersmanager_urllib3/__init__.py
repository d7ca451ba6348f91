"""The sync transport of `usersmanager`, over urllib3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usersmanager.transports import Transport, hookimpl

if TYPE_CHECKING:
    import ssl

    from .pool_manager import PoolManagerTransport
    from .transport import Urllib3Transport

__all__ = ["PoolManagerTransport", "Urllib3Transport", "usersmanager_transport"]


@hookimpl
def usersmanager_transport(proxy: str | None, ssl_context: ssl.SSLContext | None) -> Transport:
    """Return a transport, with the default settings except for those that are given."""
    from .transport import Urllib3Transport

    return Urllib3Transport(proxy=proxy, ssl_context=ssl_context)


def __getattr__(name: str) -> object:
    # Looking for the hooks must not import urllib3.
    if name == "Urllib3Transport":
        from .transport import Urllib3Transport

        return Urllib3Transport
    if name == "PoolManagerTransport":
        from .pool_manager import PoolManagerTransport

        return PoolManagerTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
