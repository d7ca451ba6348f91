"""urllib3's errors as ours, the most specific first. Their texts are not taken over."""

from __future__ import annotations

import ssl

from urllib3 import exceptions

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    PoolTimeoutError,
    ProtocolError,
    TLSError,
    TransportError,
)

__all__ = ["translated"]


def translated(error: Exception) -> TransportError:
    """The transport error that an error of urllib3 or a socket stands for."""
    match error:
        case exceptions.EmptyPoolError():
            return PoolTimeoutError("no connection became free before the deadline")
        case exceptions.SSLError() | ssl.SSLError():
            return TLSError("the TLS connection was refused: certificate, host name or version")
        case exceptions.ConnectTimeoutError() if not isinstance(
            error, exceptions.NewConnectionError
        ):
            return ConnectError("no connection before the deadline")
        case exceptions.NewConnectionError() | exceptions.ProxyError():
            return ConnectError("no connection could be made")
        case exceptions.ReadTimeoutError() | TimeoutError():
            return DeadlineExceededError("no whole response before the deadline")
        case exceptions.IncompleteRead() | ConnectionError():
            return DisconnectedError("the connection ended before the response was whole")
        case exceptions.ProtocolError():
            return _of_protocol(error)
        case _:
            return ProtocolError(f"not an HTTP response this client accepts ({_name(error)})")


def _of_protocol(error: exceptions.ProtocolError) -> TransportError:
    cause = error.args[1] if len(error.args) > 1 else None
    if isinstance(cause, ConnectionError | EOFError):
        return DisconnectedError("the connection ended before the response was whole")
    return ProtocolError(f"not an HTTP response this client accepts ({_name(cause or error)})")


def _name(error: object) -> str:
    return type(error).__name__
