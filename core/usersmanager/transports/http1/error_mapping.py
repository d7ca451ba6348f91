"""Translate errors of sockets and of TLS into transport errors, the same for every transport.

Their texts are not taken over: a library's may hold the token.
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
    """Return the error for a connection that could not be made: nothing was sent.

    Args:
        error: what resolving, connecting or the TLS handshake raised.

    Example:
        ```python
        except OSError as error:
            raise connect_error(error) from error
        ```
    """
    if _is_tls_failure(error):
        return TLSError(
            "the TLS handshake failed: certificate, host name or version", phase="not sent"
        )
    match error:
        case TimeoutError():
            return ConnectError("no connection before the deadline")
        case socket.gaierror():
            return ConnectError("the host name cannot be resolved")
        case ConnectionRefusedError():
            return ConnectError("the connection was refused")
        case ConnectionError():
            return ConnectError("the connection ended while it was made")
        case _:
            return ConnectError(f"no connection could be made ({type(error).__name__})")


def exchange_error(error: BaseException) -> TransportError:
    """Return the error for a request of which a byte may have been sent.

    Args:
        error: what sending it or reading the response raised.
    """
    if _is_tls_failure(error):
        # With TLS 1.3 a client certificate is refused after the handshake.
        return TLSError("TLS failed after the request was sent")
    match error:
        case TimeoutError():
            return DeadlineExceededError("no complete response before the deadline")
        case OSError():
            return DisconnectedError("the connection ended before the response was complete")
        case _:
            return ProtocolError(f"not a response this client accepts ({type(error).__name__})")


def _is_tls_failure(error: BaseException) -> bool:
    """Return whether TLS itself failed, not the connection below it."""
    import ssl  # Slow to import, and imported already wherever it is needed.

    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    refused = (ssl.SSLError, ssl.CertificateError)
    return isinstance(error, refused) and not isinstance(error, broken)
