"""Auth0 and OpenID Connect user operations: profiles and impersonation links.

The public names are here; nothing else of the package is. Importing it imports no
plugin, no transport and no HTTP library; what is slow to import waits until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .client import Callback
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
from .headers import FixedHeaders
from .limits import positive_count, positive_seconds
from .manager import UsersManager
from .messages import Call, Request, Response
from .secret import Token
from .transport import AsyncTransport, Transport
from .urls import is_proxy
from .userinfo import UserInfo

if TYPE_CHECKING:
    from .async_manager import AsyncUsersManager
    from .hookspecs import hookimpl
    from .inventory import PluginReport, installed_plugins

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
    "FixedHeaders",
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
    "hookimpl",
    "installed_plugins",
    "is_proxy",
    "positive_count",
    "positive_seconds",
    "run",
    "sleep",
]

# What not every program uses, and takes its time to import: asyncio, pluggy, sockets.
_LATER = {
    "AsyncUsersManager": "async_manager",
    "PluginReport": "inventory",
    "hookimpl": "hookspecs",
    "installed_plugins": "inventory",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
