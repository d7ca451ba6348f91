"""Transport for sync and asyncio: standard library connections, llhttp as a second parser."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from usersmanager.transports import AsyncTransport, Transport, hookimpl

if TYPE_CHECKING:
    from .transport import HttptoolsTransport

__all__ = ["HttptoolsTransport", "usersmanager_async_transport", "usersmanager_transport"]

if find_spec("httptools") is None:
    raise ModuleNotFoundError(
        "it needs httptools: python -m pip install 'usersmanager[fast]'", name="httptools"
    )


@hookimpl
def usersmanager_transport() -> Transport:
    """Return a transport with the default settings."""
    from .transport import HttptoolsTransport

    return HttptoolsTransport()


@hookimpl
def usersmanager_async_transport() -> AsyncTransport:
    """Return a transport with the default settings."""
    from .transport import HttptoolsTransport

    return HttptoolsTransport()


def __getattr__(name: str) -> object:
    # Listing the installed transports must not import httptools.
    if name == "HttptoolsTransport":
        from .transport import HttptoolsTransport

        return HttptoolsTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
