"""aiohttp's errors as ours, the most specific first. Their texts are not taken over."""

from __future__ import annotations

import ssl

import aiohttp

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    TLSError,
    TransportError,
)

__all__ = ["translated"]


def translated(error: Exception) -> TransportError:
    """The transport error that an error of aiohttp or a socket stands for."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError() | ssl.SSLError():
            return TLSError("the TLS connection was refused: certificate, host name or version")
        case aiohttp.ClientConnectorError() | aiohttp.ClientProxyConnectionError():
            return ConnectError("no connection could be made")
        case TimeoutError():
            return DeadlineExceededError("no whole response before the deadline")
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError() | ConnectionError():
            return DisconnectedError("the connection ended before the response was whole")
        case _:
            return ProtocolError(
                f"not an HTTP response this client accepts ({type(error).__name__})"
            )
