"""Translate the errors of an urllib3.PoolManager into transport errors."""

from __future__ import annotations

import socket
import ssl
from http import client

from urllib3 import exceptions
from urllib3.util.ssl_match_hostname import CertificateError

from usersmanager import (
    ConnectError,
    DisconnectedError,
    LifecycleError,
    PoolTimeoutError,
    TLSError,
    UsersManagerError,
)
from usersmanager.transports import connect_error, exchange_error

__all__ = ["translate"]


def translate(error: Exception) -> UsersManagerError:
    """Return the error to raise for one of urllib3, of http.client or of a socket."""
    cause = _cause(error)
    match cause:
        case exceptions.EmptyPoolError():
            return PoolTimeoutError("no connection became available before the deadline")
        case exceptions.ClosedPoolError():
            return LifecycleError("the pool is closed")
        case exceptions.ReadTimeoutError():
            return exchange_error(TimeoutError())
        case client.RemoteDisconnected():
            message = "the connection ended before the response"
            return DisconnectedError(message, reason="no_response")
        case client.IncompleteRead():  # urllib3's own is a subclass.
            message = "the connection ended before the response was complete"
            return DisconnectedError(message, reason="truncated")
    return _connect_error(cause) or exchange_error(cause)


def _connect_error(cause: Exception) -> ConnectError | TLSError | None:
    """Return the error for a failure to connect, or None if anything may have been sent."""
    match cause:
        case CertificateError():  # Of urllib3's own check, if the context does not check hosts.
            message = "the certificate is for another host"
            return TLSError(message, sent=False, reason="wrong_host")
        case ssl.SSLCertVerificationError():  # Only a handshake verifies one.
            return connect_error(cause)
        case exceptions.ProxyError():
            message = "failed to connect through the proxy"
            return ConnectError(message, reason="proxy_unreachable")
        case exceptions.NameResolutionError():
            return connect_error(socket.gaierror())
        case exceptions.NewConnectionError():  # It is also a ConnectTimeoutError.
            return connect_error(cause.__cause__ or cause)
        case exceptions.ConnectTimeoutError():
            return connect_error(TimeoutError())
    return None


def _cause(error: Exception) -> Exception:
    """Return the error that urllib3 has wrapped in its ProtocolError or SSLError."""
    if isinstance(error, exceptions.ProtocolError | exceptions.SSLError):
        for argument in reversed(error.args):
            if isinstance(argument, Exception):
                return argument
    return error
