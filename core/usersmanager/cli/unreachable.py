"""Failed connections, told with the address that was asked for."""

from __future__ import annotations

from urllib.parse import urlsplit

from .. import ConnectError, TLSError
from .._values.urls import parse_base_url

__all__ = ["with_address"]


def with_address(error: ConnectError | TLSError, address: str) -> ConnectError:
    """The error with the address in its message.

    Args:
        error: of a connection that could not be made.
        address: a base URL or an issuer that a manager has accepted.
    """
    origin = parse_base_url(address, allow_insecure=True).origin
    hint = _plain_http(urlsplit(origin).port) if isinstance(error, TLSError) else ""
    return ConnectError(f"can't connect to {origin}: {error}{hint}")


def _plain_http(port: int | None) -> str:
    # An origin has no port if it is the scheme's own.
    return "" if port is None else f" (if port {port} speaks plain http, write http://)"
