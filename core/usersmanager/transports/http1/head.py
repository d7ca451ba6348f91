"""The head of an HTTP/1.1 response: its status line and header lines, sans I/O.

The rules (RFC 9112):

- A status line is "HTTP/1.0" or "HTTP/1.1", three digits, a reason phrase (section 4). Anything
  else is refused at its first byte that differs.
- A header line ends with CRLF, has a token as its name, no whitespace before the colon, no
  control character (section 5).
- A folded field is unfolded, unless it affects the framing (section 5.2).
- All lines together have at most 64 KiB.
- The length of the body is one Content-Length of digits, or "chunked" alone, never both, and
  neither is repeated (section 6.3).
- A trailer does not frame the message (RFC 9110, section 6.5.1).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from multidict import istr

from ..._values.headers import TOKEN, Headers
from ...errors import ProtocolError

__all__ = [
    "BEGINNING_SIZE",
    "HEAD_LIMIT",
    "TOO_LONG",
    "Head",
    "check_beginning",
    "check_trailer",
    "parse_head",
]

# Bytes, with the CRLF of each line and the empty line at the end.
HEAD_LIMIT = 65536
TOO_LONG = "the response head, or its trailers, are larger than 64 KiB"
# More than a status line usually has. The rest of a longer one is checked with the whole head.
BEGINNING_SIZE = 256

_ENCODING = "iso-8859-1"
# Completes the beginning of any valid status line.
_EXAMPLE = "HTTP/1.1 200 "
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
# Possessive, so that a line of blanks is not tried in all its divisions.
_FIELD_LINES = re.compile(rf"^({TOKEN}):[\t ]*+([\t\x20-\x7e\x80-\xff]*)\r\n", re.MULTILINE)
_LENGTH = re.compile(r"[0-9]{1,18}")
# Not preceded by whitespace, so that a long line of it is not searched from every position.
_FOLDS = re.compile(rb"(?<![\t ])(?:[\t ]*\r\n[\t ]+)+")
_FOLDED_NAME = re.compile(rb"^([^\r\n:]*):[^\r\n]*\r\n[\t ]", re.MULTILINE)
_FRAMING = frozenset(
    {"connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"}
)
_CONTENT_LENGTH, _TRANSFER_ENCODING = istr("Content-Length"), istr("Transfer-Encoding")
_CONNECTION = istr("Connection")


class Head(NamedTuple):
    """The status line and the header fields, as text in ISO 8859-1 (RFC 9110, section 5.5).

    Attributes:
        status: 100 to 999.
        is_1_1: whether it is HTTP/1.1, not HTTP/1.0.
        headers: names and values, as they were sent.
    """

    status: int
    is_1_1: bool
    headers: Headers

    def framing(self) -> tuple[int | None, bool]:
        """Return the Content-Length, if there is one, and whether the body is chunked instead.

        Raises:
            ProtocolError: the framing is ambiguous.
        """
        lengths = self.headers.getall(_CONTENT_LENGTH, ())
        codings = self.headers.getall(_TRANSFER_ENCODING, ())
        if len(lengths) > 1 or len(codings) > 1:
            raise ProtocolError("a repeated Content-Length or Transfer-Encoding")
        if codings and (lengths or not self.is_1_1 or codings[0].lower() != "chunked"):
            raise ProtocolError("unsupported Transfer-Encoding")
        if lengths and not _LENGTH.fullmatch(lengths[0]):
            raise ProtocolError("invalid Content-Length")
        return (int(lengths[0]) if lengths else None), bool(codings)

    def allows_keep_alive(self) -> bool:
        """Return whether the server keeps the connection open (RFC 9112, section 9.3)."""
        options = ",".join(self.headers.getall(_CONNECTION, ())).lower()
        # Splitting is slow, and most responses do not need it.
        is_closing = "close" in options and "close" in [
            option.strip("\t ") for option in options.split(",")
        ]
        return self.is_1_1 and not is_closing


def check_beginning(beginning: bytes | bytearray) -> None:
    """Check the beginning of a head that is still incomplete.

    Args:
        beginning: its first `BEGINNING_SIZE` bytes, or as many as there are.

    Raises:
        ProtocolError: no response begins like this. It may be a TLS alert, or HTTP/2.
    """
    line, end, _ = beginning.decode(_ENCODING).partition("\r\n")
    if not end:
        line = line.removesuffix("\r")
        line += _EXAMPLE[len(line) :]
    _match_status(line)


def parse_head(head: bytes | bytearray) -> Head:
    """Parse a response head: lines with their CRLF, without the empty line at the end.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    if b"\r\n " in head or b"\r\n\t" in head:
        head = _unfold(head)
    status_line, _, lines = head.decode(_ENCODING).partition("\r\n")
    status, is_1_1 = _parse_status(status_line)
    return Head(status, is_1_1, Headers(_parse_fields(lines)))


def _unfold(head: bytes | bytearray) -> bytes | bytearray:
    """Return a head without folds: each is replaced by a space."""
    status_line, end, lines = head.partition(b"\r\n")
    for name in _FOLDED_NAME.findall(lines):
        if name.decode(_ENCODING).lower() in _FRAMING:  # Parsers disagree about its value.
            raise ProtocolError("a folded field that affects the framing")
    return status_line + end + _FOLDS.sub(b" ", lines)


# A server sends the same few lines, call after call.
@lru_cache(maxsize=16)
def _parse_status(line: str) -> tuple[int, bool]:
    """Return the status, and whether the version is 1.1."""
    status = _match_status(line)
    return int(status[2]), status[1] == "1"


def _match_status(line: str) -> re.Match[str]:
    status = _STATUS_LINE.fullmatch(line)
    if status is None:
        raise ProtocolError("the response does not begin with an HTTP/1 status line")
    return status


def check_trailer(line: bytes | bytearray) -> None:
    """Check a trailer line, without its CRLF: it must be a header line that frames nothing.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    ((name, _),) = _parse_fields(line.decode(_ENCODING) + "\r\n")
    if name.lower() in _FRAMING:
        raise ProtocolError("a trailer that affects the framing")


def _parse_fields(lines: str) -> list[tuple[str, str]]:
    # All at once: one call for each line is half of what parsing a response costs.
    fields: list[tuple[str, str]] = _FIELD_LINES.findall(lines)
    if len(fields) != lines.count("\n"):
        raise ProtocolError("a malformed header line")
    if "\t" in lines or " \r" in lines:
        return [(name, value.rstrip("\t ")) for name, value in fields]
    return fields
