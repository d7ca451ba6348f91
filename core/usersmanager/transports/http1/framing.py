"""Where one HTTP/1.1 response ends and nothing else begins: the framing rules, sans I/O.

HTTP libraries are lenient here, and leniency lets the end of one user's answer become
the start of another's. A transport passes all bytes it receives through a
`ResponseGuard`, which lets through one well-framed response and nothing more.

The rules (RFC 9112 unless another is named):

- The head keeps the rules of `head.py`.
- Interim responses are dropped, at most 8 of them; 101 is refused, as no upgrade was
  asked for (RFC 9110, section 15.2).
- The length is one Content-Length of digits, or "chunked" alone, never both, and
  neither is repeated (section 6.3). 204 and 304 have no body. Without either, the body ends with
  the connection, which is then not used again.
- Chunk sizes are hexadecimal digits; every chunk ends with CRLF; at most 16 KiB of
  extensions in all (section 7.1).
- Whatever follows the end is dropped, and the connection with it (section 9.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from multidict import istr

from ...errors import DisconnectedError, ProtocolError
from .head import FIELD_LIMIT, HEAD_LIMIT, LINE_LIMIT, TOO_LONG, Head, parse_head, parse_trailer

__all__ = ["ResponseGuard"]

_INTERIM_LIMIT = 8
_EXTENSION_LIMIT = 16384
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_DIGITS = re.compile(r"[0-9]{1,18}")
_CONTENT_LENGTH, _TRANSFER_ENCODING = istr("Content-Length"), istr("Transfer-Encoding")
_CONNECTION = istr("Connection")


class ResponseGuard:
    """Lets the bytes of exactly one well-framed response through.

    Args:
        exact: refuse a body that only the end of the connection ends, since its
            truncation could not be told.

    Attributes:
        complete: whether the whole response has been seen.
        has_length: whether its head has told how long its body is.
        reusable: whether the connection may carry another request.

    Example:
        ```python
        guard = ResponseGuard()
        parser.feed(guard.feed(socket.recv(65536)))
        ```
    """

    __slots__ = (
        *("complete", "has_length"),
        *("_begin", "_exact", "_extensions", "_held", "_interim", "_left", "_lines", "_persistent"),
        *("_searched", "_step"),
    )

    def __init__(self, *, exact: bool = False) -> None:
        self.complete = False
        self.has_length = False
        self._persistent = True
        self._exact = exact
        self._interim = 0
        self._extensions = 0
        self._held = b""
        self._begin = 0
        self._searched = 0
        self._left = 0
        self._lines = 0
        # A plain function: a bound method would make a cycle of each guard.
        self._step: Callable[[ResponseGuard, bytes, int], int] = ResponseGuard._head

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request."""
        return self.complete and self._persistent

    def feed(self, data: bytes) -> bytes:
        """Takes what was received; gives what the HTTP library may see of it.

        Raises:
            ProtocolError: a rule above is broken. The connection is to be closed.
        """
        received = self._held + data if self._held else data
        self._begin = at = 0
        while at < len(received) and not self.complete:
            after = self._step(self, received, at)
            if after == at:  # The rest of a line is still to come.
                break
            at = after
        self._held = b"" if self.complete else received[at:]
        if self.complete and at < len(received):
            self._persistent = False
        return received[self._begin : at]

    @property
    def has_begun(self) -> bool:
        """Whether any byte of a response has been received."""
        is_waiting = self._step is ResponseGuard._head and not self._held and not self._interim
        return self.complete or not is_waiting

    def eof(self, *, in_order: bool = True) -> None:
        """Takes note that the connection has ended.

        Args:
            in_order: whether TLS, if there is any, announced the end.

        Raises:
            DisconnectedError: no response began, or its body is not surely whole.
            ProtocolError: the response ended within its header.
        """
        self._persistent = False
        if self.complete:
            return
        if self._step is ResponseGuard._until_eof and in_order:
            self.complete = True
        elif self._step is not ResponseGuard._head or not self._held:
            raise DisconnectedError("the connection ended before the response was complete")
        else:
            raise ProtocolError("the connection ended within the header of the response")

    # A step reads what it can from a place on, and gives the place where it stopped.

    def _head(self, received: bytes, at: int) -> int:
        # What was searched is not searched again; the overlap finds an end that was split.
        end = received.find(b"\r\n\r\n", at + max(0, self._searched - 3))
        if end < 0:
            self._searched = len(received) - at
            last_line = len(received) - 1 - received.rfind(b"\n")
            if self._searched >= HEAD_LIMIT or last_line > LINE_LIMIT + 1:
                raise ProtocolError(TOO_LONG)
            return at
        self._searched = 0
        head = parse_head(received[at : end + 2])
        length, is_chunked = _length(head)
        if head.status >= 200:
            self._persistent = head.is_1_1 and not _closes(
                ", ".join(head.headers.getall(_CONNECTION, ()))
            )
            self._begin_body(head, length, is_chunked)
            return end + 4
        self._interim += 1
        if head.status == 101 or self._interim > _INTERIM_LIMIT:
            raise ProtocolError("an upgrade that was not asked for, or too many interim responses")
        self._begin = end + 4
        return end + 4

    def _begin_body(self, head: Head, length: int | None, is_chunked: bool) -> None:
        self._begun(head)
        self.has_length = not is_chunked and length is not None
        if head.status in (204, 304):
            self.complete = self.has_length = True
            if is_chunked or length:
                self._persistent = False  # Whoever announces a body may still send it.
        elif is_chunked:
            self._step = ResponseGuard._chunk_line
        elif length is not None:
            self._left, self._step = length, ResponseGuard._sized
            self.complete = length == 0
        elif self._exact:
            raise ProtocolError("a body without a length, whose truncation could not be told")
        else:
            self._persistent, self._step = False, ResponseGuard._until_eof

    def _begun(self, head: Head) -> None:
        """The final head has come. For a subclass that keeps it."""

    def _content(self, data: bytes) -> None:
        """A piece of the body has come, without its framing. For a subclass that keeps it."""

    def _sized(self, received: bytes, at: int) -> int:
        at = self._counted(received, at)
        self.complete = self._left == 0
        return at

    def _counted(self, received: bytes, at: int) -> int:
        """Reads content whose length is known."""
        content = received[at : at + self._left]
        self._left -= len(content)
        self._content(content)
        return at + len(content)

    def _until_eof(self, received: bytes, at: int) -> int:
        self._content(received[at:])
        return len(received)

    def _chunk_line(self, received: bytes, at: int) -> int:
        line, at = _line(received, at)
        if line is None:
            return at
        size = _CHUNK_LINE.fullmatch(line)
        if size is None:
            raise ProtocolError("a chunk without a valid size")
        self._left = int(size[1], 16)
        self._extensions += len(line) - len(size[1])
        if self._extensions > _EXTENSION_LIMIT:
            raise ProtocolError("the extensions of the chunks are too long")
        self._step = ResponseGuard._chunk_data if self._left else ResponseGuard._trailer
        return at

    def _chunk_data(self, received: bytes, at: int) -> int:
        at = self._counted(received, at)
        if self._left == 0:
            self._step = ResponseGuard._chunk_end
        return at

    def _chunk_end(self, received: bytes, at: int) -> int:
        line, at = _line(received, at)
        if line:
            raise ProtocolError("a chunk longer than its size")
        if line is not None:
            self._step = ResponseGuard._chunk_line
        return at

    def _trailer(self, received: bytes, at: int) -> int:
        line, at = _line(received, at)
        if line:
            self._lines += 1
            if self._lines > FIELD_LIMIT:
                raise ProtocolError(TOO_LONG)
            parse_trailer(line)
        elif line is not None:
            self.complete = True
        return at


def _line(received: bytes, at: int) -> tuple[bytes | None, int]:
    """The line from a place on, without its CRLF, or None while it is not whole; its end."""
    end = received.find(b"\n", at) + 1
    if (end or len(received)) - at > LINE_LIMIT:
        raise ProtocolError(TOO_LONG)
    if not end:
        return None, at
    if not received.endswith(b"\r\n", at, end):
        raise ProtocolError("a line that ends with a bare LF")
    return received[at : end - 2], end


def _length(head: Head) -> tuple[int | None, bool]:
    """The length of the body, if the head tells it, and whether the body has chunks instead."""
    lengths = head.headers.getall(_CONTENT_LENGTH, ())
    codings = head.headers.getall(_TRANSFER_ENCODING, ())
    if len(lengths) > 1 or len(codings) > 1:
        raise ProtocolError("a repeated Content-Length or Transfer-Encoding")
    if codings and (lengths or not head.is_1_1 or codings[0].lower() != "chunked"):
        raise ProtocolError("Transfer-Encoding other than chunked alone")
    if lengths and not _DIGITS.fullmatch(lengths[0]):
        raise ProtocolError("a Content-Length that is no number")
    return (int(lengths[0]) if lengths else None), bool(codings)


def _closes(connection: str) -> bool:
    """Whether a Connection field ends the connection (RFC 9112, section 9.6)."""
    return _is_close(connection) if len(connection) < 64 else _is_close.__wrapped__(connection)


# A server sends the same value, call after call. A longer one may be anything: it is not kept.
@lru_cache(maxsize=16)
def _is_close(connection: str) -> bool:
    return "close" in [option.strip("\t ") for option in connection.lower().split(",")]
