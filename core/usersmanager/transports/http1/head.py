"""The head of an HTTP/1.1 response: its status line and header lines, sans I/O.

The rules (RFC 9112):

- A status line is "HTTP/1.0" or "HTTP/1.1", three digits, a reason phrase (section 4).
- A header line ends with CRLF, has a token as its name, no whitespace before the colon, no
  folding, no control character (section 5). At most 8 KiB a line, 100 lines.
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

__all__ = ["Head", "check_trailer", "parse_head"]

LINE_LIMIT = 8192
FIELD_LIMIT = 100
# Every line ends with CRLF, and the last is empty.
HEAD_LIMIT = (LINE_LIMIT + 2) * (FIELD_LIMIT + 1) + 2
TOO_LONG = "a header line, or the head as a whole, is too long"

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
# Possessive, so that a line of blanks is not tried in all its divisions.
_FIELD_LINES = re.compile(rf"^({TOKEN}+):[\t ]*+([\t\x20-\x7e\x80-\xff]*+)\r\n", re.MULTILINE)
_LENGTH = re.compile(r"[0-9]{1,18}")
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
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


def parse_head(head: bytes | bytearray) -> Head:
    """Parse a response head: lines with their CRLF, without the empty line at the end.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    status_line, _, lines = head.decode("iso-8859-1").partition("\r\n")
    status, is_1_1 = _parse_status(status_line)
    return Head(status, is_1_1, Headers(_parse_fields(lines)))


# A server sends the same few lines, call after call.
@lru_cache(maxsize=16)
def _parse_status(line: str) -> tuple[int, bool]:
    """Return the status, and whether the version is 1.1."""
    status = _STATUS_LINE.fullmatch(line)
    if status is None or len(line) > LINE_LIMIT:
        raise ProtocolError("the response does not begin with an HTTP/1 status line")
    return int(status[2]), status[1] == "1"


def check_trailer(line: bytes | bytearray) -> None:
    """Check a trailer line, without its CRLF: it must be a header line that frames nothing.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    ((name, _),) = _parse_fields(line.decode("iso-8859-1") + "\r\n")
    if name.lower() in _FRAMING:
        raise ProtocolError("a trailer that affects the framing")


def _parse_fields(lines: str) -> list[tuple[str, str]]:
    count = lines.count("\n")
    if count > FIELD_LIMIT or (
        len(lines) > LINE_LIMIT and any(len(line) > LINE_LIMIT for line in lines.split("\r\n"))
    ):
        raise ProtocolError(TOO_LONG)
    # All at once: one call for each line is half of what parsing a response costs.
    fields: list[tuple[str, str]] = _FIELD_LINES.findall(lines)
    if len(fields) != count:
        raise ProtocolError("a malformed header line")
    if "\t" in lines or " \r" in lines:
        return [(name, value.rstrip("\t ")) for name, value in fields]
    return fields
