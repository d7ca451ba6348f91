"""Parse the same bytes with our parser, with h11 and with llhttp."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import h11
import httptools

from usersmanager import TransportError
from usersmanager.transports import ResponseParser

__all__ = ["Parsed", "check_agreement", "parse", "parse_with_h11", "parse_with_llhttp", "split"]


class Parsed(NamedTuple):
    """A response after which the connection ends.

    Attributes:
        status: its status.
        fields: its header fields, as pairs.
        body: its body, without framing.
        keep_alive: whether the connection could have been reused.
    """

    status: int
    fields: list[tuple[str, str]]
    body: bytes
    keep_alive: bool


def split(data: bytes, points: Iterable[int]) -> list[bytes]:
    """Split data at these points. No piece is empty."""
    edges = [0, *sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[start:end] for start, end in pairwise(edges) if start < end]


def parse(
    pieces: Iterable[bytes],
    *,
    require_length: bool = False,
    max_response_bytes: int = 1 << 20,
) -> Parsed | TransportError:
    """Return the response, or our error. Any other error is a bug, and passes through."""
    parser = ResponseParser(require_length=require_length, max_response_bytes=max_response_bytes)
    try:
        for piece in pieces:
            parser.receive_data(piece)
        keep_alive = parser.keep_alive
        parser.receive_eof()
        response = parser.response()
    except TransportError as error:
        return error.with_traceback(None)
    fields = list(response.headers.items())
    return Parsed(response.status, fields, response.body, keep_alive)


def parse_with_h11(data: bytes) -> Parsed | None:
    """Return the response as h11 parses it, or None if it refuses it."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    head, body, has_ended = None, bytearray(), False
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
            elif event is h11.NEED_DATA and not has_ended:
                connection.receive_data(b"")
                has_ended = True
            elif not isinstance(event, h11.InformationalResponse):
                return None
    except h11.RemoteProtocolError:
        return None
    if head is None:
        return None
    fields = [(name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers]
    is_idle = connection.our_state is h11.DONE and connection.their_state is h11.DONE
    keep_alive = is_idle and not has_ended and not connection.trailing_data[0]
    return Parsed(head.status_code, fields, bytes(body), keep_alive)


class _FinalResponse:
    """The first response that is not an interim one, of those that llhttp reports."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.body = b""
        self.is_complete = False

    def on_headers_complete(self) -> None:
        if not self.is_complete:
            self.status = self.parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        if not self.is_complete:
            self.body += data

    def on_message_complete(self) -> None:
        self.is_complete |= self.status >= 200


def parse_with_llhttp(data: bytes) -> tuple[int, bytes] | None:
    """Return status and body as llhttp parses a response, or None if it refuses it."""
    final = _FinalResponse()
    try:
        final.parser.feed_data(data)
    except httptools.HttpParserError:
        if not final.is_complete:
            return None
    return final.status, final.body


def check_agreement(data: bytes) -> Parsed | TransportError:
    """Return our result, after checking that no other parser sees another response.

    - Our result does not depend on how the data is split.
    - h11 and llhttp, if they accept a response that we accept, parse the same.
    """
    bytewise = [data[position : position + 1] for position in range(len(data))]
    whole = parse([data])
    _check_same(whole, parse(bytewise))
    if isinstance(whole, TransportError):
        return whole
    by_h11, by_llhttp = parse_with_h11(data), parse_with_llhttp(data)
    if by_h11 is not None:
        ours = _in_h11_form(whole, by_h11)
        if b"\r\n " in data or b"\r\n\t" in data:
            # h11 keeps the whitespace before a fold.
            ours, by_h11 = _with_single_blanks(ours), _with_single_blanks(by_h11)
        assert by_h11 == ours
    # llhttp waits for the body of a 204 or 304 that announces one.
    assert by_llhttp in (None, (whole.status, whole.body)) or whole.status in (204, 304)
    return whole


def _check_same(result: Parsed | TransportError, other: Parsed | TransportError) -> None:
    if isinstance(result, TransportError):
        assert type(other) is type(result), (other, result)
    else:
        assert other == result


def _with_single_blanks(parsed: Parsed) -> Parsed:
    fields = [(name, re.sub(r"[\t ]+", " ", value)) for name, value in parsed.fields]
    return parsed._replace(fields=fields)


def _in_h11_form(ours: Parsed, by_h11: Parsed) -> Parsed:
    """Return our result as h11 should report it: names and the coding in lower case."""
    fields = [(name.lower(), value) for name, value in ours.fields]
    fields = [
        (name, value.lower() if name == "transfer-encoding" else value) for name, value in fields
    ]
    # We are stricter: a server that announces a body for a 204 or 304 may still send it.
    is_stricter = ours.status in (204, 304) and by_h11.keep_alive
    return Parsed(ours.status, fields, ours.body, ours.keep_alive or is_stricter)
