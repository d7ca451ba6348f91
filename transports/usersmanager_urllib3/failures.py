"""urllib3's errors as ours, the most specific first. Their texts are not taken over."""

from __future__ import annotations

import ssl

from urllib3 import exceptions
from urllib3.util.ssl_match_hostname import CertificateError

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    PoolTimeoutError,
    ProtocolError,
    TLSError,
    UsersManagerError,
)

__all__ = ["of_connecting", "of_exchange"]

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def of_connecting(error: Exception) -> ConnectError | TLSError:
    """What went wrong before the request: no byte of it was sent."""
    match error:
        case ssl.SSLError() if not isinstance(error, _BROKEN):
            return TLSError("the TLS handshake failed: certificate, host name or version")
        case CertificateError():
            return TLSError("the TLS handshake failed: host name")
        case TimeoutError() | exceptions.TimeoutError():
            return ConnectError("no connection in time")
        case _:
            return ConnectError("no connection could be made")


def of_exchange(error: Exception) -> UsersManagerError:
    """What went wrong with a request, or while it waited for a connection."""
    cause = _cause(error)
    match cause:
        case exceptions.EmptyPoolError():
            return PoolTimeoutError("every connection stayed busy until the deadline")
        case exceptions.ClosedPoolError():
            return LifecycleError("the transport is closed")
        case exceptions.NewConnectionError() | exceptions.ConnectTimeoutError():
            return ConnectError("no connection could be made")
        case exceptions.ProxyError():
            return ConnectError("no connection through the proxy")
        case TimeoutError() | exceptions.ReadTimeoutError():
            return DeadlineExceededError("no whole response before the deadline")
        case ssl.SSLError() if not isinstance(cause, _BROKEN):
            return TLSError("the server refused the TLS connection")
        case OSError() | exceptions.IncompleteRead():
            return DisconnectedError("the connection ended before the response was whole")
        case _:
            return ProtocolError(f"not a response this client accepts ({type(cause).__name__})")


def _cause(error: Exception) -> object:
    """What urllib3 has wrapped in a ProtocolError or an SSLError of its own."""
    if isinstance(error, exceptions.ProtocolError | exceptions.SSLError):
        for argument in reversed(error.args):
            if isinstance(argument, Exception):
                return argument
    return error
