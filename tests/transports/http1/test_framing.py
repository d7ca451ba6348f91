"""The guard: whatever way bytes are cut, one response comes through and nothing more."""

from __future__ import annotations

import contextlib
import string
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import DisconnectedError, ProtocolError, TransportError
from usersmanager.transports import ResponseGuard
from usersmanager.transports.http1 import framing

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


def test_without_a_word_a_body_may_end_with_the_connection() -> None:
    guard = ResponseGuard()
    assert guard.feed(b"HTTP/1.1 200 OK\r\n\r\nx") == b"HTTP/1.1 200 OK\r\n\r\nx"
    assert guard.complete is False
    guard.eof()
    assert guard.complete is True


@pytest.mark.parametrize("fields", [b"Connection: close\r\n", b"connection: x ,\tCLOSE\t, y\r\n"])
def test_a_connection_that_closes_is_not_reusable(fields: bytes) -> None:
    response = SIZED.replace(b"OK\r\n", b"OK\r\n" + fields)
    assert through(response, []) == (response, "complete", False)


@pytest.mark.parametrize("options", [(b"x", b"close"), (b"close", b"x")])
def test_connection_may_be_given_twice(options: tuple[bytes, bytes]) -> None:
    fields = b"Connection: %b\r\nConnection: %b\r\n" % options
    response = SIZED.replace(b"OK\r\n", b"OK\r\n" + fields)
    assert through(response, []) == (response, "complete", False)


@pytest.mark.parametrize(
    "fields",
    [
        b"Connection: keep-alive\r\n",
        b"Connection: closed\r\n",
        b"Connection: x, close\xa0\r\n",
        b"Connection: Xclose\r\n",
    ],
)
def test_other_connection_options_do_not_close(fields: bytes) -> None:
    assert through(SIZED.replace(b"OK\r\n", b"OK\r\n" + fields), [])[1:] == ("complete", True)


@pytest.mark.parametrize(
    ("length", "size"), [(b"12 \t", 12), (b"\t12", 12), (b"000000000000000012", 12)]
)
def test_a_length_may_have_blanks_around_it_and_18_digits(length: bytes, size: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length:" + length + b"\r\n\r\n"
    assert through(head + b"x" * size, []) == (head + b"x" * size, "complete", True)


@pytest.mark.parametrize("line", [b"1a", b"1A", b'01a;x="y"', b"1a\t ", b"00000000000001a"])
def test_a_chunk_has_a_hexadecimal_size(line: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked \r\n\r\n"
    response = head + line + b"\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n"
    assert through(response, []) == (response, "complete", True)


LENGTH = b"Content-Length: 1\r\n"
TE = b"Transfer-Encoding: chunked\r\n"
START = b"HTTP/1.1 200 OK\r\n"
TOO_LONG = "a header line, or the header as a whole, is too long"
NOT_CHUNKED = "Transfer-Encoding other than chunked alone"
NO_NUMBER = "a Content-Length that is no number"
REPEATED = "a repeated Content-Length or Transfer-Encoding"
NO_STATUS = "the answer does not begin with an HTTP/1 status line"
NO_SIZE = "a chunk without a valid size"
FRAMING_TRAILER = "a trailer that would frame the message"
LONG_EXTENSIONS = "the extensions of the chunks are too long"
MALFORMED = "a malformed header line"
TOO_MANY = "an upgrade that was not asked for, or too many interim responses"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\r\n\r\n", NO_STATUS),
        (b"HTTP/1.2 200 OK\r\n\r\n", NO_STATUS),
        (b"HTTP/2.0 200 OK\r\n\r\n", NO_STATUS),
        (b"HTTP/1x1 200 OK\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 099 OK\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 20 OK\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 2000 OK\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 200OK\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 200 O\0K\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 200 " + b"x" * 8180 + b"\r\n\r\n", NO_STATUS),
        (b"HTTP/1.1 101 x\r\n\r\n", TOO_MANY),
        (INTERIM * 9, TOO_MANY),
        (START + TE + LENGTH + b"\r\n", NOT_CHUNKED),
        (START + b"Transfer-Encoding: gzip\r\n\r\n", NOT_CHUNKED),
        (START + b"Transfer-Encoding: chunkedX\r\n\r\n", NOT_CHUNKED),
        (START + b"Transfer-Encoding: gzip, chunked\r\n\r\n", NOT_CHUNKED),
        (b"HTTP/1.0 200 OK\r\n" + TE + b"\r\n", NOT_CHUNKED),
        (START + b"Content-Length: +5\r\n\r\n", NO_NUMBER),
        (START + b"Content-Length: 5, 5\r\n\r\n", NO_NUMBER),
        (START + b"Content-Length: \r\n\r\n", NO_NUMBER),
        (START + b"Content-Length: " + b"1" * 19 + b"\r\n\r\n", NO_NUMBER),
        (START + LENGTH + LENGTH + b"\r\n", REPEATED),
        (START + TE + TE + b"\r\n", REPEATED),
        (START + b"X : 1\r\n\r\n", MALFORMED),
        (START + b"X\r\n\r\n", MALFORMED),
        (START + b": 1\r\n\r\n", MALFORMED),
        (START + b"X: 1\r\n folded\r\n\r\n", MALFORMED),
        (START + b"X: a\x7fb\r\n\r\n", MALFORMED),
        (START + b"X: a\nb\r\n\r\n", MALFORMED),
        (START + b"X: " + b"x" * 8190 + b"\r\n\r\n", TOO_LONG),
        (START + b"X: x\r\n" * 101 + b"\r\n", TOO_LONG),
        (b"H" * 8194, TOO_LONG),
        (START + b"X" * 8194, TOO_LONG),
        ((b"X" * 8192 + b"\r\n") * 101 + b"XX", TOO_LONG),
        (START + TE + b"\r\nx\r\n", NO_SIZE),
        (START + TE + b"\r\n-1\r\n", NO_SIZE),
        (START + TE + b"\r\n0x1\r\n", NO_SIZE),
        (START + TE + b"\r\n\r\n", NO_SIZE),
        (START + TE + b"\r\n1 1\r\n", NO_SIZE),
        (START + TE + b"\r\n1;\x7f\r\n", NO_SIZE),
        (START + TE + b"\r\n" + b"0" * 16 + b"\r\n", NO_SIZE),
        (START + TE + b"\r\n1;" + b"x" * 8189 + b"\r\n", TOO_LONG),
        (START + TE + b"\r\n1\n", "a line that ends with a bare LF"),
        (START + TE + b"\r\n1\r\nxy\r\n", "a chunk longer than its size"),
        (START + TE + b"\r\n0\r\n" + b"X: 1\r\n" * 101, TOO_LONG),
        (START + TE + b"\r\n0\r\nX : 1\r\n", MALFORMED),
        (START + TE + b"\r\n0\r\nConnection: close\r\n", FRAMING_TRAILER),
        (START + TE + b"\r\n" + (b"1;" + b"x" * 8000 + b"\r\nx\r\n") * 3, LONG_EXTENSIONS),
    ],
)
def test_what_breaks_a_rule_is_refused_at_once(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        ResponseGuard().feed(data)
    assert str(caught.value) == message


def test_a_body_without_a_length_can_be_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        ResponseGuard(exact=True).feed(START + b"\r\n")
    assert str(caught.value) == "a body without a length, whose truncation could not be told"


def test_limits_include_the_longest_that_is_allowed() -> None:
    status_line = b"HTTP/1.1 200 " + b"x" * (8192 - 13)
    response = SIZED.replace(b"HTTP/1.1 200 OK", status_line)
    assert through(response, [])[1] == "complete"
    chunk_line = b"5;" + b"x" * (8192 - 4)
    response = CHUNKED.replace(b"5;a=b", chunk_line)
    assert through(response, [])[1] == "complete"


def test_the_extensions_of_all_chunks_together_have_a_limit() -> None:
    def chunked(extension: bytes, count: int) -> bytes:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + (b"1" + extension + b"\r\nx\r\n") * count + b"0\r\n\r\n"

    assert through(chunked(b";" + b"x" * 1023, 16), [])[1] == "complete"
    assert through(chunked(b";" + b"x" * 1023, 16).replace(b"0\r\n\r\n", b"0;\r\n\r\n"), [])[1] == (
        "ProtocolError"
    )
    assert through(chunked(b";x", 9000), [])[1] == "ProtocolError"
    assert through(chunked(b"", 9000), [])[1] == "complete"


LARGEST = (
    b"HTTP/1.1 204 ".ljust(8192, b"x")
    + b"\r\n"
    + (b"X:".ljust(8192, b"x") + b"\r\n") * 100
    + b"\r\n"
)


@pytest.mark.parametrize(
    "seen", [8192, 8193, 8194, 16386, 16387, len(LARGEST) - 2, len(LARGEST) - 1]
)
def test_the_largest_header_that_is_allowed_may_arrive_in_parts(seen: int) -> None:
    assert through(LARGEST, [seen]) == (LARGEST, "complete", True)


BYTES = [bytes([number]) for number in range(256)]


def accepted(template: bytes) -> bytes:
    """The bytes that may stand in a response in place of the "@"."""
    return b"".join(
        byte for byte in BYTES if through(template.replace(b"@", byte), [])[1] == "complete"
    )


def test_a_header_name_holds_token_characters_and_nothing_else() -> None:
    token = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    # "X:Y: 1" is another field, and a good one.
    assert set(accepted(EMPTY.replace(b"\r\n\r\n", b"\r\nX@Y: 1\r\n\r\n"))) == set(
        f"{token}:".encode()
    )


def test_text_holds_no_control_character_but_the_tab() -> None:
    text = b"\t" + b"".join(byte for byte in BYTES if byte >= b" " and byte != b"\x7f")
    assert accepted(EMPTY.replace(b" Content", b"@Content")) == text
    assert accepted(EMPTY.replace(b"\r\n\r\n", b"\r\nX: a@b\r\n\r\n")) == text
    assert accepted(CHUNKED.replace(b";a=b", b";a@b")) == text


def test_the_size_of_a_chunk_holds_hexadecimal_digits_and_nothing_else() -> None:
    for byte in BYTES:
        guard = ResponseGuard()
        guard.feed(START + TE + b"\r\n")
        if byte in string.hexdigits.encode():
            guard.feed(b"1" + byte + b"\r\n" + b"x" * int(b"1" + byte, 16) + b"\r\n0\r\n\r\n")
            assert guard.complete
        else:
            with pytest.raises(ProtocolError):
                guard.feed(byte + b"1\r\n")


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


@pytest.mark.parametrize("status", [b"204", b"304"])
@pytest.mark.parametrize(
    ("field", "reusable"),
    [
        (b"", True),
        (b"Content-Length: 0\r\n", True),
        (b"Content-Length: 12\r\n", False),
        (b"Transfer-Encoding: chunked\r\n", False),
    ],
)
def test_whoever_announces_a_body_where_there_is_none_may_still_send_it(
    status: bytes, field: bytes, reusable: bool
) -> None:
    head = b"HTTP/1.1 " + status + b" x\r\n" + field + b"\r\n"
    assert through(head, []) == (head, "complete", reusable)


def test_the_end_before_the_first_byte_is_a_disconnect_and_later_a_protocol_error() -> None:
    with pytest.raises(DisconnectedError) as disconnected:
        ResponseGuard().eof()
    assert str(disconnected.value) == "the connection ended before the response was complete"
    interim = ResponseGuard()
    interim.feed(INTERIM)
    with pytest.raises(DisconnectedError):
        interim.eof()
    begun = ResponseGuard()
    begun.feed(b"H")
    with pytest.raises(ProtocolError) as caught:
        begun.eof()
    assert str(caught.value) == "the connection ended within the header of the response"


def test_the_end_after_a_whole_response_spoils_the_connection_alone() -> None:
    guard = ResponseGuard()
    guard.feed(SIZED)
    guard.eof()
    assert guard.complete
    assert not guard.reusable


def test_a_large_header_that_is_dripped_is_not_searched_anew_for_each_byte() -> None:
    dripped = SIZED.replace(b"OK\r\n", b"OK\r\n" + (b"X: " + b"x" * 8000 + b"\r\n") * 20)
    guard, began = ResponseGuard(), time.process_time()
    for byte in dripped:
        guard.feed(bytes([byte]))
    took = time.process_time() - began
    assert guard.complete
    began = time.process_time()
    for number in range(0, len(dripped), 10):
        dripped.find(b"\r\n\r\n", 0, number)
    assert took < 5 * (time.process_time() - began)


@pytest.mark.parametrize("end", [b"\r\n", b"\0\r\n"])
def test_a_header_line_of_blanks_is_read_in_linear_time(end: bytes) -> None:
    lines = (b"X:" + b" " * 8000 + end) * 99
    started = time.process_time()
    with contextlib.suppress(ProtocolError):
        ResponseGuard().feed(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n")
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", [b"Content-Length", b"transfer-encoding", b"Connection"])
def test_a_trailer_that_would_frame_the_message_is_refused(name: bytes) -> None:
    assert through(CHUNKED.replace(b"X-Trailer", name), [])[1] == "ProtocolError"


def test_the_framing_of_an_interim_response_is_judged_too() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\n"
    assert through(interim + SIZED, [])[1] == "ProtocolError"


def test_a_body_of_tiny_chunks_is_read_in_linear_time() -> None:
    chunks = b"1\r\nx\r\n" * 100_000
    started = time.process_time()
    guard = ResponseGuard()
    guard.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert guard.complete
    assert time.process_time() - started < 3


def test_nothing_long_that_a_server_says_of_a_connection_is_kept() -> None:
    kept = framing._is_close.cache_info().currsize
    for number in range(3):
        fields = b"Connection: " + b"%d" % number + b"x" * 100 + b", close\r\n"
        response = SIZED.replace(b"OK\r\n", b"OK\r\n" + fields)
        assert through(response, []) == (response, "complete", False)
    assert framing._is_close.cache_info().currsize == kept


@pytest.mark.parametrize(
    ("head", "has_length"),
    [
        (b"Content-Length: 2\r\n", True),
        (b"Content-Length: 0\r\n", True),
        (b"Transfer-Encoding: chunked\r\n", False),
        (b"", False),
    ],
)
def test_a_guard_knows_whether_the_head_has_told_the_length(head: bytes, has_length: bool) -> None:
    guard = ResponseGuard()
    assert guard.has_length is False
    guard.feed(b"HTTP/1.1 200 OK\r\n")
    assert guard.has_length is False
    guard.feed(head + b"\r\n")
    assert guard.has_length is has_length


@pytest.mark.parametrize("status", [b"204", b"304"])
@pytest.mark.parametrize("field", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_what_has_no_body_has_a_length(status: bytes, field: bytes) -> None:
    guard = ResponseGuard()
    guard.feed(b"HTTP/1.1 " + status + b" x\r\n" + field + b"\r\n")
    assert guard.has_length is True


@pytest.mark.parametrize("is_cut", [False, True])
def test_the_cr_of_a_bare_lf_is_not_found_in_what_was_read_before(is_cut: bool) -> None:
    head = START + TE + b"\r\n"
    assert (
        through(head + b"1\r\n\r\n0\r\n\r\n", [len(head) + 4] if is_cut else [])[1]
        == "ProtocolError"
    )


@pytest.mark.parametrize("before", [b"", INTERIM])
@pytest.mark.parametrize("length", [8192, 8193, 8194, 8195])
def test_the_last_line_of_a_part_of_a_header_may_have_8_kib(before: bytes, length: int) -> None:
    guard = ResponseGuard()
    line = b"X: ".ljust(8192, b"x") + b"\r\n"
    guard.feed(before + b"HTTP/1.1 200 OK\r\n")
    if length <= 8194:
        assert guard.feed(line[:length]) == b""
    else:
        with pytest.raises(ProtocolError):
            guard.feed(b"X: ".ljust(length, b"x"))
