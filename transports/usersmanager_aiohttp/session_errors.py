"""Translate the errors of an aiohttp.ClientSession into transport errors."""

from __future__ import annotations

import socket
import ssl

import aiohttp

from usersmanager import ConnectError, DisconnectedError, UsersManagerError
from usersmanager.transports import connect_error, exchange_error

__all__ = ["NOT_SENT", "translate"]

# Raised only while connecting.
NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)


def translate(error: Exception, *, sent: bool) -> UsersManagerError:
    """Return the error to raise.

    Args:
        error: what aiohttp raised.
        sent: whether an earlier attempt may have sent anything.
    """
    if isinstance(error, NOT_SENT) and not sent:
        return _connect_error(error)
    cause = _cause(error)
    match cause:
        case aiohttp.ServerDisconnectedError():
            message = "the connection ended before the response"
            return DisconnectedError(message, reason="no_response")
        case aiohttp.ClientPayloadError():
            message = "the connection ended before the response was complete"
            return DisconnectedError(message, reason="truncated")
        case OSError():
            return exchange_error(cause)
        case aiohttp.ClientConnectionError():
            return exchange_error(ConnectionResetError())
        case _:
            return exchange_error(cause)


def _connect_error(error: Exception) -> UsersManagerError:
    match error:
        case aiohttp.ClientHttpProxyError(status=status):
            message = f"the proxy answered {status}"
            return ConnectError(message, reason="proxy_refused", proxy_status=status)
        case aiohttp.ClientConnectorDNSError():
            return connect_error(socket.gaierror())
        case aiohttp.ConnectionTimeoutError():
            return connect_error(TimeoutError())
    to_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
    return connect_error(_cause(error), to_proxy=to_proxy)


def _cause(error: BaseException) -> BaseException:
    """Return the error of the socket or of TLS that aiohttp has wrapped, if there is one."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return _cause(error.os_error)
    wrapped = error.__cause__
    return _cause(wrapped) if isinstance(wrapped, aiohttp.ClientError | ssl.SSLError) else error
