"""The guard: whatever way bytes are cut, one response comes through and nothing more."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import DisconnectedError, ProtocolError, ResponseGuard, TransportError

BODY = b'{"sub": "u"}'
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5;a=b\r\n{"sub\r\n7 \r\n": "u"}\r\n000\r\nX-Trailer: 1\r\n\r\n'
)
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
WHOLE = [SIZED, CHUNKED, EMPTY, b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"]


def cuts(data: bytes, points: list[int]) -> list[bytes]:
    """The bytes, cut at these points."""
    edges = [0, *sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def through(data: bytes, points: list[int], *, exact: bool = False) -> tuple[bytes, str, bool]:
    """What a guard lets through, how it ends, and whether the connection may be used again."""
    guard = ResponseGuard(exact=exact)
    passed = b""
    try:
        for part in cuts(data, points):
            passed += guard.feed(part)
        if not guard.complete:
            guard.eof()
    except TransportError as error:
        return passed, type(error).__name__, False
    return passed, "complete" if guard.complete else "open", guard.reusable


POINTS = st.lists(st.integers(0, 400), max_size=12)


@given(st.sampled_from(WHOLE), st.integers(0, 8), POINTS)
def test_a_response_comes_through_as_it_is_without_its_interim_ones(
    response: bytes, interim: int, points: list[int]
) -> None:
    assert through(INTERIM * interim + response, points) == (response, "complete", True)


@given(st.sampled_from(WHOLE), st.binary(min_size=1, max_size=80), POINTS)
def test_nothing_after_the_end_comes_through(
    response: bytes, spare: bytes, points: list[int]
) -> None:
    assert through(response + spare, points) == (response, "complete", False)


@given(st.sampled_from([SIZED, CHUNKED]), st.integers(1, 200), POINTS)
def test_a_response_that_is_cut_short_is_never_complete(
    response: bytes, missing: int, points: list[int]
) -> None:
    short = response[: max(0, len(response) - missing)]
    passed, end, reusable = through(short, points)
    assert response.startswith(passed)
    assert end == ("DisconnectedError" if b"\r\n\r\n" in short or not short else "ProtocolError")
    assert not reusable


@given(st.sampled_from([*WHOLE, INTERIM + SIZED]), st.data(), POINTS, POINTS)
def test_any_cut_of_mutated_bytes_has_the_same_outcome(
    response: bytes, data: st.DataObject, points: list[int], others: list[int]
) -> None:
    mutated = bytearray(response)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(mutated) - 1))
        mutated[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        mutated = mutated or bytearray(b"x")
    one, other = through(bytes(mutated), points), through(bytes(mutated), others)
    # How far an error lets bytes through may differ; the outcome may not.
    assert one[1:] == other[1:]
    if one[1] == "complete":
        assert one[0] == other[0]


@given(st.binary(max_size=300), POINTS)
def test_any_bytes_are_a_response_or_one_of_our_errors(data: bytes, points: list[int]) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\n", SIZED[:38], CHUNKED[:47]):
        assert through(head + data, points)[1] in (
            "complete",
            "DisconnectedError",
            "ProtocolError",
        )


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_body_that_ends_with_the_connection_is_never_followed_by_another(head: bytes) -> None:
    assert through(head + BODY, []) == (head + BODY, "complete", False)
    assert through(head + BODY, [], exact=True)[1] == "ProtocolError"


@pytest.mark.parametrize("fields", [b"Connection: close\r\n", b"connection: x , CLOSE\r\n"])
def test_a_connection_that_closes_is_not_reusable(fields: bytes) -> None:
    response = SIZED.replace(b"OK\r\n", b"OK\r\n" + fields)
    assert through(response, []) == (response, "complete", False)
    twice = SIZED.replace(b"OK\r\n", b"OK\r\nConnection: x\r\nConnection: close\r\n")
    assert through(twice, [])[2] is False


def test_http_1_0_is_not_reusable() -> None:
    assert through(SIZED.replace(b"1.1", b"1.0"), [])[1:] == ("complete", False)


@pytest.mark.parametrize("line_length", [8192, 8193])
def test_a_header_line_may_have_8_kib(line_length: int) -> None:
    line = b"X: " + b"x" * (line_length - 3)
    response = SIZED.replace(b"OK\r\n", b"OK\r\n" + line + b"\r\n")
    assert through(response, [])[1] == ("complete" if line_length <= 8192 else "ProtocolError")


@pytest.mark.parametrize("count", [100, 101])
def test_a_header_may_have_100_lines(count: int) -> None:
    response = SIZED.replace(b"OK\r\n", b"OK\r\n" + b"X: x\r\n" * (count - 1))
    assert through(response, [])[1] == ("complete" if count <= 100 else "ProtocolError")
    trailers = CHUNKED.replace(b"X-Trailer: 1\r\n", b"X: x\r\n" * count)
    assert through(trailers, [])[1] == ("complete" if count <= 100 else "ProtocolError")


@pytest.mark.parametrize("status", [100, 101, 199])
def test_the_ninth_interim_response_and_an_upgrade_are_refused(status: int) -> None:
    interim = b"HTTP/1.1 %d x\r\n\r\n" % status
    assert through(interim * 9 + SIZED, [])[1] == "ProtocolError"
    assert through(interim * 8 + SIZED, [])[1] == ("ProtocolError" if status == 101 else "complete")


def test_a_304_and_a_204_have_no_body_whatever_they_say() -> None:
    for status in (b"204", b"304"):
        head = b"HTTP/1.1 " + status + b" x\r\nContent-Length: 12\r\n\r\n"
        assert through(head + BODY, []) == (head, "complete", False)


def test_the_end_before_the_first_byte_is_a_disconnect_and_later_a_protocol_error() -> None:
    with pytest.raises(DisconnectedError):
        ResponseGuard().eof()
    interim = ResponseGuard()
    interim.feed(INTERIM)
    with pytest.raises(DisconnectedError):
        interim.eof()
    begun = ResponseGuard()
    begun.feed(b"H")
    with pytest.raises(ProtocolError):
        begun.eof()


def test_the_end_after_a_whole_response_spoils_the_connection_alone() -> None:
    guard = ResponseGuard()
    guard.feed(SIZED)
    guard.eof()
    assert guard.complete
    assert not guard.reusable


def test_a_large_header_that_is_dripped_is_read_in_linear_time() -> None:
    guard = ResponseGuard()
    for byte in SIZED.replace(b"OK\r\n", b"OK\r\n" + (b"X: " + b"x" * 8000 + b"\r\n") * 20):
        guard.feed(bytes([byte]))
    assert guard.complete
