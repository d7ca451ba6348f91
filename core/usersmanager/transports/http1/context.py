"""TLS as every transport has it: the system's trust, host names checked, TLS 1.2 or newer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["default_ssl_context"]


@lru_cache(maxsize=1)
def default_ssl_context() -> ssl.SSLContext:
    """The context of a transport that was given none. One for the process: don't change it.

    Reading the system's certificates takes tens of milliseconds, so it is done once.
    """
    import ssl  # Slow to import, and only needed by who connects.

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
