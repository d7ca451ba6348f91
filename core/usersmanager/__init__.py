"""Auth0 and OpenID Connect user operations: profiles and impersonation links.

This package is for applications; `usersmanager.web` is for those that accept access tokens, and
`usersmanager.operations` for those that make operations of their own. Plugins import from
`usersmanager.plugins`, transports from `usersmanager.transports`, tests from
`usersmanager.testing`. Importing this package imports no plugin, transport or HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._manager.callbacks import Callback
from ._manager.options import ManagerOptions
from ._manager.sync_manager import UsersManager
from ._operations.impersonation_settings import ImpersonationSettings
from ._values.actor import Actor
from ._values.headers import Headers
from ._values.request import Request
from ._values.response import Response
from ._values.userinfo import UserInfo
from .errors import (
    APIError,
    ArgumentError,
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DisconnectedError,
    ForbiddenError,
    InvalidTokenError,
    LifecycleError,
    MissingTokenError,
    NotFoundError,
    PluginError,
    PluginWarning,
    PoolTimeoutError,
    ProtocolError,
    ProviderUnavailableError,
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

if TYPE_CHECKING:
    from ._manager.async_manager import AsyncUsersManager
    from ._manager.pending import PendingManager

__version__ = "0.1.0"

__all__ = [
    "APIError",
    "Actor",
    "ArgumentError",
    "AsyncUsersManager",
    "BodyTooLargeError",
    "Callback",
    "ConnectError",
    "DeadlineExceededError",
    "DecodeError",
    "DisconnectedError",
    "ForbiddenError",
    "Headers",
    "ImpersonationSettings",
    "InvalidTokenError",
    "LifecycleError",
    "ManagerOptions",
    "MissingTokenError",
    "NotFoundError",
    "PendingManager",
    "PluginError",
    "PluginWarning",
    "PoolTimeoutError",
    "ProtocolError",
    "ProviderUnavailableError",
    "RateLimit",
    "RateLimitedError",
    "RedirectError",
    "Request",
    "Response",
    "ServerError",
    "SubjectMismatchError",
    "TLSError",
    "TransportError",
    "UnauthorizedError",
    "UserInfo",
    "UsersManager",
    "UsersManagerError",
    "__version__",
]


# asyncio is slow to import, and a sync program does not need it.
_ASYNC_MODULES = {"AsyncUsersManager": "async_manager", "PendingManager": "pending"}


def __getattr__(name: str) -> object:
    if name not in _ASYNC_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"._manager.{_ASYNC_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
