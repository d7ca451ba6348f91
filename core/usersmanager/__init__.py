"""Auth0 and OpenID Connect user operations: profiles and impersonation links.

The public names are here; nothing else of the package is. Importing it imports no
plugin, no transport and no HTTP library.
"""

from __future__ import annotations

from .async_manager import AsyncUsersManager
from .client import Callback
from .dialing import dial
from .errors import (
    APIError,
    ArgumentError,
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DisconnectedError,
    ForbiddenError,
    LifecycleError,
    NotFoundError,
    Phase,
    PluginError,
    PluginWarning,
    PoolTimeoutError,
    ProtocolError,
    RateLimit,
    RateLimitedError,
    RedirectError,
    ServerError,
    SubjectMismatchError,
    TLSError,
    TransportError,
    UnauthorizedError,
    UsersManagerError,
)
from .flow import Flow, Proceed, Wrap, run, sleep
from .framing import ResponseGuard
from .hookspecs import hookimpl
from .inventory import PluginReport, installed_plugins
from .manager import UsersManager
from .messages import Call, Request, Response
from .reading import ResponseReader
from .secret import Token
from .socketerrors import connect_failure, exchange_failure
from .tls import default_ssl_context
from .transport import AsyncTransport, Transport
from .userinfo import UserInfo
from .writing import encode_request

__version__ = "0.1.0"

__all__ = [
    "APIError",
    "ArgumentError",
    "AsyncTransport",
    "AsyncUsersManager",
    "BodyTooLargeError",
    "Call",
    "Callback",
    "ConnectError",
    "DeadlineExceededError",
    "DecodeError",
    "DisconnectedError",
    "Flow",
    "ForbiddenError",
    "LifecycleError",
    "NotFoundError",
    "Phase",
    "PluginError",
    "PluginReport",
    "PluginWarning",
    "PoolTimeoutError",
    "Proceed",
    "ProtocolError",
    "RateLimit",
    "RateLimitedError",
    "RedirectError",
    "Request",
    "Response",
    "ResponseGuard",
    "ResponseReader",
    "ServerError",
    "SubjectMismatchError",
    "TLSError",
    "Token",
    "Transport",
    "TransportError",
    "UnauthorizedError",
    "UserInfo",
    "UsersManager",
    "UsersManagerError",
    "Wrap",
    "__version__",
    "connect_failure",
    "default_ssl_context",
    "dial",
    "encode_request",
    "exchange_failure",
    "hookimpl",
    "installed_plugins",
    "run",
    "sleep",
]
