"""httpx2's connections, guarded: one well-framed response each, and no leftovers.

The seam is httpcore2's network backend. It is handed whatever the request's extension
"timeout" holds: here a deadline in place of seconds, so that a server that drips bytes
does not get a new timeout for each.
"""

# ruff: noqa: ASYNC109 - httpcore2 names the arguments.

from __future__ import annotations

import ssl
import time
from typing import Any, Generic, TypeVar

import httpcore2

from usersmanager.transports import ResponseGuard

__all__ = ["AsyncBackend", "Backend"]

AnyStream = TypeVar("AnyStream", httpcore2.NetworkStream, httpcore2.AsyncNetworkStream)


def _left(deadline: float | None) -> float:
    left = (deadline or 0.0) - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


class _Guarded(Generic[AnyStream]):
    """What a connection of either mode has."""

    def __init__(self, stream: AnyStream, *, exact: bool) -> None:
        self._stream: AnyStream = stream
        self._exact = exact
        self._guard = ResponseGuard(exact=exact)

    def _begin(self) -> None:
        """Before a request: the next response has a guard of its own."""
        if self._guard.complete:
            self._guard = ResponseGuard(exact=self._exact)

    def _passed(self, received: bytes) -> bytes:
        """What httpx2 may see of what was received; nothing is the end of the connection."""
        if received:
            return self._guard.feed(received)
        self._guard.eof()
        return b""

    def get_extra_info(self, info: str) -> Any:
        # httpcore2 asks this of an idle connection, and closes it if the answer is yes.
        if info == "is_readable" and not self._guard.reusable:
            return True
        return self._stream.get_extra_info(info)


class _Stream(_Guarded[httpcore2.NetworkStream], httpcore2.NetworkStream):
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        passed = b""
        while not passed and not self._guard.complete:
            passed = self._passed(self._stream.read(max_bytes, _left(timeout)))
        return passed

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._begin()
        self._stream.write(buffer, _left(timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(timeout))
        return _Stream(stream, exact=self._exact)

    def close(self) -> None:
        self._stream.close()


class Backend(httpcore2.SyncBackend):
    """Makes guarded connections; `exact` as for a `ResponseGuard`."""

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *settings: Any, **more: Any
    ) -> httpcore2.NetworkStream:
        stream = super().connect_tcp(host, port, _left(timeout), *settings, **more)
        return _Stream(stream, exact=self._exact)


class _AsyncStream(_Guarded[httpcore2.AsyncNetworkStream], httpcore2.AsyncNetworkStream):
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        passed = b""
        while not passed and not self._guard.complete:
            passed = self._passed(await self._stream.read(max_bytes, _left(timeout)))
        return passed

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._begin()
        await self._stream.write(buffer, _left(timeout))

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, _left(timeout))
        return _AsyncStream(stream, exact=self._exact)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and _has_read_ahead(self._stream.get_extra_info("ssl_object")):
            return True
        return super().get_extra_info(info)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _has_read_ahead(tls: ssl.SSLObject | None) -> bool:
    """Whether anyio's TLS holds bytes of an idle connection, which the socket no longer shows."""
    try:
        return tls is not None and tls.read(1) is not None
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True


class AsyncBackend(httpcore2.AnyIOBackend):
    """As `Backend`, for asyncio."""

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *settings: Any, **more: Any
    ) -> httpcore2.AsyncNetworkStream:
        stream = await super().connect_tcp(host, port, _left(timeout), *settings, **more)
        return _AsyncStream(stream, exact=self._exact)
