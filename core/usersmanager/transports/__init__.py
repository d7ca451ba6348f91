"""For authors of transports: the two protocols, the engines, and the parts they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._composition.hookspecs import hookimpl
    from .._flow.transport import AsyncTransport, Transport
    from .._values.deadline import Deadline
    from .._values.messages import Request, Response
    from .._values.token import Secret, Token
    from .http1.async_connection import AsyncConnection
    from .http1.async_engine import AsyncEngine
    from .http1.async_limiter import AsyncConnectionLimiter
    from .http1.config import Hop, PoolConfig
    from .http1.connect import connect_tcp
    from .http1.context import default_ssl_context
    from .http1.engine import Engine
    from .http1.error_mapping import connect_error, exchange_error
    from .http1.framing import ResponseGuard
    from .http1.limiter import ConnectionLimiter
    from .http1.poll import readable
    from .http1.proxy import Proxy
    from .http1.reading import ResponseReader
    from .http1.receiver import BufferedReceiver
    from .http1.timer import DeadlineTimer
    from .http1.writer import serialize_request

__all__ = [
    "AsyncConnection",
    "AsyncConnectionLimiter",
    "AsyncEngine",
    "AsyncTransport",
    "BufferedReceiver",
    "ConnectionLimiter",
    "Deadline",
    "DeadlineTimer",
    "Engine",
    "Hop",
    "PoolConfig",
    "Proxy",
    "Request",
    "Response",
    "ResponseGuard",
    "ResponseReader",
    "Secret",
    "Token",
    "Transport",
    "connect_error",
    "connect_tcp",
    "default_ssl_context",
    "exchange_error",
    "hookimpl",
    "readable",
    "serialize_request",
]

# Imported when it is used: sockets, ssl and asyncio are slow to import.
_MODULES = {
    "AsyncConnection": "http1.async_connection",
    "AsyncConnectionLimiter": "http1.async_limiter",
    "AsyncEngine": "http1.async_engine",
    "AsyncTransport": "._flow.transport",
    "BufferedReceiver": "http1.receiver",
    "ConnectionLimiter": "http1.limiter",
    "Deadline": "._values.deadline",
    "DeadlineTimer": "http1.timer",
    "Engine": "http1.engine",
    "Hop": "http1.config",
    "PoolConfig": "http1.config",
    "Proxy": "http1.proxy",
    "ResponseGuard": "http1.framing",
    "ResponseReader": "http1.reading",
    "Request": "._values.messages",
    "Response": "._values.messages",
    "Secret": "._values.token",
    "Token": "._values.token",
    "Transport": "._flow.transport",
    "connect_error": "http1.error_mapping",
    "connect_tcp": "http1.connect",
    "default_ssl_context": "http1.context",
    "exchange_error": "http1.error_mapping",
    "hookimpl": "._composition.hookspecs",
    "readable": "http1.poll",
    "serialize_request": "http1.writer",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
