"""Send requests over an application's PoolManager, without the engine and its guarantees."""

from __future__ import annotations

import copy
import os
import socket
from http.client import HTTPException

import urllib3
from urllib3 import exceptions
from urllib3.util import Retry
from urllib3.util.ssl_match_hostname import CertificateError

from usersmanager import (
    BodyTooLargeError,
    ConnectError,
    DisconnectedError,
    LifecycleError,
    PoolTimeoutError,
    Request,
    Response,
    TLSError,
    UsersManagerError,
)
from usersmanager.transports import Deadline, PoolConfig, connect_error, exchange_error

__all__ = ["ExternalPools"]

_NO_RETRIES = Retry(total=False, redirect=False, raise_on_redirect=False, raise_on_status=False)
_CHUNK = 1 << 16


class ExternalPools:
    """Sends requests over the pools of a manager that belongs to the application.

    Args:
        manager: the pool manager.
        config: the settings of the transport.
    """

    def __init__(self, manager: urllib3.PoolManager, config: PoolConfig) -> None:
        self._manager = manager
        self._max_response_bytes = config.max_response_bytes
        self._connect_timeout = config.connect_timeout
        self._process = os.getpid()
        self._closed = False

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        try:
            return self._send(request)
        except (exceptions.HTTPError, HTTPException, CertificateError, OSError) as error:
            raise _translate(error) from error

    def _send(self, request: Request) -> Response:
        if self._process != os.getpid():
            # The parent process still uses the connections of its manager.
            self._manager, self._process = _without_connections(self._manager), os.getpid()
        if request.idempotent:
            return self._exchange(self._manager.connection_from_url(request.origin), request)
        # A request that is not idempotent must not be lost on a stale connection.
        pool = _without_connections(self._manager).connection_from_url(request.origin)
        try:
            return self._exchange(pool, request)
        finally:
            pool.close()

    def _exchange(self, pool: urllib3.HTTPConnectionPool, request: Request) -> Response:
        headers = request.headers_to_send()
        headers.setdefault("User-Agent", urllib3.util.SKIP_HEADER)  # urllib3 would add its own.
        # A request to a proxy has the target in absolute form (RFC 9112, section 3.2.2).
        is_forwarded = pool.proxy is not None and pool.scheme == "http"
        raw = pool.urlopen(
            request.method,
            request.url if is_forwarded else request.target,
            body=request.body,
            headers=headers,
            retries=_NO_RETRIES,
            redirect=False,
            assert_same_host=False,
            timeout=_Timeout(request.deadline, self._connect_timeout),
            pool_timeout=request.remaining(),  # type: ignore[arg-type] # queue.get takes a float.
            preload_content=False,
            decode_content=False,
        )
        try:
            body = self._read(raw)
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return Response(raw.status, raw.headers.iteritems(), body)

    def _read(self, raw: urllib3.BaseHTTPResponse) -> bytes:
        body = bytearray()
        for chunk in raw.stream(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self._max_response_bytes:
                raise BodyTooLargeError(f"the body is larger than {self._max_response_bytes} bytes")
        return bytes(body)

    def close(self) -> None:
        """Refuse further requests. The connections belong to the application."""
        self._closed = True


class _Timeout(urllib3.Timeout):
    """A timeout that is the remaining time whenever urllib3 reads it."""

    def __init__(self, deadline: Deadline, connect: float) -> None:
        super().__init__()
        self._deadline = deadline
        self._connect_limit = connect

    @property
    def read_timeout(self) -> float:
        # 0 would make the socket non-blocking.
        return max(0.001, self._deadline.remaining())

    @property
    def connect_timeout(self) -> float:
        return min(self._connect_limit, self.read_timeout)

    def clone(self) -> _Timeout:
        return self  # It has no state.


def _without_connections(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Return a manager with the same settings and no pools."""
    copied = copy.copy(manager)
    copied.pools = type(manager.pools)(10)
    return copied


def _translate(error: Exception) -> UsersManagerError:
    match _cause(error):
        case exceptions.EmptyPoolError():
            return PoolTimeoutError("no connection became available before the deadline")
        case exceptions.ClosedPoolError():
            return LifecycleError("the pool is closed")
        case CertificateError():
            message = "the certificate is for another host"
            return TLSError(message, sent=False, reason="wrong_host")
        case exceptions.NameResolutionError():
            return connect_error(socket.gaierror())
        case exceptions.ConnectTimeoutError():
            return connect_error(TimeoutError())
        case exceptions.NewConnectionError() as cause:
            return connect_error(cause.__cause__ or cause)
        case exceptions.ProxyError():
            message = "failed to connect through the proxy"
            return ConnectError(message, reason="proxy_unreachable")
        case exceptions.ReadTimeoutError():
            return exchange_error(TimeoutError())
        case exceptions.IncompleteRead():
            message = "the connection ended before the response was complete"
            return DisconnectedError(message, reason="truncated")
        case cause:
            return exchange_error(cause)


def _cause(error: Exception) -> Exception:
    """Return the error that urllib3 has wrapped in its ProtocolError or SSLError."""
    if isinstance(error, exceptions.ProtocolError | exceptions.SSLError):
        for argument in reversed(error.args):
            if isinstance(argument, Exception):
                return argument
    return error
