"""Httpx2Transport: sync and asyncio over httpx2's transports, which keep no cookies."""

from __future__ import annotations

import contextlib
import functools
import os
import ssl

import httpcore2
import httpx2

from usersmanager import (
    BodyTooLargeError,
    DeadlineExceededError,
    LifecycleError,
    PoolTimeoutError,
    Request,
    Response,
    TransportError,
)
from usersmanager.transports import connect_error, exchange_error

from .connections import AsyncBackend, Backend

__all__ = ["Httpx2Transport"]

_KNOWN = (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.TimeoutException, OSError)


class Httpx2Transport:
    """Carries requests over httpx2's connection pools, one for each mode.

    Args:
        pool_size: connections allowed at a time; a call beyond waits.
        ssl_context: in place of httpx2's own: the system's trust, TLS 1.2 or newer.
        max_response_bytes: a larger body is a BodyTooLargeError.

    Example:
        `UsersManager(url, transport=Httpx2Transport(pool_size=10))`
    """

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        max_response_bytes: int = 1 << 20,
    ) -> None:
        self._pool_size = pool_size
        self._ssl_context = ssl_context or _default_context()
        self._limit = max_response_bytes
        self._closed = False
        self._start()

    def _start(self) -> None:
        """Begins without a connection: at first, and in the child of a fork."""
        self._process = os.getpid()
        self._shared = _Blocking(self._pool_size, self._ssl_context)
        self._async_shared = _Asyncio(self._pool_size, self._ssl_context)

    def send(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.Transport`."""
        self._require_usable(request)
        try:
            if request.idempotent:
                return self._exchange(self._shared, request)
            # No leftover can answer it, no stale connection swallow it.
            with _Blocking(1, self._ssl_context, exact=True) as alone:
                return self._exchange(alone, request)
        except _KNOWN as error:  # Anything else passes through: an interruption, say.
            raise _failure(error) from error

    async def asend(self, request: Request) -> Response:
        """Carries one request; see `usersmanager.AsyncTransport`."""
        self._require_usable(request)
        try:
            if request.idempotent:
                return await self._async_exchange(self._async_shared, request)
            async with _Asyncio(1, self._ssl_context, exact=True) as alone:
                return await self._async_exchange(alone, request)
        except _KNOWN as error:  # Anything else passes through: an interruption, say.
            raise _failure(error) from error

    def _exchange(self, transport: _Blocking, request: Request) -> Response:
        with contextlib.closing(transport.handle_request(_asked(request))) as raw:
            body = bytearray()
            for chunk in raw.iter_raw():
                self._add(body, chunk)
            return Response(raw.status_code, raw.headers.multi_items(), bytes(body))

    async def _async_exchange(self, transport: _Asyncio, request: Request) -> Response:
        raw = await transport.handle_async_request(_asked(request))
        async with contextlib.aclosing(raw):
            body = bytearray()
            async for chunk in raw.aiter_raw():
                self._add(body, chunk)
            return Response(raw.status_code, raw.headers.multi_items(), bytes(body))

    def _add(self, body: bytearray, chunk: bytes) -> None:
        body += chunk
        if len(body) > self._limit:
            raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")

    def _require_usable(self, request: Request) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", phase="not sent")
        if self._process != os.getpid():
            self._start()

    def close(self) -> None:
        """Closes the blocking connections."""
        self._closed = True
        self._shared.close()

    async def aclose(self) -> None:
        """Closes the asyncio connections."""
        self._closed = True
        await self._async_shared.aclose()


@functools.cache
def _default_context() -> ssl.SSLContext:
    # Not the default of usersmanager: httpx2 sets ALPN on whatever it is given.
    return httpx2.create_ssl_context(trust_env=False)


# httpx2's constructors take no network backend; the pools below them do.


class _Blocking(httpx2.HTTPTransport):
    def __init__(self, pool_size: int, context: ssl.SSLContext, *, exact: bool = False) -> None:
        self._pool = httpcore2.ConnectionPool(
            context, max_connections=pool_size, network_backend=Backend(exact=exact)
        )


class _Asyncio(httpx2.AsyncHTTPTransport):
    def __init__(self, pool_size: int, context: ssl.SSLContext, *, exact: bool = False) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            context, max_connections=pool_size, network_backend=AsyncBackend(exact=exact)
        )


def _asked(request: Request) -> httpx2.Request:
    """The request as httpx2 has it; its connections take a deadline for a timeout."""
    waits = dict.fromkeys(("connect", "write", "read"), request.deadline.moment)
    return httpx2.Request(
        request.method,
        request.url,
        headers=request.headers_to_send(),
        content=request.body,
        # The target as it is: a URL of httpx2 may write it otherwise.
        extensions={
            "timeout": {**waits, "pool": request.remaining()},
            "target": request.target.encode(),
        },
    )


def _failure(error: Exception) -> TransportError:
    """What an error of httpx2 stands for."""
    match error:
        case httpx2.PoolTimeout():
            return PoolTimeoutError("every connection stayed busy until the deadline")
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return connect_error(_cause(error))
        case _:
            return exchange_error(_cause(error))


def _cause(error: BaseException) -> BaseException:
    """The error of the socket or of TLS behind httpx2's, if there is one."""
    while not isinstance(error, OSError) and (inner := error.__cause__ or error.__context__):
        error = inner
    return error
