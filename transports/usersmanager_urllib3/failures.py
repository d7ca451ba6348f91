"""urllib3's errors as ours: unwrapped here, read by the core."""

from __future__ import annotations

import socket

from urllib3 import exceptions
from urllib3.util.ssl_match_hostname import CertificateError

from usersmanager import (
    ConnectError,
    DisconnectedError,
    LifecycleError,
    PoolTimeoutError,
    TLSError,
    UsersManagerError,
    connect_failure,
    exchange_failure,
)

__all__ = ["of_connecting", "of_exchange"]


def of_connecting(error: Exception) -> ConnectError | TLSError:
    """What went wrong before the request: no byte of it was sent."""
    match _cause(error):
        case CertificateError():
            return TLSError("the TLS handshake failed: host name")
        case exceptions.NameResolutionError():
            return connect_failure(socket.gaierror())
        case exceptions.TimeoutError():
            return connect_failure(TimeoutError())
        case cause:
            return connect_failure(cause)


def of_exchange(error: Exception) -> UsersManagerError:
    """What went wrong with a request, or while it waited for a connection."""
    match _cause(error):
        case exceptions.EmptyPoolError():
            return PoolTimeoutError("every connection stayed busy until the deadline")
        case exceptions.ClosedPoolError():
            return LifecycleError("the transport is closed")
        case exceptions.NewConnectionError() | exceptions.ConnectTimeoutError() as cause:
            return of_connecting(cause)
        case exceptions.ProxyError():
            return ConnectError("no connection through the proxy")
        case exceptions.ReadTimeoutError():
            return exchange_failure(TimeoutError())
        case exceptions.IncompleteRead():
            return DisconnectedError("the connection ended before the response was whole")
        case cause:
            return exchange_failure(cause)


def _cause(error: Exception) -> Exception:
    """What urllib3 has wrapped in a ProtocolError or an SSLError of its own."""
    if isinstance(error, exceptions.ProtocolError | exceptions.SSLError):
        for argument in reversed(error.args):
            if isinstance(argument, Exception):
                return argument
    return error
