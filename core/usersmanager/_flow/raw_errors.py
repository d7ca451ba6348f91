"""Translate the raw OSError of a custom transport into a TransportError.

Only Python's own errors are translated. Subclasses of OSError defined in a library or program pass
unchanged, because they may be interruptions.
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
    """Return whether an exception is Python's own OSError, TimeoutError or ssl.SSLError."""
    if not isinstance(error, OSError) or isinstance(error, UsersManagerError):
        return False
    return type(error).__module__.partition(".")[0] in sys.stdlib_module_names


def translate(error: OSError) -> TransportError:
    """Return the matching error. Its `sent` is True, because something may have been sent.

    The message is not quoted, because it may contain the token.
    """
    import socket  # Slow to import, like ssl, and only an error needs them.
    import ssl

    message = f"the transport raised {type(error).__name__}"
    reason: Reason = "other"
    match error:
        case TimeoutError():
            return DeadlineExceededError(message)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            reason = "reset"  # The connection failed, not TLS.
        case ssl.SSLError():
            return TLSError(message, reason="tls")
        case ConnectionRefusedError():
            reason = "refused"
        case socket.gaierror():
            reason = "name_not_found"
        case ConnectionError():
            reason = "reset"
    return DisconnectedError(message, reason=reason)
