"""Transport for sync and asyncio: standard library connections, llhttp as a second parser."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from usersmanager.transports import AsyncTransport, Transport, hookimpl

if TYPE_CHECKING:
    import ssl

    from .transport import HttptoolsTransport

__all__ = ["HttptoolsTransport", "usersmanager_async_transport", "usersmanager_transport"]

if find_spec("httptools") is None:
    raise ModuleNotFoundError(
        "it needs httptools: python -m pip install 'usersmanager[fast]'", name="httptools"
    )


@hookimpl
def usersmanager_transport(proxy: str | None, ssl_context: ssl.SSLContext | None) -> Transport:
    """Return a transport, with the default settings except for those that are given."""
    from .transport import HttptoolsTransport

    return HttptoolsTransport(proxy=proxy, ssl_context=ssl_context)


@hookimpl
def usersmanager_async_transport(
    proxy: str | None, ssl_context: ssl.SSLContext | None
) -> AsyncTransport:
    """Return a transport, with the default settings except for those that are given."""
    from .transport import HttptoolsTransport

    return HttptoolsTransport(proxy=proxy, ssl_context=ssl_context)


def __getattr__(name: str) -> object:
    # Looking for the hooks must not import httptools.
    if name == "HttptoolsTransport":
        from .transport import HttptoolsTransport

        return HttptoolsTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
