"""The settings of both engines, and the route of a request."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from ..._values.deadline import Deadline
from ..._values.messages import Request
from ..._values.token import Secret
from ..._values.validation import validate_count, validate_seconds
from .addresses import avoid, peer_of
from .parser import ResponseParser
from .proxy import Proxy
from .tls import TLSLayer, default_ssl_context
from .tls_errors import do_handshake
from .writer import serialize_request

__all__ = ["Hop", "PoolConfig", "Route"]


class Hop(NamedTuple):
    """The other end of a connection: an origin, or a proxy.

    Attributes:
        host: a name, or an IP address without brackets. Only the resolver uses a final dot.
        port: the TCP port.
        ssl_context: the TLS settings, or None for a plain connection.
    """

    host: str
    port: int
    ssl_context: ssl.SSLContext | None

    @property
    def server_hostname(self) -> str:
        """The host name for SNI and for the certificate check, without a final dot."""
        return self.host.removesuffix(".")

    @property
    def authority(self) -> str:
        """The host and port in the form of a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def secure(self, sock: socket.socket, deadline: Deadline) -> socket.socket:
        """Return a connected socket after the TLS handshake, or as it is for a plain connection.

        Args:
            sock: connected to this hop. It is closed if the handshake fails.
            deadline: of the handshake.

        Raises:
            TimeoutError: the deadline passed.
            OSError: the handshake failed.

        Example:
            `return hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)`
        """
        if self.ssl_context is None:
            return sock
        peer = peer_of(sock)
        try:
            sock.settimeout(deadline.remaining_or_raise())
            sock = self.ssl_context.wrap_socket(
                sock, server_hostname=self.server_hostname, do_handshake_on_connect=False
            )
            do_handshake(sock)
        except BaseException:
            sock.close()
            avoid(self.host, self.port, peer)
            raise
        return sock


@lru_cache(maxsize=64)
def _parse_origin(origin: str) -> tuple[str, int, bool]:
    parts = urlsplit(origin)
    is_tls = parts.scheme == "https"
    return parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls


class Route(NamedTuple):
    """The way to an origin.

    Attributes:
        hop: the first hop, to connect to.
        tunnel_request: the CONNECT request for a tunnel through it, or None.
        tunnelled: the origin at the end of the tunnel, or None.
    """

    hop: Hop
    tunnel_request: bytes | None = None
    tunnelled: Hop | None = None

    def tunnelled_tls(self) -> TLSLayer:
        """Return the TLS connection to establish inside the tunnel."""
        hop = self.tunnelled
        assert hop is not None and hop.ssl_context is not None  # noqa: S101, PT018 - for the type.
        return TLSLayer(hop.ssl_context, hop.server_hostname)


class PoolConfig:
    """The settings that all transports share.

    Args:
        pool_size: the connection limit; further calls wait.
        ssl_context: the TLS settings; None for `default_ssl_context()`.
        proxy: the sealed URL of an HTTP proxy, or a sealed None.
        max_response_bytes: the maximum size of a response body; a larger one raises
            BodyTooLargeError.
        connect_timeout: seconds for one connection: name resolution, TCP, proxy and TLS.
        make_parser: makes the parser of each response: `ResponseParser`, or a subclass of it.

    Raises:
        ArgumentError: `proxy` is not the URL of an HTTP proxy, or a number is not positive.
    """

    def __init__(
        self,
        *,
        pool_size: int,
        ssl_context: ssl.SSLContext | None,
        proxy: Secret[str | None],
        max_response_bytes: int,
        connect_timeout: float,
        make_parser: Callable[..., ResponseParser] = ResponseParser,
    ) -> None:
        self.pool_size: int = validate_count("pool_size", pool_size)
        self.max_response_bytes: int = validate_count("max_response_bytes", max_response_bytes)
        self.connect_timeout: float = validate_seconds("connect_timeout", connect_timeout)
        self.proxy: Proxy | None = None if proxy.reveal() is None else Proxy(proxy)
        self._ssl_context = ssl_context
        self._make_parser = make_parser

    def parser(self, request: Request) -> ResponseParser:
        """Return a parser for the response to a request."""
        # A truncated link still looks like a link.
        return self._make_parser(
            require_length=not request.idempotent, max_response_bytes=self.max_response_bytes
        )

    def route(self, origin: str) -> Route:
        """Return the way to an origin."""
        target = self._hop(origin)
        if self.proxy is None:
            return Route(target)
        hop = self._hop(self.proxy.origin)
        if target.ssl_context is None:
            return Route(hop)
        return Route(hop, self.proxy.tunnel_request(target.host, target.port), target)

    def _hop(self, origin: str) -> Hop:
        host, port, is_tls = _parse_origin(origin)
        return Hop(host, port, (self._ssl_context or default_ssl_context()) if is_tls else None)

    def serialize(self, request: Request) -> bytes:
        """Return the bytes of a request. They include the token: keep no copy."""
        if self.proxy is None or request.origin.startswith("https:"):
            return serialize_request(
                request.method, request.target, request.serialized_headers(), request.body
            )
        # A request to a proxy has the target in absolute form (RFC 9112, section 3.2.2).
        headers = request.serialized_headers() + self.proxy.authorization_line()
        return serialize_request(request.method, request.url, headers, request.body)
