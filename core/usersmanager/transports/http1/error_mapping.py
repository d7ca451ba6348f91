"""Translate errors of sockets and TLS into transport errors, the same for every transport.

Their messages are not quoted: they may contain the token.
"""

from __future__ import annotations

import errno
import socket
import ssl

from ...errors import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    Reason,
    TLSError,
    TransportError,
)
from .resolver import is_resolver_timeout
from .tls_errors import is_tls_error, tls_reason, tls_words

__all__ = ["connect_error", "exchange_error"]

_MESSAGES: dict[Reason, str] = {
    "refused": "the connection{to} was refused",
    "unreachable": "the host{of} is unreachable",
    "name_not_found": "the host name{of} cannot be resolved",
    "resolver_timeout": "the host name{of} was not resolved in time",
    "connect_timeout": "the connection{to} timed out",
    "reset": "the connection{to} ended while connecting",
    "other": "failed to connect{to} ({kind})",
}
_UNREACHABLE = {
    errno.EADDRNOTAVAIL,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
}


def connect_error(error: BaseException, *, to_proxy: bool = False) -> ConnectError | TLSError:
    """Return the error for a failure to connect: nothing was sent.

    Args:
        error: raised by name resolution, connect or the TLS handshake.
        to_proxy: whether the connection to the proxy failed, not the one to the origin.

    Example::

        except OSError as error:
            raise connect_error(error) from error
    """
    if is_tls_error(error):
        peer = " with the proxy" if to_proxy else ""
        message = f"the TLS handshake{peer} failed: {tls_words(error)}"
        return TLSError(message, sent=False, reason=tls_reason(error))
    reason = _reason(error)
    to, of = (" to the proxy", " of the proxy") if to_proxy else ("", "")
    message = _MESSAGES[reason].format(to=to, of=of, kind=type(error).__name__)
    return ConnectError(message, reason="proxy_unreachable" if to_proxy else reason)


def exchange_error(error: BaseException) -> TransportError:
    """Return the error for a failure after a byte of the request may have been sent.

    Args:
        error: raised while sending the request or receiving the response.
    """
    if is_tls_error(error):
        # A TLS 1.3 server rejects a client certificate after the handshake.
        message = f"TLS failed after the request was sent: {tls_words(error)}"
        return TLSError(message, reason=tls_reason(error))
    match error:
        case TimeoutError():
            return DeadlineExceededError("no complete response before the deadline")
        case OSError():
            message = "the connection broke before the response was complete"
            return DisconnectedError(message, reason=_reason(error))
        case _:
            return ProtocolError(f"malformed response ({type(error).__name__})")


def _reason(error: BaseException) -> Reason:
    """Return the reason of an error below TLS."""
    match error:
        case TimeoutError():
            return "resolver_timeout" if is_resolver_timeout(error) else "connect_timeout"
        case socket.gaierror() | UnicodeError():  # IDNA cannot encode the name.
            return "name_not_found"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionError() | ssl.SSLError():  # OpenSSL's own error for a connection that ended.
            return "reset"
        case OSError() if error.errno in _UNREACHABLE:
            return "unreachable"
        case _:
            return "other"
