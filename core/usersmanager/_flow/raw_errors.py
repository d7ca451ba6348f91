"""Translate what a custom transport raises in place of a TransportError.

Only the errors of Python itself are translated. Those of a library, or of the program, may be
interruptions even if they derive from OSError, and pass unchanged.
"""

from __future__ import annotations

import sys
from typing import TypeGuard

from ..errors import (
    DeadlineExceededError,
    DisconnectedError,
    Reason,
    TLSError,
    TransportError,
    UsersManagerError,
)

__all__ = ["is_raw_error", "translate"]


def is_raw_error(error: BaseException) -> TypeGuard[OSError]:
    """Return whether an exception is an OSError, TimeoutError or ssl.SSLError of Python itself."""
    if not isinstance(error, OSError) or isinstance(error, UsersManagerError):
        return False
    return type(error).__module__.partition(".")[0] in sys.stdlib_module_names


def translate(error: OSError) -> TransportError:
    """Return the matching error. Its `sent` is True: nothing proves that nothing was sent.

    The message is not quoted: it may contain the token.
    """
    import socket  # Slow to import, like ssl, and only an error needs them.
    import ssl

    message = f"the transport raised {type(error).__name__}"
    reason: Reason = "other"
    match error:
        case TimeoutError():
            return DeadlineExceededError(message)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            reason = "reset"  # Not TLS failed, but the connection below it.
        case ssl.SSLError():
            return TLSError(message, reason="tls")
        case ConnectionRefusedError():
            reason = "refused"
        case socket.gaierror():
            reason = "name_not_found"
        case ConnectionError():
            reason = "reset"
    return DisconnectedError(message, reason=reason)
