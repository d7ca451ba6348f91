"""For authors of transports: the two protocols, the base classes over them, and building blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._composition.hookspecs import hookimpl
    from .._flow.transport import AsyncTransport, Transport
    from .._values.deadline import Deadline
    from .._values.request import Request
    from .._values.response import Response
    from .http1.addresses import Address
    from .http1.async_connect import connect_tcp_async
    from .http1.async_transport import AsyncHttp1Transport
    from .http1.connect import connect_tcp
    from .http1.error_mapping import connect_error, exchange_error
    from .http1.hop import Hop
    from .http1.loop_local import LoopLocal
    from .http1.parser import ResponseParser
    from .http1.pool import PoolStats
    from .http1.tls import default_ssl_context
    from .http1.transport import Http1Transport

__all__ = [
    "Address",
    "AsyncHttp1Transport",
    "AsyncTransport",
    "Deadline",
    "Hop",
    "Http1Transport",
    "LoopLocal",
    "PoolStats",
    "Request",
    "Response",
    "ResponseParser",
    "Transport",
    "connect_error",
    "connect_tcp",
    "connect_tcp_async",
    "default_ssl_context",
    "exchange_error",
    "hookimpl",
]

# Imported on first use, because sockets, ssl and asyncio are slow to import.
_MODULES = {
    "Address": "http1.addresses",
    "AsyncHttp1Transport": "http1.async_transport",
    "AsyncTransport": "._flow.transport",
    "Deadline": "._values.deadline",
    "Hop": "http1.hop",
    "Http1Transport": "http1.transport",
    "LoopLocal": "http1.loop_local",
    "PoolStats": "http1.pool",
    "Request": "._values.request",
    "Response": "._values.response",
    "ResponseParser": "http1.parser",
    "Transport": "._flow.transport",
    "connect_error": "http1.error_mapping",
    "connect_tcp": "http1.connect",
    "connect_tcp_async": "http1.async_connect",
    "default_ssl_context": "http1.tls",
    "exchange_error": "http1.error_mapping",
    "hookimpl": "._composition.hookspecs",
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
