"""Refuse a urllib3 that another distribution or a tool has replaced.

A tool such as vcrpy replaces classes for a while. This is checked twice: before a class is derived
from urllib3's, because it would keep the replacement as its base, and for each new transport.
"""

from __future__ import annotations

import urllib3
from urllib3 import connection

from usersmanager import PluginError

__all__ = ["require_original_urllib3"]


def require_original_urllib3() -> None:
    """Check that urllib3 and its connection classes are the original ones.

    Raises:
        PluginError: they are not. The message says who has replaced them, and what to do.
    """
    if hasattr(urllib3, "AsyncPoolManager"):
        raise PluginError(
            "urllib3-future, a dependency of niquests, has replaced urllib3, which this transport"
            " needs: install urllib3-future from source with URLLIB3_NO_OVERRIDE=1 and reinstall"
            " urllib3, or pass transport='native'"
        )
    for name in ("HTTPConnection", "HTTPSConnection"):
        module = getattr(getattr(connection, name), "__module__", "something")
        if module.partition(".")[0] != "urllib3":
            raise PluginError(
                f"{module} has replaced urllib3.connection.{name}, from which this transport"
                " derives: pass PoolManagerTransport(urllib3.PoolManager()), whose requests go"
                " through the replacement; or test with the FakeTransport or the Sandbox of"
                " usersmanager.testing instead"
            )
