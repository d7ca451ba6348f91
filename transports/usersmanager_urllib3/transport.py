"""Urllib3Transport: connections opened by urllib3, shared by threads."""

from __future__ import annotations

import ssl

import urllib3

from usersmanager import PluginError, Request, Response
from usersmanager.transports import Engine, PoolConfig, Secret

from .borrowed import BorrowedPools
from .connect import connect

__all__ = ["Urllib3Transport"]


class Urllib3Transport:
    """Sends requests over pooled connections that urllib3 opens.

    Args:
        pool_size: connections in use at a time; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy, with its user and password if it wants them. The
            environment's proxies are not used.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name, TCP, proxy and TLS. Less than a
            call's timeout, so that a retry has time for another.
        pool_manager: an existing urllib3.PoolManager, which stays the caller's and is not
            closed. Its own settings count then; and its connections parse as leniently as
            urllib3 does.

    Raises:
        ArgumentError: the proxy is not the URL of one, or a number is not positive.
        PluginError: another distribution has taken the place of urllib3.

    Example:
        ```python
        UsersManager(url, transport=Urllib3Transport(pool_size=10, ssl_context=context))
        ```
    """

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
        pool_manager: urllib3.PoolManager | None = None,
    ) -> None:
        # It may hold a password, and a traceback shows local variables.
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
        self._engine: Engine | BorrowedPools = (
            Engine(config, connect)
            if pool_manager is None
            else BorrowedPools(pool_manager, max_response_bytes, connect_timeout)
        )

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `usersmanager.Transport`."""
        return self._engine.send(request)

    def close(self) -> None:
        """Close the idle connections; those in use are closed as their calls end."""
        self._engine.close()


def _require_urllib3() -> None:
    if hasattr(urllib3, "AsyncPoolManager"):
        raise PluginError(
            "urllib3-future, which niquests brings, stands here in the place of urllib3, and does"
            " not keep this transport's rules: install it from source with URLLIB3_NO_OVERRIDE=1"
            " and urllib3 again, or pass transport='httptools'"
        )
