"""Urllib3Transport: sends requests over connections that urllib3 opens."""

from __future__ import annotations

import ssl

import urllib3

from usersmanager import PluginError, Request, Response
from usersmanager.transports import Engine, PoolConfig, Secret

from .connect import connect

__all__ = ["Urllib3Transport"]


class Urllib3Transport:
    """Sends requests over pooled connections that urllib3 opens. Thread-safe.

    Args:
        pool_size: the connection limit; further calls wait.
        ssl_context: in place of the default one: system trust, host names checked, TLS 1.2.
        proxy: the URL of an HTTP proxy, with user and password if it requires them. Proxies in
            environment variables are ignored.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name resolution, TCP, proxy and TLS. It
            should be less than a call's timeout, to leave time for a retry.

    Raises:
        ArgumentError: `proxy` is not the URL of an HTTP proxy, or a number is not positive.
        PluginError: another distribution has replaced urllib3.

    Example:
        ```python
        UsersManager(url, transport=Urllib3Transport(pool_size=10, ssl_context=context))
        ```
    """

    strict = True

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
    ) -> None:
        # It may contain a password, and a traceback may show local variables.
        sealed_proxy = Secret(proxy)
        del proxy
        _require_urllib3()
        config = PoolConfig(
            pool_size=pool_size,
            ssl_context=ssl_context,
            proxy=sealed_proxy,
            max_response_bytes=max_response_bytes,
            connect_timeout=connect_timeout,
        )
        self._engine = Engine(config, connect)

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        return self._engine.send(request)

    def close(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._engine.close()


def _require_urllib3() -> None:
    if hasattr(urllib3, "AsyncPoolManager"):
        raise PluginError(
            "urllib3-future, a dependency of niquests, has replaced urllib3, which this transport"
            " needs: install urllib3-future from source with URLLIB3_NO_OVERRIDE=1 and reinstall"
            " urllib3, or pass transport='httptools'"
        )
