"""ResponseParser on generated data: the result never depends on how the data is split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.transports.http1.generated import INTERIM, mutated_responses, points, responses
from tests.transports.http1.parsing import Parsed, parse, split

from usersmanager import DisconnectedError, ProtocolError

BODY = b'{"sub": "u"}'
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5;a=b\r\n{"sub\r\n7 \r\n": "u"}\r\n000\r\nX-Trailer: 1\r\n\r\n'
)
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@given(responses(), st.integers(0, 8), points)
def test_a_well_formed_response_is_accepted_and_interim_responses_are_skipped(
    response: bytes, interim: int, points: list[int]
) -> None:
    parsed = parse(split(INTERIM * interim + response, points))
    assert isinstance(parsed, Parsed)
    assert parsed == parse([response])


@given(st.sampled_from([SIZED, CHUNKED, EMPTY]), st.binary(min_size=1, max_size=80), points)
def test_data_after_the_end_is_dropped_and_so_is_the_connection(
    response: bytes, extra: bytes, points: list[int]
) -> None:
    parsed = parse([response])
    assert isinstance(parsed, Parsed)
    assert parsed.keep_alive
    assert parse(split(response + extra, points)) == parsed._replace(keep_alive=False)


@given(st.sampled_from([SIZED, CHUNKED]), st.integers(1, 200), points)
def test_a_truncated_response_is_never_complete(
    response: bytes, missing: int, points: list[int]
) -> None:
    truncated = response[: max(0, len(response) - missing)]
    error = parse(split(truncated, points))
    assert isinstance(error, DisconnectedError)
    assert error.reason == ("truncated" if truncated else "no_response")


@given(mutated_responses(), points, points)
def test_any_split_of_a_mutated_response_has_the_same_result(
    data: bytes, points: list[int], other_points: list[int]
) -> None:
    result, other = parse(split(data, points)), parse(split(data, other_points))
    assert result == other or type(result) is type(other) is not Parsed


@given(st.binary(max_size=300), points)
def test_any_data_is_a_response_or_a_transport_error(data: bytes, points: list[int]) -> None:
    for head in (b"", SIZED[:17], SIZED[:-12], CHUNKED[:47]):
        result = parse(split(head + data, points))
        assert isinstance(result, Parsed | ProtocolError | DisconnectedError)
