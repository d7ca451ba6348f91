"""The reader: the response that was sent, whatever way its bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transports.http1.test_framing import CHUNKED, EMPTY, INTERIM, POINTS, SIZED, cuts

from usersmanager import BodyTooLargeError, ProtocolError, Response
from usersmanager.transports import ResponseReader

UNTIL_THE_END = b"HTTP/1.1 200 OK\r\n\r\n" + b'{"sub": "u"}'


def read(data: bytes, points: list[int] = [], *, limit: int = 100) -> Response:  # noqa: B006
    reader = ResponseReader(limit=limit)
    for part in cuts(data, points):
        reader.feed(part)
    if not reader.complete:
        reader.eof()
    return reader.response()


@given(st.sampled_from([SIZED, CHUNKED, UNTIL_THE_END]), st.integers(0, 8), POINTS)
def test_the_body_is_without_its_framing(sent: bytes, interim: int, points: list[int]) -> None:
    response = read(INTERIM * interim + sent, points)
    assert (response.status, response.body) == (200, b'{"sub": "u"}')
    assert "Link" not in response.headers


@given(POINTS)
def test_nothing_after_the_end_is_in_the_body(points: list[int]) -> None:
    assert read(SIZED + b"more", points).body == b'{"sub": "u"}'
    assert read(EMPTY + b"more", points).body == b""


def test_fields_keep_their_order_their_repetitions_and_their_bytes() -> None:
    head = b"HTTP/1.1 404\r\nSet-Cookie: a\r\nX: \t caf\xe9\xa0 \t\r\nY: yX \t\r\n"
    response = read(head + b"set-cookie:b\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n")
    assert list(response.headers.items()) == [
        ("Set-Cookie", "a"),
        ("X", "caf\xe9\xa0"),
        ("Y", "yX"),
        ("set-cookie", "b"),
        ("X-Empty", ""),
        ("Content-Length", "0"),
    ]
    assert response.status == 404


def test_trailers_are_no_headers() -> None:
    assert "X-Trailer" not in read(CHUNKED).headers


@pytest.mark.parametrize("sent", [SIZED, CHUNKED, UNTIL_THE_END])
def test_the_limit_is_the_largest_body_that_is_read(sent: bytes) -> None:
    assert len(read(sent, limit=12).body) == 12
    with pytest.raises(BodyTooLargeError, match="larger than 11 bytes"):
        read(sent, limit=11)


@pytest.mark.parametrize("sent", [b"", SIZED[:-1], CHUNKED[:-1], INTERIM])
def test_there_is_no_response_before_it_is_complete(sent: bytes) -> None:
    reader = ResponseReader(limit=100)
    reader.feed(sent)
    with pytest.raises(ValueError, match="not complete"):
        reader.response()


def test_a_body_without_a_length_can_be_refused() -> None:
    with pytest.raises(ProtocolError, match="whose truncation could not be told"):
        ResponseReader(exact=True, limit=100).feed(UNTIL_THE_END)
