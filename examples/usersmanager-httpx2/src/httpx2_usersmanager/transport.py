"""Httpx2Transport: sends requests over httpx2's transports, which keep no cookies."""

from __future__ import annotations

import contextlib
import functools
import os
import ssl

import httpcore2
import httpx2

from usersmanager import (
    DeadlineExceededError,
    LifecycleError,
    PoolTimeoutError,
    Request,
    Response,
    TransportError,
)
from usersmanager.transports import ResponseParser, connect_error, exchange_error

from .connections import AsyncBackend, Backend, MakeParser

__all__ = ["Httpx2Transport"]

_EXPECTED_ERRORS = (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.TimeoutException, OSError)


class Httpx2Transport:
    """Sends requests over httpx2's connection pools, one for sync and one for asyncio.

    Args:
        pool_size: the connection limit; further calls wait.
        ssl_context: in place of httpx2's default one: system trust, TLS 1.2 or newer.
        max_response_bytes: a larger body is a BodyTooLargeError.

    Example:
        `UsersManager(url, transport=Httpx2Transport(pool_size=10))`
    """

    strict = True

    def __init__(
        self,
        *,
        pool_size: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        max_response_bytes: int = 1 << 20,
    ) -> None:
        self._pool_size = pool_size
        self._ssl_context = ssl_context or _default_ssl_context()
        self._make_parser = functools.partial(ResponseParser, max_response_bytes=max_response_bytes)
        # A truncated link still looks like a link.
        self._make_strict_parser = functools.partial(self._make_parser, require_length=True)
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        """Start without connections: at first, and in a forked child."""
        self._process = os.getpid()
        self._pool = _Pool(self._pool_size, self._ssl_context, self._make_parser)
        self._async_pool = _AsyncPool(self._pool_size, self._ssl_context, self._make_parser)

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        self._check_usable(request)
        try:
            if request.idempotent:
                return self._exchange(self._pool, request)
            # A request that is not idempotent must not be lost on a stale connection.
            with _Pool(1, self._ssl_context, self._make_strict_parser) as dedicated:
                return self._exchange(dedicated, request)
        except _EXPECTED_ERRORS as error:  # Any other may be an interruption.
            raise _translate(error) from error

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        self._check_usable(request)
        try:
            if request.idempotent:
                return await self._async_exchange(self._async_pool, request)
            async with _AsyncPool(1, self._ssl_context, self._make_strict_parser) as dedicated:
                return await self._async_exchange(dedicated, request)
        except _EXPECTED_ERRORS as error:  # Any other may be an interruption.
            raise _translate(error) from error

    def _exchange(self, pool: _Pool, request: Request) -> Response:
        with contextlib.closing(pool.handle_request(_httpx2_request(request))) as raw:
            body = b"".join(raw.iter_raw())
            return Response(raw.status_code, raw.headers.multi_items(), body)

    async def _async_exchange(self, pool: _AsyncPool, request: Request) -> Response:
        raw = await pool.handle_async_request(_httpx2_request(request))
        async with contextlib.aclosing(raw):
            body = b"".join([chunk async for chunk in raw.aiter_raw()])
            return Response(raw.status_code, raw.headers.multi_items(), body)

    def _check_usable(self, request: Request) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", sent=False)
        if self._process != os.getpid():
            self._reset()

    def close(self) -> None:
        """Close the connections of `send`."""
        self._closed = True
        self._pool.close()

    async def aclose(self) -> None:
        """Close the connections of `asend`."""
        self._closed = True
        await self._async_pool.aclose()


@functools.cache
def _default_ssl_context() -> ssl.SSLContext:
    # Not a context that others share: httpx2 sets ALPN on it.
    return httpx2.create_ssl_context(trust_env=False)


# httpx2's constructors accept no network backend, but those of its pools do.


class _Pool(httpx2.HTTPTransport):
    def __init__(
        self, pool_size: int, ssl_context: ssl.SSLContext, make_parser: MakeParser
    ) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context, max_connections=pool_size, network_backend=Backend(make_parser)
        )


class _AsyncPool(httpx2.AsyncHTTPTransport):
    def __init__(
        self, pool_size: int, ssl_context: ssl.SSLContext, make_parser: MakeParser
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context, max_connections=pool_size, network_backend=AsyncBackend(make_parser)
        )


def _httpx2_request(request: Request) -> httpx2.Request:
    """Return the same request for httpx2, with the deadline in place of timeouts."""
    deadlines = dict.fromkeys(("connect", "write", "read"), request.deadline.moment)
    return httpx2.Request(
        request.method,
        request.url,
        headers=request.headers_to_send(),
        content=request.body,
        # httpx2 might normalize the target otherwise.
        extensions={
            "timeout": {**deadlines, "pool": request.remaining()},
            "target": request.target.encode(),
        },
    )


def _translate(error: Exception) -> TransportError:
    match error:
        case httpx2.PoolTimeout():
            return PoolTimeoutError("no connection became available before the deadline")
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return connect_error(_cause(error))
        case _:
            return exchange_error(_cause(error))


def _cause(error: BaseException) -> BaseException:
    """Return the error of the socket or of TLS that httpx2 has wrapped, if there is one."""
    while not isinstance(error, OSError) and (inner := error.__cause__ or error.__context__):
        error = inner
    return error
