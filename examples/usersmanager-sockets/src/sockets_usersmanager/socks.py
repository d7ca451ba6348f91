"""SocksTransport: connects through a SOCKS proxy, with python-socks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

from python_socks import ProxyError
from python_socks.async_.asyncio import Proxy as AsyncProxy
from python_socks.sync import Proxy

from usersmanager import ConnectError
from usersmanager.transports import AsyncHttp1Transport, Deadline, Hop, Http1Transport

__all__ = ["SocksTransport"]


class SocksTransport(Http1Transport, AsyncHttp1Transport):
    """Connects through a SOCKS proxy, which also resolves the host names.

    Args:
        url: the URL of the proxy: "socks5://user:password@proxy.example:1080", or "socks4://...".
        settings: those of `Http1Transport`.

    Example:
        `UsersManager(base_url, transport=SocksTransport("socks5://127.0.0.1:1080"))`
    """

    def __init__(self, url: str, **settings: Any) -> None:
        self._url = url
        del url  # It may contain a password, and a traceback may show local variables.
        super().__init__(**settings)

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        """Return a socket to a hop, after the TLS handshake."""
        proxy = Proxy.from_url(self._url, rdns=True)
        with _refusals():
            sock = proxy.connect(hop.host, hop.port, timeout=deadline.remaining_or_raise())
        return hop.secure(sock, deadline)

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        """Return a plain asyncio transport to a hop."""
        proxy = AsyncProxy.from_url(self._url, rdns=True)
        with _refusals():
            sock = await proxy.connect(hop.host, hop.port)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(hop.protocol, sock=sock)
        return transport


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Translate what the proxy refuses; other errors of python-socks are OSErrors."""
    try:
        yield
    except ProxyError as error:
        message = "the SOCKS proxy refused to connect to the host"
        raise ConnectError(message, reason="proxy_refused") from error
