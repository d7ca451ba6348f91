"""The sync transport of `usersmanager`, over urllib3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usersmanager.transports import Transport, hookimpl

if TYPE_CHECKING:
    from .transport import Urllib3Transport

__all__ = ["Urllib3Transport", "usersmanager_transport"]


@hookimpl
def usersmanager_transport() -> Transport:
    """Return a transport with the default settings."""
    from .transport import Urllib3Transport

    return Urllib3Transport()


def __getattr__(name: str) -> object:
    # Listing the installed transports must not import urllib3.
    if name == "Urllib3Transport":
        from .transport import Urllib3Transport

        return Urllib3Transport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
