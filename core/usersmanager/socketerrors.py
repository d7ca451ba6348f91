"""Errors of sockets and of TLS as transport errors: one reading for every transport.

A transport unwraps what its library has wrapped, and asks here. Texts are not taken
over: a library's may hold the token.
"""

from __future__ import annotations

import socket

from .errors import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    TLSError,
    TransportError,
)

__all__ = ["connect_failure", "exchange_failure"]


def connect_failure(error: BaseException) -> ConnectError | TLSError:
    """What went wrong before a request: no byte of it was sent.

    Args:
        error: what resolving, connecting or the TLS handshake raised.

    Example:
        ```python
        except OSError as error:
            failure = connect_failure(error)
        raise failure.bare()
        ```
    """
    if _is_refusal(error):
        return TLSError("the TLS handshake failed: certificate, host name or version")
    match error:
        case TimeoutError():
            return ConnectError("no connection in time")
        case socket.gaierror():
            return ConnectError("the host name can't be resolved")
        case ConnectionRefusedError():
            return ConnectError("the connection was refused")
        case ConnectionError():
            return ConnectError("the connection ended while it was made")
        case _:
            return ConnectError(f"no connection could be made ({type(error).__name__})")


def exchange_failure(error: BaseException) -> TransportError:
    """What went wrong with a request, once a byte of it may have been sent.

    Args:
        error: what sending it or reading the response raised.
    """
    if _is_refusal(error):
        # With TLS 1.3 a client certificate is refused after the handshake.
        return TLSError("the server refused the TLS connection")
    match error:
        case TimeoutError():
            return DeadlineExceededError("no whole response before the deadline")
        case OSError():
            return DisconnectedError("the connection ended before the response was whole")
        case _:
            return ProtocolError(f"not a response this client accepts ({type(error).__name__})")


def _is_refusal(error: BaseException) -> bool:
    """Whether TLS itself said no, rather than that its connection broke."""
    import ssl  # Slow to import, and there already wherever it is needed.

    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    refused = (ssl.SSLError, ssl.CertificateError)
    return isinstance(error, refused) and not isinstance(error, broken)
