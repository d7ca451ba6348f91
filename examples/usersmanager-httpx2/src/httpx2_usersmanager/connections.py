"""Connections of httpx2 that pass on exactly one well-formed response for each request.

The `ResponseParser` reads it first. httpx2's own parser gets it in a form that has one meaning:
without interim responses, and with the length of its body.

httpcore2's network backend makes them. It receives the value of the request extension "timeout"
unchanged: here a deadline instead of seconds, so that a server that drips bytes does not get a
new timeout for each.
"""

# ruff: noqa: ASYNC109 - httpcore2 names the arguments.

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

import httpcore2

from usersmanager import Response
from usersmanager.transports import ResponseParser

__all__ = ["AsyncBackend", "Backend"]

StreamT = TypeVar("StreamT", httpcore2.NetworkStream, httpcore2.AsyncNetworkStream)
MakeParser: TypeAlias = Callable[[], ResponseParser]

_FRAMING = frozenset({"content-length", "transfer-encoding"})


def _remaining(deadline: float | None) -> float:
    seconds = (deadline or 0.0) - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the deadline has passed")
    return seconds


class _ParsedStream(Generic[StreamT]):
    """The common part of both streams."""

    def __init__(self, stream: StreamT, make_parser: MakeParser) -> None:
        self._stream: StreamT = stream
        self._make_parser = make_parser
        self._parser = make_parser()

    def _start_exchange(self) -> None:
        if self._parser.complete:
            self._parser = self._make_parser()

    def _receive(self, data: bytes) -> None:
        if data:
            self._parser.receive_data(data)
        else:
            self._parser.receive_eof()

    def get_extra_info(self, info: str) -> Any:
        # httpcore2 closes an idle connection that is readable.
        if info == "is_readable" and not self._parser.keep_alive:
            return True
        return self._stream.get_extra_info(info)


def _serialize(response: Response) -> bytes:
    """Return a response for httpx2's own parser."""
    fields = [
        *(field for field in response.headers.items() if field[0].lower() not in _FRAMING),
        ("Content-Length", str(len(response.body))),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 {response.status}\r\n{lines}\r\n".encode("latin-1") + response.body


class _Stream(_ParsedStream[httpcore2.NetworkStream], httpcore2.NetworkStream):
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while not self._parser.complete:
            self._receive(self._stream.read(max_bytes, _remaining(timeout)))
        return _serialize(self._parser.response())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._start_exchange()
        self._stream.write(buffer, _remaining(timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _remaining(timeout))
        return _Stream(stream, self._make_parser)

    def close(self) -> None:
        self._stream.close()


class Backend(httpcore2.SyncBackend):
    """Makes connections whose responses a `ResponseParser` checks."""

    def __init__(self, make_parser: MakeParser) -> None:
        self._make_parser = make_parser

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore2.NetworkStream:
        stream = super().connect_tcp(host, port, _remaining(timeout), *args, **kwargs)
        return _Stream(stream, self._make_parser)


class _AsyncStream(_ParsedStream[httpcore2.AsyncNetworkStream], httpcore2.AsyncNetworkStream):
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while not self._parser.complete:
            self._receive(await self._stream.read(max_bytes, _remaining(timeout)))
        return _serialize(self._parser.response())

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._start_exchange()
        await self._stream.write(buffer, _remaining(timeout))

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, _remaining(timeout))
        return _AsyncStream(stream, self._make_parser)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and _has_buffered_data(self._stream.get_extra_info("ssl_object")):
            return True
        return super().get_extra_info(info)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _has_buffered_data(tls: ssl.SSLObject | None) -> bool:
    """Return whether anyio's TLS holds data of an idle connection, which its socket can't show."""
    try:
        return tls is not None and tls.read(1) is not None
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True


class AsyncBackend(httpcore2.AnyIOBackend):
    """Makes connections whose responses a `ResponseParser` checks, for asyncio."""

    def __init__(self, make_parser: MakeParser) -> None:
        self._make_parser = make_parser

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore2.AsyncNetworkStream:
        stream = await super().connect_tcp(host, port, _remaining(timeout), *args, **kwargs)
        return _AsyncStream(stream, self._make_parser)
