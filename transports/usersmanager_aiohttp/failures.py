"""aiohttp's errors as ours: unwrapped here, read by the core."""

from __future__ import annotations

import ssl

import aiohttp

from usersmanager import (
    DisconnectedError,
    PoolTimeoutError,
    TransportError,
    connect_failure,
    exchange_failure,
)

from .protocol import GuardedProtocol, WatchedRequest

__all__ = ["of_exchange"]


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
    cause = _cause(error)
    connection = request.connection if isinstance(request, WatchedRequest) else None
    if connection is None:
        return connect_failure(cause)
    if isinstance(cause, TimeoutError):
        return exchange_failure(cause)
    if isinstance(connection, GuardedProtocol) and connection.failure is not None:
        return connection.failure
    if isinstance(cause, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return DisconnectedError("the connection ended before the response was whole")
    return exchange_failure(cause)


def _cause(error: BaseException) -> BaseException:
    """The error of the socket or of TLS behind aiohttp's, if there is one."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return _cause(error.os_error)
        case _:
            return error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
