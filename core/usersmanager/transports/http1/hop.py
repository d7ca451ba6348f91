"""Hop: the other end of a connection that a transport opens, and the route of a request."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ..._values.deadline import Deadline
from .addresses import Address, avoid, peer_of
from .resolver import resolve_async
from .tls import TLSLayer
from .tls_errors import do_handshake

if TYPE_CHECKING:
    import asyncio

    from .proxy import Proxy

__all__ = ["Hop", "Route", "Tunnel", "no_protocol"]


def no_protocol() -> asyncio.BaseProtocol:
    """Raise the error for a protocol of a hop that has none."""
    raise TypeError("only the hop of `aconnect` has a protocol")


class Hop:
    """The other end of a connection: an origin, or a proxy.

    Args:
        origin: "http://host:port" or "https://host:port"; the port may be missing.
        tls: the TLS settings if it is https.
        protocol: see below.

    Attributes:
        host: a name as written, or an IP address without brackets. Only the resolver uses a final
            dot.
        port: the TCP port.
        tls: the TLS settings, or None for a plain connection.
        server_hostname: the host name for SNI and for the certificate check, without a final dot.
        protocol: makes the protocol of an asyncio connection: pass it as ``protocol_factory`` to
            ``loop.create_connection`` and the like. For `AsyncHttp1Transport.aconnect` only.
    """

    __slots__ = ("_secured", "host", "port", "protocol", "server_hostname", "tls")

    def __init__(
        self,
        origin: str,
        tls: ssl.SSLContext,
        protocol: Callable[[], asyncio.BaseProtocol] = no_protocol,
    ) -> None:
        host, port, is_tls = _split(origin)
        self.host: str = host
        self.port: int = port
        self.server_hostname: str = self.host.removesuffix(".")
        self.tls: ssl.SSLContext | None = tls if is_tls else None
        self.protocol: Callable[[], asyncio.BaseProtocol] = protocol
        self._secured: list[socket.socket] = []

    def secure(self, sock: socket.socket, deadline: Deadline) -> socket.socket:
        """Return a connected socket after the TLS handshake, or as it is for a plain connection.

        Args:
            sock: connected to this hop. It is closed if the handshake fails.
            deadline: of the handshake.

        Raises:
            TimeoutError: the deadline passed.
            OSError: the handshake failed.

        Example::

            return hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)
        """
        self._secured.append(sock)
        if self.tls is None:
            return sock
        peer = peer_of(sock)
        try:
            if peer is None:  # `wrap_socket` would raise, and leave the socket open.
                raise ConnectionResetError("the connection ended before the TLS handshake")
            sock.settimeout(deadline.remaining_or_raise())
            sock = self.tls.wrap_socket(
                sock, server_hostname=self.server_hostname, do_handshake_on_connect=False
            )
            self._secured.append(sock)
            do_handshake(sock)
        except BaseException:
            sock.close()
            self.avoid(peer)
            raise
        return sock

    async def aresolve(self) -> list[Address]:
        """Return the addresses of the host, in the order in which they should be tried.

        The families alternate, and addresses that failed lately come last (RFC 8305).

        Raises:
            OSError: the host can't be resolved.

        Example::

            family, sockaddr = (await hop.aresolve())[0]
        """
        return await resolve_async(self.host, self.port)

    def avoid(self, sockaddr: object) -> None:
        """Try an address last from now on, because it failed.

        Args:
            sockaddr: the ``Address.sockaddr``, or what ``socket.getpeername`` returned; None is
                ignored.
        """
        avoid(self.host, self.port, sockaddr)

    def close(self) -> None:
        """Close the socket that `secure` returned, because a later step failed."""
        for sock in self._secured:
            sock.close()


class Tunnel(NamedTuple):
    """A tunnel through a proxy.

    Attributes:
        proxy: which opens it.
        target: the https origin at its end.
    """

    proxy: Proxy
    target: Hop

    def request(self) -> bytes:
        """Return the CONNECT request. It includes the proxy's password: keep no copy."""
        return self.proxy.tunnel_request(self.target.host, self.target.port)

    def tls(self) -> TLSLayer:
        """Return the TLS connection to establish inside the tunnel."""
        assert self.target.tls is not None  # noqa: S101 - for the type.
        return TLSLayer(self.target.tls, self.target.server_hostname)


class Route(NamedTuple):
    """The way to an origin.

    Attributes:
        hop: the first hop, to connect to.
        through_proxy: whether it is a proxy.
        tunnel: the tunnel through it, or None.
    """

    hop: Hop
    through_proxy: bool = False
    tunnel: Tunnel | None = None


@lru_cache(maxsize=64)
def _split(origin: str) -> tuple[str, int, bool]:
    """Return the host, the port and whether it is https."""
    parts = urlsplit(origin)
    is_tls = parts.scheme == "https"
    return parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls
