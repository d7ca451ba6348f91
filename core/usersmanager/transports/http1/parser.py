"""Parse exactly one HTTP/1.1 response, sans I/O.

HTTP libraries are lenient, and leniency lets the end of one user's response become the start of
another's. The rules (RFC 9112 unless another is named), beside those of `head.py`:

- Interim responses are skipped, at most 8 of them; 101 is refused, because no request asks for
  an upgrade (RFC 9110, section 15.2).
- 204 and 304 have no body. A body without a length ends with the connection (section 6.3).
- Chunk sizes are hexadecimal digits; every chunk ends with CRLF; chunk extensions have at most
  8 KiB a line and 16 KiB in all (section 7.1).
- Trailers are not folded, because they are a part of the framing, and have at most 64 KiB in all.
- An end that comes too early, even within the head, is a DisconnectedError.
- Bytes after the end are dropped, and the connection is not used again (section 9.2).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from ..._values.response import Response
from ...errors import BodyTooLargeError, DisconnectedError, ProtocolError
from .head import (
    BEGINNING_SIZE,
    HEAD_LIMIT,
    TOO_LONG,
    Head,
    check_beginning,
    check_trailer,
    parse_head,
)

__all__ = ["ResponseParser"]

_INTERIM_LIMIT = 8
_EXTENSION_LIMIT = 16384
_CHUNK_LINE_LIMIT = 8192
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


class ResponseParser:
    """Parses exactly one well-framed response.

    Args:
        require_length: refuse a body that ends with the connection, because a truncated one
            looks the same.
        max_response_bytes: a larger body is a BodyTooLargeError.

    Attributes:
        complete: whether the whole response has been received.
        keep_alive: whether it is complete, and the connection may carry another request.
        has_begun: whether any byte has been received.

    Example::

        parser = ResponseParser()
        while not parser.complete:
            data = sock.recv(65536)
            parser.receive_data(data) if data else parser.receive_eof()
        response = parser.response()
    """

    def __init__(self, *, require_length: bool = False, max_response_bytes: int = 1 << 20) -> None:
        self.complete: bool = False
        self.keep_alive: bool = False
        self.has_begun: bool = False
        self._require_length = require_length
        self._max_response_bytes = max_response_bytes
        self._buffer = bytearray()
        self._position = 0  # In the buffer: of the next byte to parse.
        self._has_ended = False
        self._head: Head | None = None
        self._body = bytearray()
        # Suspended while it needs more data. Once it has returned, it no longer refers to self.
        self._steps = self._parse()

    def receive_data(self, data: bytes) -> None:
        """Parse received data.

        Raises:
            ProtocolError: the response is malformed. The connection must be closed.
            BodyTooLargeError: the body is too large. The connection must be closed.
        """
        self.has_begun = True
        self._buffer += data
        next(self._steps, None)
        del self._buffer[: self._position]
        self._position = 0
        if self.complete and self._buffer:
            self._buffer.clear()
            self.keep_alive = False

    def receive_eof(self, *, in_order: bool = True) -> None:
        """Handle the end of the connection.

        Args:
            in_order: whether TLS, if there is any, announced the end.

        Raises:
            DisconnectedError: no response began, or it may be truncated.
        """
        self._has_ended = in_order
        next(self._steps, None)
        self.keep_alive = False
        if not self.has_begun:
            raise DisconnectedError("the connection ended without a response", reason="no_response")
        if not self.complete:
            message = "the connection ended before the response was complete"
            raise DisconnectedError(message, reason="truncated")

    def response(self) -> Response:
        """Return the response.

        Raises:
            ValueError: it is not complete.
        """
        if self._head is None:
            raise ValueError("the response is not complete")
        return Response(self._head.status, self._head.headers, bytes(self._body))

    def _parse(self) -> Iterator[None]:
        head = yield from self._read_head()
        if head.status == 101:
            raise ProtocolError("an upgrade that was not requested")
        length, is_chunked = head.framing()
        keep_alive = head.allows_keep_alive()
        if head.status in (204, 304):
            # A server that announces a body may still send it.
            keep_alive = keep_alive and not is_chunked and not length
        elif is_chunked:
            yield from self._read_chunks()
        elif length is not None:
            yield from self._read_body(length)
        elif self._require_length:
            raise ProtocolError("a body without a length, which may be truncated")
        else:
            yield from self._read_until_eof()
        self._head, self.complete, self.keep_alive = head, True, keep_alive

    def _read_head(self) -> Generator[None, None, Head]:
        """Read the final head, skipping interim responses."""
        for _ in range(_INTERIM_LIMIT + 1):
            end = yield from self._find_end_of_head()
            head = parse_head(self._buffer[self._position : end])
            self._position = end + 2
            if head.status >= 200 or head.status == 101:
                return head
            head.framing()  # Ambiguous framing is an error here, too.
        raise ProtocolError("too many interim responses")

    def _find_end_of_head(self) -> Generator[None, None, int]:
        """Return where the last line of the head ends: an empty line follows."""
        search_from = self._position
        while True:
            limit = self._position + HEAD_LIMIT
            end = self._buffer.find(b"\r\n\r\n", search_from, limit)
            if end != -1:
                return end + 2
            if len(self._buffer) >= limit:
                raise ProtocolError(TOO_LONG)
            check_beginning(self._buffer[self._position : self._position + BEGINNING_SIZE])
            # The end may be split between this data and the next.
            search_from = max(0, len(self._buffer) - self._position - 3)
            yield

    def _read_body(self, size: int) -> Iterator[None]:
        while True:
            start = self._position
            content = self._buffer[start : start + size]
            self._position = start + len(content)
            self._body += content
            if len(self._body) > self._max_response_bytes:
                raise BodyTooLargeError(f"the body is larger than {self._max_response_bytes} bytes")
            size -= len(content)
            if not size:
                return
            yield

    def _read_until_eof(self) -> Iterator[None]:
        while not self._has_ended:
            yield from self._read_body(len(self._buffer) - self._position)
            yield

    def _read_chunks(self) -> Iterator[None]:
        extensions = 0
        while True:
            line = yield from self._read_line(_CHUNK_LINE_LIMIT)
            match = _CHUNK_LINE.fullmatch(line)
            if match is None:
                raise ProtocolError("invalid chunk size")
            extensions += len(line) - len(match[1])
            if extensions > _EXTENSION_LIMIT:
                raise ProtocolError("the chunk extensions are too long")
            size = int(match[1], 16)
            if not size:
                break
            yield from self._read_body(size)
            if (yield from self._read_line(_CHUNK_LINE_LIMIT)):
                raise ProtocolError("chunk data exceeds chunk size")
        space = HEAD_LIMIT
        while trailer := (yield from self._read_line(space)):
            space -= len(trailer) + 2
            check_trailer(trailer)

    def _read_line(self, limit: int) -> Generator[None, None, bytearray]:
        """Read a line of a limited number of bytes; return it without its CRLF."""
        while True:
            end = self._buffer.find(b"\n", self._position) + 1
            if (end or len(self._buffer)) - self._position > limit:
                raise ProtocolError("a chunk line, or the trailers, are too long")
            if end:
                break
            yield
        line = self._buffer[self._position : end]
        if not line.endswith(b"\r\n"):
            raise ProtocolError("a line that ends with a bare LF")
        self._position = end
        return line[:-2]
