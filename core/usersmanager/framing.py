"""Where one HTTP/1.1 response ends and nothing else begins: the framing rules, sans I/O.

HTTP libraries are lenient here, and leniency lets the end of one user's answer become
the start of another's. A transport passes all bytes it receives through a
`ResponseGuard`, which lets through one well-framed response and nothing more.

The rules (RFC 9112 unless another is named):

- The head keeps the rules of `head.py`.
- Interim responses are dropped, at most 8 of them; 101 is refused, as no upgrade was
  asked for (RFC 9110, section 15.2).
- The length is one Content-Length of digits, or "chunked" alone, never both
  (section 6.3). 204 and 304 have no body. Without either, the body ends with
  the connection, which is then not used again.
- Chunk sizes are hexadecimal digits; every chunk ends with CRLF; at most 16 KiB of
  extensions in all (section 7.1). No trailer frames the message (RFC 9110, section 6.5.1).
- Whatever follows the end is dropped, and the connection with it (section 9.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .errors import DisconnectedError, ProtocolError
from .head import FIELD_LIMIT, HEAD_LIMIT, LINE_LIMIT, TOO_LONG, Head, parse_head, parse_trailer

__all__ = ["ResponseGuard"]

_INTERIM_LIMIT = 8
_PIECE = 4096
_EXTENSION_LIMIT = 16384
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_DIGITS = re.compile(r"[0-9]{1,18}")


class ResponseGuard:
    """Lets the bytes of exactly one well-framed response through.

    Args:
        exact: refuse a body that only the end of the connection ends, since its
            truncation could not be told.

    Attributes:
        complete: whether the whole response has been seen.
        reusable: whether the connection may carry another request.

    Example:
        ```python
        guard = ResponseGuard()
        parser.feed(guard.feed(socket.recv(65536)))
        ```
    """

    __slots__ = (
        *("complete", "_exact", "_extensions", "_held", "_interim", "_left", "_lines"),
        *("_persistent", "_step"),
    )

    def __init__(self, *, exact: bool = False) -> None:
        self.complete = False
        self._persistent = True
        self._exact = exact
        self._interim = 0
        self._extensions = 0
        self._held = b""
        self._left = 0
        self._lines = 0
        # Plain functions: bound methods would make a cycle of each guard.
        self._step: Callable[[ResponseGuard, bytes], tuple[bytes, bytes]] = ResponseGuard._head

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request."""
        return self.complete and self._persistent

    def feed(self, data: bytes) -> bytes:
        """Takes what was received; gives what the HTTP library may see of it.

        Raises:
            ProtocolError: a rule above is broken. The connection is to be closed.
        """
        passed = bytearray()
        # A step copies what it leaves over: small pieces, or tiny chunks cost the square.
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            while piece and not self.complete:
                clean, piece = self._step(self, piece)
                passed += clean
            if piece:
                self._persistent = False
                break
        return bytes(passed)

    def eof(self) -> None:
        """Takes note that the connection has ended.

        Raises:
            DisconnectedError: no response began, or its body is not whole.
            ProtocolError: the response ended within its header.
        """
        self._persistent = False
        if self.complete:
            return
        if self._step is ResponseGuard._until_eof:
            self.complete = True
        elif self._step is not ResponseGuard._head or not self._held:
            raise DisconnectedError("the connection ended before the response was whole")
        else:
            raise ProtocolError("the connection ended within the header of the response")

    def _head(self, data: bytes) -> tuple[bytes, bytes]:
        # The overlap finds an end that was split; what was searched is not searched again.
        start = max(0, len(self._held) - 3)
        self._held += data
        end = self._held.find(b"\r\n\r\n", start)
        if end < 0:
            if (
                len(self._held) >= HEAD_LIMIT
                or len(self._held) - self._held.rfind(b"\n") > LINE_LIMIT + 2
            ):
                raise ProtocolError(TOO_LONG)
            return b"", b""
        passed, rest = self._held[: end + 4], self._held[end + 4 :]
        self._held = b""
        head = parse_head(passed[:-2])
        _require_one_framing(head)
        if head.status >= 200:
            self._begin_body(head)
            return passed, rest
        self._interim += 1
        if head.status == 101 or self._interim > _INTERIM_LIMIT:
            raise ProtocolError("an upgrade that was not asked for, or too many interim responses")
        return b"", rest

    def _begin_body(self, head: Head) -> None:
        options = head.framing.get("connection", "").lower().split(",")
        self._persistent = head.is_1_1 and "close" not in [one.strip("\t ") for one in options]
        length = head.framing.get("content-length")
        coding = head.framing.get("transfer-encoding")
        self._begun(head)
        if head.status in (204, 304):
            self.complete = True
            if coding is not None or int(length or 0):
                self._persistent = False  # Whoever announces a body may still send it.
        elif coding is not None:
            self._step = ResponseGuard._chunk_line
        elif length is not None:
            self._left, self._step = int(length), ResponseGuard._sized
            self.complete = self._left == 0
        elif self._exact:
            raise ProtocolError("a body without a length, whose truncation could not be told")
        else:
            self._persistent, self._step = False, ResponseGuard._until_eof

    def _begun(self, head: Head) -> None:
        """The final head has come. For a subclass that keeps it."""

    def _content(self, data: bytes) -> None:
        """A piece of the body has come, without its framing. For a subclass that keeps it."""

    def _sized(self, data: bytes) -> tuple[bytes, bytes]:
        body, rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        self.complete = self._left == 0
        self._content(body)
        return body, rest

    def _until_eof(self, data: bytes) -> tuple[bytes, bytes]:
        self._content(data)
        return data, b""

    def _chunk_line(self, data: bytes) -> tuple[bytes, bytes]:
        line, passed, rest = self._line(data)
        if line is None:
            return passed, rest
        size = _CHUNK_LINE.fullmatch(line)
        if size is None:
            raise ProtocolError("a chunk without a valid size")
        self._left = int(size[1], 16)
        self._extensions += len(line) - len(size[1])
        if self._extensions > _EXTENSION_LIMIT:
            raise ProtocolError("the extensions of the chunks are too long")
        self._step = ResponseGuard._chunk_data if self._left else ResponseGuard._trailer
        return passed, rest

    def _chunk_data(self, data: bytes) -> tuple[bytes, bytes]:
        body, rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        if self._left == 0:
            self._step = ResponseGuard._chunk_end
        self._content(body)
        return body, rest

    def _chunk_end(self, data: bytes) -> tuple[bytes, bytes]:
        line, passed, rest = self._line(data)
        if line:
            raise ProtocolError("a chunk longer than its size")
        if line is not None:
            self._step = ResponseGuard._chunk_line
        return passed, rest

    def _trailer(self, data: bytes) -> tuple[bytes, bytes]:
        line, passed, rest = self._line(data)
        if line:
            self._lines += 1
            if self._lines > FIELD_LIMIT:
                raise ProtocolError(TOO_LONG)
            parse_trailer(line)
        elif line is not None:
            self.complete = True
        return passed, rest

    def _line(self, data: bytes) -> tuple[bytes | None, bytes, bytes]:
        """A line without its CRLF, or None while it is not whole; what to pass on; the rest."""
        end = data.find(b"\n")
        passed, rest = (data, b"") if end < 0 else (data[: end + 1], data[end + 1 :])
        self._held += passed
        if len(self._held) > LINE_LIMIT:
            raise ProtocolError(TOO_LONG)
        if end < 0:
            return None, passed, rest
        line, self._held = self._held, b""
        if not line.endswith(b"\r\n"):
            raise ProtocolError("a line that ends with a bare LF")
        return line[:-2], passed, rest


def _require_one_framing(head: Head) -> None:
    length, coding = head.framing.get("content-length"), head.framing.get("transfer-encoding")
    if coding is not None and (
        length is not None or not head.is_1_1 or coding.lower() != "chunked"
    ):
        raise ProtocolError("Transfer-Encoding other than chunked alone")
    if length is not None and not _DIGITS.fullmatch(length):
        raise ProtocolError("a Content-Length that is no number")
