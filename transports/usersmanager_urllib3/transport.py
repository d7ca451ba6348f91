"""Urllib3Transport: pooled, shared by threads, with urllib3's own retries and redirects off."""

from __future__ import annotations

import ssl
import threading

import urllib3
from urllib3.util import Retry, Timeout

from usersmanager import BodyTooLargeError, LifecycleError, Request, Response, TransportError

from .failures import translated

__all__ = ["Urllib3Transport"]

_NO_RETRIES = Retry(total=False, redirect=False, raise_on_redirect=False, raise_on_status=False)
_CHUNK = 1 << 16


class Urllib3Transport:
    """Carries requests over urllib3 connection pools, one for each origin.

    Args:
        pool_size: connections kept and allowed for each origin; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy. The environment's proxies are not used.
        max_response_bytes: a larger body is a BodyTooLargeError.
        pool_manager: an existing urllib3.PoolManager, which stays the caller's and is
            not closed; the settings above but the last are then its own.

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
        pool_manager: urllib3.PoolManager | None = None,
    ) -> None:
        self._limit = max_response_bytes
        self._owned = pool_manager is None
        self._manager = pool_manager or _pool_manager(pool_size, ssl_context, proxy)
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}
        self._lock = threading.Lock()
        self._closed = False

    def send(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.Transport`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        failure: TransportError | None = None
        try:
            return self._exchange(self._pool(request), request)
        except TransportError:
            raise
        except Exception as error:
            failure = translated(error)
        # Raised out here: the library's error and its token-bearing frames are gone.
        try:
            raise failure
        finally:
            del failure  # Kept here, it would hold this frame, and the frame the request.

    def _exchange(self, pool: urllib3.HTTPConnectionPool, request: Request) -> Response:
        remaining = max(0.001, request.remaining())
        raw = pool.urlopen(
            request.method,
            request.target,
            body=request.body,
            headers=request.wire_headers(),
            retries=_NO_RETRIES,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(connect=remaining, read=remaining),
            pool_timeout=remaining,  # type: ignore[arg-type] # A float works, as queue.get takes it.
            preload_content=False,
            decode_content=False,
        )
        try:
            body = self._body(raw)
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return Response(raw.status, raw.headers.iteritems(), body)

    def _body(self, raw: urllib3.BaseHTTPResponse) -> bytes:
        body = bytearray()
        for chunk in raw.stream(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self._limit:
                raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
        return bytes(body)

    def _pool(self, request: Request) -> urllib3.HTTPConnectionPool:
        pool = self._pools.get(request.origin)
        if pool is None:
            with self._lock:
                pool = self._manager.connection_from_url(request.origin)
                self._pools[request.origin] = pool
        return pool

    def close(self) -> None:
        """Closes the pools, unless they are the caller's."""
        self._closed = True
        if self._owned:
            self._manager.clear()


def _pool_manager(
    pool_size: int, ssl_context: ssl.SSLContext | None, proxy: str | None
) -> urllib3.PoolManager:
    context = ssl_context or _default_context()
    if proxy is not None:
        return urllib3.ProxyManager(proxy, maxsize=pool_size, block=True, ssl_context=context)
    return urllib3.PoolManager(maxsize=pool_size, block=True, ssl_context=context)


def _default_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
