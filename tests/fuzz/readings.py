"""Three readings of the same bytes: ours in one piece, ours in pieces, and h11's."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import h11

from usersmanager import TransportError
from usersmanager_httptools.parser import CheckedReader

__all__ = ["Reading", "agreed", "by_h11", "cut", "ours"]

LIMIT = 1 << 20


class Reading(NamedTuple):
    """What a reader makes of bytes after which the connection ends.

    Attributes:
        status: of the response.
        fields: names in lower case, and values.
        body: without its framing.
        reusable: whether the connection might have been used again.
    """

    status: int
    fields: list[tuple[str, str]]
    body: bytes
    reusable: bool


def cut(data: bytes, points: Iterable[int]) -> list[bytes]:
    """The bytes, cut at these points."""
    edges = [0, *sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def ours(pieces: Iterable[bytes], *, exact: bool = False) -> Reading | TransportError:
    """What `CheckedReader` makes of it. Any other error than ours is a bug, and raised."""
    exchange = CheckedReader(exact=exact, limit=LIMIT)
    try:
        for piece in pieces:
            exchange.feed(piece)
        reusable = exchange.reusable
        exchange.eof()
        response = exchange.response()
    except TransportError as error:
        return error.with_traceback(None)
    fields = [_normal(name.lower(), value) for name, value in response.headers.items()]
    return Reading(response.status, fields, response.body, reusable)


def _normal(name: str, value: str) -> tuple[str, str]:
    """As h11 gives it, for comparison."""
    return (name, value.lower() if name == "transfer-encoding" else value)


def by_h11(data: bytes) -> Reading | None:
    """What h11 makes of it; None if it refuses it."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    head, body, reusable = None, bytearray(), False
    try:
        connection.receive_data(data)
        is_ended = False
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                reusable = _is_reusable(connection) and not is_ended
                break
            elif event is h11.NEED_DATA and not is_ended:
                connection.receive_data(b"")
                is_ended = True
            elif not isinstance(event, h11.InformationalResponse):
                return None
    except h11.RemoteProtocolError:
        return None
    if head is None:
        return None
    fields = [(name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers]
    reusable = reusable and not _announces_what_never_comes(head.status_code, dict(fields))
    return Reading(head.status_code, fields, bytes(body), reusable)


def _announces_what_never_comes(status: int, fields: dict[str, str]) -> bool:
    """Then we are stricter: who announces a body where there is none may still send it."""
    announced = "transfer-encoding" in fields or fields.get("content-length", "0").strip("0") != ""
    return status in (204, 304) and announced


def _is_reusable(connection: h11.Connection) -> bool:
    idle = connection.our_state is h11.DONE and connection.their_state is h11.DONE
    return idle and not connection.trailing_data[0]


def agreed(data: bytes) -> Reading | TransportError:
    """Our reading of bytes, once it is shown to be independent of the cut, and h11's too.

    We refuse more than h11 does; what we accept, h11 reads the same.
    """
    whole = ours([data])
    bytewise = ours([data[place : place + 1] for place in range(len(data))])
    if isinstance(whole, TransportError):
        assert type(bytewise) is type(whole), (bytewise, whole)
        return whole
    assert bytewise == whole
    assert by_h11(data) == whole
    return whole
