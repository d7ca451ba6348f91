"""Translate errors of sockets and TLS into transport errors, the same for every transport.

Their messages are not quoted: they may contain the token.
"""

from __future__ import annotations

import socket

from ...errors import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    TLSError,
    TransportError,
)

__all__ = ["connect_error", "exchange_error"]


def connect_error(error: BaseException) -> ConnectError | TLSError:
    """Return the error for a failure to connect: nothing was sent.

    Args:
        error: raised by name resolution, connect or the TLS handshake.

    Example:
        ```python
        except OSError as error:
            raise connect_error(error) from error
        ```
    """
    if _is_tls_error(error):
        return TLSError("the TLS handshake failed: certificate, host name or version", sent=False)
    match error:
        case TimeoutError():
            return ConnectError("no connection before the deadline")
        case socket.gaierror():
            return ConnectError("the host name cannot be resolved")
        case ConnectionRefusedError():
            return ConnectError("the connection was refused")
        case ConnectionError():
            return ConnectError("the connection ended while connecting")
        case _:
            return ConnectError(f"failed to connect ({type(error).__name__})")


def exchange_error(error: BaseException) -> TransportError:
    """Return the error for a failure after a byte of the request may have been sent.

    Args:
        error: raised while sending the request or receiving the response.
    """
    if _is_tls_error(error):
        # A TLS 1.3 server rejects a client certificate after the handshake.
        return TLSError("TLS failed after the request was sent")
    match error:
        case TimeoutError():
            return DeadlineExceededError("no complete response before the deadline")
        case OSError():
            return DisconnectedError("the connection ended before the response was complete")
        case _:
            return ProtocolError(f"malformed response ({type(error).__name__})")


def _is_tls_error(error: BaseException) -> bool:
    """Return whether TLS itself failed, not the connection below it."""
    import ssl  # Slow to import, and imported already wherever TLS is used.

    connection_errors = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    tls_errors = (ssl.SSLError, ssl.CertificateError)
    return isinstance(error, tls_errors) and not isinstance(error, connection_errors)
