"""The head of an HTTP/1.1 response: its status line and header lines, sans I/O.

The rules (RFC 9112):

- A status line is "HTTP/1.0" or "HTTP/1.1", three digits, a phrase (section 4).
- A header line ends with CRLF, has a token as its name, no blank before the colon, no
  folding, no control character (section 5). At most 8 KiB a line, 100 lines.
- The fields that frame the message are never repeated (section 6.3).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import ProtocolError

__all__ = ["Head", "parse_head", "parse_line"]

LINE_LIMIT = 8192
FIELD_LIMIT = 100
HEAD_LIMIT = LINE_LIMIT * (FIELD_LIMIT + 1)
TOO_LONG = "a header line, or the header as a whole, is too long"

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_FIELD_LINE = re.compile(rb"(" + _TOKEN + rb"):[\t ]*([\t\x20-\x7e\x80-\xff]*)")
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection"})


class Head(NamedTuple):
    """What a response says before its body.

    Attributes:
        status: 100 to 999.
        is_1_1: whether it is HTTP/1.1, not HTTP/1.0.
        fields: names and values, as they were sent.
        framing: the values of Content-Length, Transfer-Encoding and Connection, by
            their names in lower case.
    """

    status: int
    is_1_1: bool
    fields: list[tuple[bytes, bytes]]
    framing: dict[bytes, bytes]


def parse_head(head: bytes) -> Head:
    """The head of a response, without the empty line at its end.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    status_line, *lines = head.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(status_line)
    if status is None or len(status_line) > LINE_LIMIT:
        raise ProtocolError("the answer does not begin with an HTTP/1 status line")
    if len(lines) > FIELD_LIMIT:
        raise ProtocolError(TOO_LONG)
    fields = [parse_line(line) for line in lines]
    return Head(int(status[2]), status[1] == b"1", fields, _framing(fields))


def parse_line(line: bytes) -> tuple[bytes, bytes]:
    """The name and the value of a header line.

    Raises:
        ProtocolError: it breaks a rule above.
    """
    field = _FIELD_LINE.fullmatch(line)
    if field is None:
        raise ProtocolError("a malformed header line")
    if len(line) > LINE_LIMIT:
        raise ProtocolError(TOO_LONG)
    return field[1], field[2].rstrip(b"\t ")


def _framing(fields: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    framing: dict[bytes, bytes] = {}
    for original, value in fields:
        name = original.lower()
        if name not in _FRAMING:
            continue
        if name not in framing:
            framing[name] = value
        elif name == b"connection":
            framing[name] += b"," + value
        else:
            raise ProtocolError("a repeated Content-Length or Transfer-Encoding")
    return framing
