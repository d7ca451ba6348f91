"""The head of an HTTP/1.1 response: its status line and header lines, sans I/O.

The rules (RFC 9112):

- A status line is "HTTP/1.0" or "HTTP/1.1", three digits, a phrase (section 4).
- A header line ends with CRLF, has a token as its name, no blank before the colon, no
  folding, no control character (section 5). At most 8 KiB a line, 100 lines.
- A trailer does not frame the message (RFC 9110, section 6.5.1).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..._values.headers import TOKEN, Headers
from ...errors import ProtocolError

__all__ = ["Head", "parse_head", "parse_trailer"]

LINE_LIMIT = 8192
FIELD_LIMIT = 100
# Every line ends with CRLF, and the last is empty.
HEAD_LIMIT = (LINE_LIMIT + 2) * (FIELD_LIMIT + 1) + 2
TOO_LONG = "a header line, or the header as a whole, is too long"

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
# Possessive, so that a line of blanks is not tried in all its divisions.
_FIELD_LINES = re.compile(rf"^({TOKEN}+):[\t ]*+([\t\x20-\x7e\x80-\xff]*+)\r\n", re.MULTILINE)
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})


class Head(NamedTuple):
    """What a response says before its body, as text in ISO 8859-1 (RFC 9110, section 5.5).

    Attributes:
        status: 100 to 999.
        is_1_1: whether it is HTTP/1.1, not HTTP/1.0.
        headers: names and values, as they were sent.
    """

    status: int
    is_1_1: bool
    headers: Headers


def parse_head(head: bytes) -> Head:
    """The head of a response: each line with its CRLF, without the empty line at the end.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    status_line, _, lines = head.decode("iso-8859-1").partition("\r\n")
    status, is_1_1 = _parse_status(status_line)
    return Head(status, is_1_1, Headers(_parse_fields(lines)))


# A server sends the same few lines, call after call.
@lru_cache(maxsize=16)
def _parse_status(line: str) -> tuple[int, bool]:
    """The status, and whether the version is 1.1."""
    status = _STATUS_LINE.fullmatch(line)
    if status is None or len(line) > LINE_LIMIT:
        raise ProtocolError("the answer does not begin with an HTTP/1 status line")
    return int(status[2]), status[1] == "1"


def parse_trailer(line: bytes) -> None:
    """Judges a line of the trailers, without its CRLF: a header line that frames nothing.

    Raises:
        ProtocolError: it breaks a rule above, or would frame the message.
    """
    ((name, _),) = _parse_fields(line.decode("iso-8859-1") + "\r\n")
    if name.lower() in _FRAMING:
        raise ProtocolError("a trailer that would frame the message")


def _parse_fields(lines: str) -> list[tuple[str, str]]:
    count = lines.count("\n")
    if count > FIELD_LIMIT or (
        len(lines) > LINE_LIMIT and any(len(line) > LINE_LIMIT for line in lines.split("\r\n"))
    ):
        raise ProtocolError(TOO_LONG)
    # All at once: one call for each line is half of what reading a response costs.
    fields: list[tuple[str, str]] = _FIELD_LINES.findall(lines)
    if len(fields) != count:
        raise ProtocolError("a malformed header line")
    if " \r" in lines or "\t\r" in lines:
        return [(name, value.rstrip("\t ")) for name, value in fields]
    return fields
