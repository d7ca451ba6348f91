"""The settings that all transports share, and what they mean for a request."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

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
        given: the keyword arguments of `Http1Base`, all of them, sealed because of the proxy's
            password.

    Raises:
        ArgumentError: one of them is not valid.
    """

    def __init__(self, given: Secret[Mapping[str, Any]]) -> None:
        self.pool_size: int = _count(given, "pool_size")
        self.connect_timeout: float = _seconds(given, "connect_timeout")
        self.idle_timeout: float = _seconds(given, "idle_timeout")
        self._max_response_bytes = _count(given, "max_response_bytes")
        url = Secret[str | None](given.reveal()["proxy"])
        self._proxies = Proxies(url, trust_env=given.reveal()["trust_env"])
        # Loaded here, because reading the system's certificates would block an event loop.
        self._ssl_context: ssl.SSLContext = given.reveal()["ssl_context"] or default_ssl_context()

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
        hop, target = (
            Hop(proxy.origin, self._ssl_context, protocol),
            Hop(origin, self._ssl_context),
        )
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


def _count(given: Secret[Mapping[str, Any]], name: str) -> int:
    return validate_count(name, given.reveal()[name])


def _seconds(given: Secret[Mapping[str, Any]], name: str) -> float:
    return validate_seconds(name, given.reveal()[name])
