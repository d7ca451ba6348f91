"""Urllib3Transport: pooled, shared by threads, with urllib3's own retries and redirects off."""

from __future__ import annotations

import copy
import os
import ssl
import threading
import time
from base64 import b64encode
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.util import Retry

from usersmanager import (
    ArgumentError,
    BodyTooLargeError,
    DeadlineExceededError,
    LifecycleError,
    PluginError,
    Request,
    Response,
    UsersManagerError,
    default_ssl_context,
    is_proxy,
    positive_count,
    positive_seconds,
)

from .connections import ReadResponse, StaleConnectionError, pool_classes
from .failures import of_exchange

__all__ = ["Urllib3Transport"]

_NO_RETRIES = Retry(total=False, redirect=False, raise_on_redirect=False, raise_on_status=False)
_CHUNK = 1 << 16


class Urllib3Transport:
    """Carries requests over urllib3 connection pools, one for each origin.

    Args:
        pool_size: connections kept and allowed for each origin; a call beyond waits.
        ssl_context: in place of the system's trust with host name check and TLS 1.2.
        proxy: the URL of an HTTP proxy, with its user and password if it wants them. The
            environment's proxies are not used.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds for one connection: name, TCP and TLS. Less than a
            call's timeout, so that a retry has time for another.
        pool_manager: an existing urllib3.PoolManager, which stays the caller's and is
            not closed. Its own settings count then; and its connections parse as
            leniently as urllib3 does, since only our own are guarded.

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
        _require_urllib3()
        if proxy is not None and not is_proxy(proxy):
            del proxy  # It may hold a password, and a traceback shows what is kept here.
            raise ArgumentError("proxy must be a URL such as http://proxy.example:3128")
        positive_count("pool_size", pool_size)
        self._limit = positive_count("max_response_bytes", max_response_bytes)
        self._connect_timeout = positive_seconds("connect_timeout", connect_timeout)
        self._owned = pool_manager is None
        self._manager = pool_manager or _pool_manager(pool_size, ssl_context, proxy)
        if self._owned:
            self._manager.pool_classes_by_scheme = pool_classes(max_response_bytes)
        self._closed = False
        self._start()

    def _start(self) -> None:
        """Begins without a connection: at first, and in the child of a fork."""
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}
        self._lock = threading.Lock()
        self._process = os.getpid()

    def send(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.Transport`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        if self._process != os.getpid():
            self._leave_to_parent()
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", phase="not sent")
        failure: UsersManagerError
        try:
            if request.idempotent:
                return self._exchange(self._pool(request.origin), request)
            return self._exchange_alone(request)
        except UsersManagerError as error:
            failure = error
        except Exception as error:
            failure = of_exchange(error)
        # Raised out here: the library's error and its token-bearing frames are gone.
        try:
            raise failure.bare()
        finally:
            del failure  # Kept here, it would hold this frame, and it the request.

    def _exchange_alone(self, request: Request) -> Response:
        """On a connection of its own: no leftover can answer it, no stale one swallow it."""
        pool = _without_connections(self._manager).connection_from_url(request.origin)
        try:
            return self._exchange(pool, request)
        finally:
            pool.close()

    def _exchange(self, pool: urllib3.HTTPConnectionPool, request: Request) -> Response:
        while True:
            try:
                return self._exchange_once(pool, request)
            except StaleConnectionError:
                continue  # It is closed, nothing was sent: the pool has one less of them.

    def _exchange_once(self, pool: urllib3.HTTPConnectionPool, request: Request) -> Response:
        headers = request.wire_headers()
        if not self._owned:
            headers.setdefault("User-Agent", urllib3.util.SKIP_HEADER)  # Or urllib3 adds its own.
        # A proxy is asked for a plain address in whole (RFC 9112, section 3.2.2).
        forwarded = pool.proxy is not None and pool.scheme == "http"
        raw = pool.urlopen(
            request.method,
            request.url if forwarded else request.target,
            body=request.body,
            headers=headers,
            retries=_NO_RETRIES,
            redirect=False,
            assert_same_host=False,
            timeout=_Deadline(request.deadline, self._connect_timeout),
            pool_timeout=request.remaining(),  # type: ignore[arg-type] # queue.get takes a float.
            preload_content=False,
            decode_content=False,
        )
        if isinstance(raw, ReadResponse):
            raw.release_conn()
            return raw.received
        return self._read(raw)

    def _read(self, raw: urllib3.BaseHTTPResponse) -> Response:
        """A response over a connection of the caller's, which isn't guarded."""
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

    def _pool(self, origin: str) -> urllib3.HTTPConnectionPool:
        pool = self._pools.get(origin)
        if pool is None:
            with self._lock:
                if self._closed:
                    raise LifecycleError("the transport is closed")
                pool = self._pools.setdefault(origin, self._manager.connection_from_url(origin))
        return pool

    def _leave_to_parent(self) -> None:
        """After a fork: two processes on one connection would read each other's answers."""
        self._manager = _without_connections(self._manager)
        self._start()

    def close(self) -> None:
        """Closes the connections, unless they are the caller's."""
        with self._lock:  # A pool that is made meanwhile would stay open.
            self._closed = True
        if self._owned:
            for pool in self._pools.values():
                pool.close()
            self._manager.clear()


class _Deadline(urllib3.Timeout):
    """What is left of a call, whenever urllib3 asks."""

    def __init__(self, deadline: float, connect: float) -> None:
        super().__init__()
        self._deadline = deadline
        self._connect_at_most = connect

    @property
    def read_timeout(self) -> float:
        # Not 0, which would make a socket non-blocking.
        return max(0.001, self._deadline - time.monotonic())

    @property
    def connect_timeout(self) -> float:
        return min(self._connect_at_most, self.read_timeout)

    def clone(self) -> _Deadline:
        return self  # It has no state that a copy would protect.


def _require_urllib3() -> None:
    if hasattr(urllib3, "AsyncPoolManager"):
        raise PluginError(
            "urllib3-future, which niquests brings, stands here in the place of urllib3, and does"
            " not keep this transport's rules: install it from source with URLLIB3_NO_OVERRIDE=1"
            " and urllib3 again, or pass transport='httptools'"
        )


def _pool_manager(
    pool_size: int, ssl_context: ssl.SSLContext | None, proxy: str | None
) -> urllib3.PoolManager:
    context = ssl_context or default_ssl_context()
    if proxy is None:
        return urllib3.PoolManager(maxsize=pool_size, block=True, ssl_context=context)
    return urllib3.ProxyManager(
        proxy,
        maxsize=pool_size,
        block=True,
        ssl_context=context,
        proxy_ssl_context=context,
        proxy_headers=_credentials(proxy),
    )


def _credentials(proxy: str) -> dict[str, str]:
    """Those in the URL of a proxy, which urllib3 leaves out."""
    userinfo, mark, _ = urlsplit(proxy).netloc.rpartition("@")
    sealed = b64encode(unquote(userinfo).encode()).decode("ascii")
    return {"Proxy-Authorization": f"Basic {sealed}"} if mark else {}


def _without_connections(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The same settings, with pools of its own."""
    other = copy.copy(manager)
    other.pools = type(manager.pools)(10)
    return other
