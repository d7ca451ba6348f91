"""aiohttp's errors as ours, the most specific first. Their texts are not taken over."""

from __future__ import annotations

import ssl

import aiohttp

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    PoolTimeoutError,
    ProtocolError,
    TLSError,
    TransportError,
)

from .protocol import GuardedProtocol, WatchedRequest

__all__ = ["of_exchange"]

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def of_exchange(
    error: Exception, request: aiohttp.ClientRequest | None, *, queued: bool
) -> TransportError:
    """The transport error that an error of aiohttp stands for.

    Args:
        error: what aiohttp, or a timeout, raised.
        request: aiohttp's request, if it came to one.
        queued: whether the call still waited for a place in the pool.
    """
    if queued:
        return PoolTimeoutError("every connection stayed busy until the deadline")
    connection = request.connection if isinstance(request, WatchedRequest) else None
    if connection is None:
        return _of_connecting(error)
    if isinstance(error, TimeoutError):
        return DeadlineExceededError("no whole response before the deadline")
    if isinstance(connection, GuardedProtocol) and connection.failure is not None:
        return connection.failure
    match _cause(error):
        case ssl.SSLError() as cause if not isinstance(cause, _BROKEN):
            return TLSError("the server refused the TLS connection")
        case OSError() | aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return DisconnectedError("the connection ended before the response was whole")
        case cause:
            return ProtocolError(f"not a response this client accepts ({type(cause).__name__})")


def _of_connecting(error: Exception) -> TransportError:
    match _cause(error):
        case ssl.SSLError() as cause if not isinstance(cause, _BROKEN):
            return TLSError("the TLS handshake failed: certificate, host name or version")
        case ssl.CertificateError():
            return TLSError("the TLS handshake failed: host name")
        case TimeoutError():
            return ConnectError("no connection in time")
        case _:
            return ConnectError("no connection could be made")


def _cause(error: BaseException) -> BaseException:
    """The error of the socket or of TLS behind aiohttp's, if there is one."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    cause = error.__cause__
    return cause if isinstance(cause, ssl.SSLError) else error
