"""Make the transport that the options --transport, --proxy and --cacert describe."""

from __future__ import annotations

import ssl
from typing import Any

from .. import ArgumentError
from .._composition.loader import Loader
from .._composition.modes import Mode
from .._composition.transport import TransportSettings, find_transport
from .._values.token import Secret

__all__ = ["make_transport"]


def make_transport(
    name: str | None, mode: Mode, proxy: Secret[str | None] | None, cacert: str | None
) -> Any:
    """Return the argument `transport` of a manager.

    Args:
        name: the name of an installed transport; None for the default.
        mode: the mode of the manager.
        proxy: the sealed URL of a proxy, or None.
        cacert: the path of a PEM file with the authorities to trust, or None for the system's.

    Raises:
        ArgumentError: the file cannot be read, or contains no certificate.
        PluginError: the transport cannot be used, or not with these options.
    """
    if proxy is None and cacert is None:
        return name
    ssl_context = None if cacert is None else _trust(cacert)
    settings = TransportSettings(proxy or Secret(None), ssl_context)
    return find_transport(name, mode, Loader(), settings)[1]


def _trust(cacert: str) -> ssl.SSLContext:
    from ..transports.http1.tls import new_ssl_context

    try:
        return new_ssl_context(cacert)
    except ssl.SSLError:
        reason = "it contains no certificate in PEM format"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "invalid path"
    raise ArgumentError(f"--cacert: cannot use the file: {reason}")
