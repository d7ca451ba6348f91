"""The settings that all transports share, and what they mean for a request."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..._values.request import Request
from ..._values.token import Secret
from ..._values.validation import validate_count, validate_seconds
from .hop import Hop, Route, Tunnel, no_protocol
from .parser import ResponseParser
from .proxies import Proxies
from .tls import default_ssl_context

if TYPE_CHECKING:
    import asyncio

__all__ = ["Settings"]


class Settings:
    """The settings of a transport.

    Args:
        proxy: sealed, because it may contain a password.
        ssl_context: this, and the others, are the arguments of `Http1Base`.

    Raises:
        ArgumentError: one of them is not valid.
    """

    def __init__(
        self,
        proxy: Secret[str | None],
        *,
        ssl_context: ssl.SSLContext | None,
        trust_env: bool,
        pool_size: int,
        connect_timeout: float,
        idle_timeout: float,
        max_response_bytes: int,
    ) -> None:
        self.pool_size: int = validate_count("pool_size", pool_size)
        self.connect_timeout: float = validate_seconds("connect_timeout", connect_timeout)
        self.idle_timeout: float = validate_seconds("idle_timeout", idle_timeout)
        self._max_response_bytes = validate_count("max_response_bytes", max_response_bytes)
        self._proxies = Proxies(proxy, trust_env=trust_env)
        # Loaded here, because reading the system's certificates would block an event loop.
        self._ssl_context: ssl.SSLContext = ssl_context or default_ssl_context()

    def parser(self, request: Request) -> ResponseParser:
        """Return a parser for the response to a request."""
        # A truncated link still looks like a link.
        return ResponseParser(
            require_length=not request.idempotent, max_response_bytes=self._max_response_bytes
        )

    def route(
        self, origin: str, protocol: Callable[[], asyncio.BaseProtocol] = no_protocol
    ) -> Route:
        """Return the way to an origin. The first hop has the protocol."""
        proxy = self._proxies.for_origin(origin)
        if proxy is None:
            return Route(Hop(origin, self._ssl_context, protocol))
        hop = Hop(proxy.origin, self._ssl_context, protocol)
        target = Hop(origin, self._ssl_context)
        return Route(hop, True, None if target.tls is None else Tunnel(proxy, target))

    def serialize(self, request: Request) -> bytes:
        """Return the request as HTTP/1.1 (RFC 9112). It includes the token: keep no copy."""
        is_plain = request.origin.startswith("http:")
        proxy = self._proxies.for_origin(request.origin) if is_plain else None
        # A request to a proxy has the target in absolute form (section 3.2.2).
        return (
            f"{request.method} {request.url if proxy else request.target} HTTP/1.1\r\n"
            f"{request.serialized_headers()}{proxy.authorization_line() if proxy else ''}\r\n"
        ).encode("ascii") + (request.body or b"")
