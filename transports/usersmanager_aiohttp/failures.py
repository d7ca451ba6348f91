"""aiohttp's errors as ours: unwrapped here, read by the core."""

from __future__ import annotations

import ssl

import aiohttp

from usersmanager import DisconnectedError, TransportError, connect_failure, exchange_failure

__all__ = ["of_exchange"]


def of_exchange(error: Exception, *, sent: bool) -> TransportError:
    """What an error of aiohttp, or a timeout, stands for, if any of a request was sent, or none."""
    cause = _cause(error)
    if not sent:
        return connect_failure(cause)
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
