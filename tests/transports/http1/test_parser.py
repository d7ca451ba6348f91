"""ResponseParser by example: which responses it accepts, and why it refuses others."""

from __future__ import annotations

import contextlib
import gc
import re
import string
import time
import weakref

import pytest
from tests.transports.http1.parsing import Parsed, parse, split

from usersmanager import BodyTooLargeError, DisconnectedError, ProtocolError
from usersmanager.transports import ResponseParser

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 12\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CLOSE = b"Connection: close\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
BODY = b'{"sub": "u"}'
CHUNKS = b'5;a=b\r\n{"sub\r\n7 \r\n": "u"}\r\n000\r\nX-Trailer: 1\r\n\r\n'

SIZED_RESPONSE = OK + LENGTH + b"\r\n" + BODY
CHUNKED_RESPONSE = OK + CHUNKED + b"\r\n" + CHUNKS
UNSIZED_RESPONSE = OK + b"\r\n" + BODY
EMPTY_RESPONSE = b"HTTP/1.1 204 No Content\r\n\r\n"


def with_field(line: bytes, response: bytes = SIZED_RESPONSE) -> bytes:
    """The response with one more header line."""
    status_line, rest = response.split(b"\r\n", 1)
    return status_line + b"\r\n" + line + b"\r\n" + rest


def chunked(data: bytes) -> bytes:
    return OK + CHUNKED + b"\r\n" + data


def accepted(data: bytes) -> Parsed:
    outcome = parse([data])
    assert isinstance(outcome, Parsed), outcome
    return outcome


def receive_all(parser: ResponseParser, pieces: list[bytes]) -> None:
    for piece in pieces:
        parser.receive_data(piece)


def is_accepted(data: bytes) -> bool:
    return isinstance(parse([data]), Parsed)


# Accepted: the body, and whether the connection may be reused.

REUSABLE: dict[str, tuple[bytes, bytes]] = {
    "Content-Length": (SIZED_RESPONSE, BODY),
    "a length with leading zeros": (
        OK + b"Content-Length: 000000000000000012\r\n\r\n" + BODY,
        BODY,
    ),
    "a length within whitespace": (OK + b"Content-Length:\t 12 \t\r\n\r\n" + BODY, BODY),
    "a length of 0": (b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", b""),
    "chunks": (CHUNKED_RESPONSE, BODY),
    "chunked in other letter case": (OK + b"transfer-encoding: Chunked \r\n\r\n" + CHUNKS, BODY),
    "a chunk size in lower case": (chunked(b"1a\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n"), b"x" * 26),
    "a chunk size in upper case": (chunked(b"1A\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n"), b"x" * 26),
    "a chunk size of 15 digits": (chunked(b"00000000000000c\r\n" + BODY + b"\r\n0\r\n\r\n"), BODY),
    "a chunk size before whitespace": (chunked(b"c\t \r\n" + BODY + b"\r\n0\r\n\r\n"), BODY),
    "a quoted chunk extension": (chunked(b'c;x="y"\r\n' + BODY + b"\r\n0\r\n\r\n"), BODY),
    "no chunks": (chunked(b"0\r\n\r\n"), b""),
    "204": (EMPTY_RESPONSE, b""),
    "204 with a length of 0": (with_field(b"Content-Length: 0", EMPTY_RESPONSE), b""),
    "304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", b""),
    "no reason phrase": (b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + BODY, BODY),
    "interim responses": (INTERIM * 8 + SIZED_RESPONSE, BODY),
    "interim responses of any status": (b"HTTP/1.1 199 x\r\n\r\n" * 8 + SIZED_RESPONSE, BODY),
    "Connection: keep-alive": (with_field(b"Connection: keep-alive"), BODY),
    "a connection option like close": (with_field(b"Connection: closed, Xclose"), BODY),
    "a connection option with a no-break space": (with_field(b"Connection: x, close\xa0"), BODY),
}
NOT_REUSABLE: dict[str, tuple[bytes, bytes]] = {
    "a body until the end of the connection": (UNSIZED_RESPONSE, BODY),
    "the same, and close": (OK + CLOSE + b"\r\n" + BODY, BODY),
    "the same in HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n" + BODY, BODY),
    "HTTP/1.0": (SIZED_RESPONSE.replace(b"1.1", b"1.0"), BODY),
    "Connection: close": (with_field(b"Connection: close"), BODY),
    "close among other options": (with_field(b"connection: x ,\tCLOSE\t, y"), BODY),
    "close in the first Connection field": (with_field(CLOSE + b"Connection: x"), BODY),
    "close in the second Connection field": (
        with_field(b"Connection: x\r\nConnection: close"),
        BODY,
    ),
    "chunks and close": (with_field(b"Connection: close", CHUNKED_RESPONSE), BODY),
    "204 with a length": (with_field(b"Content-Length: 12", EMPTY_RESPONSE), b""),
    "204 with chunks": (with_field(b"Transfer-Encoding: chunked", EMPTY_RESPONSE), b""),
    "304 with a length": (b"HTTP/1.1 304 x\r\n" + LENGTH + b"\r\n", b""),
    "304 with chunks": (b"HTTP/1.1 304 x\r\n" + CHUNKED + b"\r\n", b""),
    "bytes after 204": (EMPTY_RESPONSE + BODY, b""),
    "bytes after 304 with a length": (b"HTTP/1.1 304 x\r\n" + LENGTH + b"\r\n" + BODY, b""),
    "bytes after a body": (SIZED_RESPONSE + b"\r\n", BODY),
    "another response after chunks": (CHUNKED_RESPONSE + SIZED_RESPONSE, BODY),
}


@pytest.mark.parametrize("name", REUSABLE)
def test_the_connection_may_be_reused_after(name: str) -> None:
    data, body = REUSABLE[name]
    parsed = accepted(data)
    assert (parsed.body, parsed.keep_alive) == (body, True)


@pytest.mark.parametrize("name", NOT_REUSABLE)
def test_the_connection_is_not_reused_after(name: str) -> None:
    data, body = NOT_REUSABLE[name]
    parsed = accepted(data)
    assert (parsed.body, parsed.keep_alive) == (body, False)


def test_fields_keep_their_order_their_repetitions_and_their_bytes() -> None:
    head = b"HTTP/1.1 404\r\nSet-Cookie: a\r\nX: \t caf\xe9\xa0 \t\r\nY: yX \t\r\n"
    parsed = accepted(head + b"set-cookie:b\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n")
    assert parsed.status == 404
    assert parsed.fields == [
        ("Set-Cookie", "a"),
        ("X", "caf\xe9\xa0"),
        ("Y", "yX"),
        ("set-cookie", "b"),
        ("X-Empty", ""),
        ("Content-Length", "0"),
    ]


def test_trailers_and_interim_fields_are_not_header_fields() -> None:
    trailers = b"Content-Type: text/html\r\nSet-Cookie: a\r\n"
    data = INTERIM + CHUNKED_RESPONSE.replace(b"X-Trailer: 1\r\n", trailers)
    assert accepted(data).fields == [("Transfer-Encoding", "chunked")]


# Refused: a keyword of the message.

MALFORMED: dict[str, tuple[bytes, str]] = {
    "an empty line first": (b"\r\n\r\n", "status line"),
    "HTTP/1.2": (b"HTTP/1.2 200 OK\r\n\r\n", "HTTP/1 status line"),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\n\r\n", "status line"),
    "another version separator": (b"HTTP/1x1 200 OK\r\n\r\n", "status line"),
    "another protocol": (b"ICY 200 OK\r\n\r\n", "status line"),
    "a status below 100": (b"HTTP/1.1 099 OK\r\n\r\n", "status line"),
    "a status of two digits": (b"HTTP/1.1 20 OK\r\n\r\n", "status line"),
    "a status of four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", "status line"),
    "no space after the status": (b"HTTP/1.1 200OK\r\n\r\n", "status line"),
    "NUL in the reason phrase": (b"HTTP/1.1 200 O\0K\r\n\r\n", "status line"),
    "the first byte of a TLS alert": (b"\x15", "status line"),
    "the first byte of an HTTP/2 frame": (b"\0", "status line"),
    "the start of an SSH banner": (b"S", "status line"),
    "the version of HTTP/2": (b"HTTP/2", "status line"),
    "a status that cannot be valid": (b"HTTP/1.1 0", "status line"),
    "a CR after the version": (b"HTTP/1.1\r\n", "status line"),
    "a bare LF after the status": (b"HTTP/1.1 200\n", "status line"),
    "a bare CR in the reason phrase": (b"HTTP/1.1 200 O\rK", "status line"),
    "the same after an interim response": (INTERIM + b"HTTP/2", "status line"),
    "a long malformed reason phrase": (b"HTTP/1.1 200 " + b"x" * 999 + b"\0\r\n\r\n", "status"),
    "an upgrade": (b"HTTP/1.1 101 x\r\n\r\n", "upgrade"),
    "nine interim responses": (INTERIM * 9, "interim"),
    "a malformed interim response": (
        b"HTTP/1.1 100 x\r\nContent-Length: x\r\n\r\n" + SIZED_RESPONSE,
        "Content-Length",
    ),
    "chunks and a length": (OK + CHUNKED + LENGTH + b"\r\n", "Transfer-Encoding"),
    "gzip": (OK + b"Transfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding"),
    "a coding like chunked": (OK + b"Transfer-Encoding: chunkedX\r\n\r\n", "Transfer-Encoding"),
    "gzip and chunked": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding"),
    "chunks in HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"\r\n", "Transfer-Encoding"),
    "a signed length": (OK + b"Content-Length: +5\r\n\r\n", "Content-Length"),
    "a list of lengths": (OK + b"Content-Length: 5, 5\r\n\r\n", "Content-Length"),
    "an empty length": (OK + b"Content-Length: \r\n\r\n", "Content-Length"),
    "a length of 19 digits": (OK + b"Content-Length: " + b"1" * 19 + b"\r\n\r\n", "Content-Length"),
    "two lengths": (OK + LENGTH + LENGTH + b"\r\n", "repeated Content-Length"),
    "two codings": (OK + CHUNKED + CHUNKED + b"\r\n", "repeated .* Transfer-Encoding"),
    "a space before the colon": (OK + b"X : 1\r\n\r\n", "header line"),
    "no colon": (OK + b"X\r\n\r\n", "header line"),
    "no name": (OK + b": 1\r\n\r\n", "header line"),
    "a folded status line": (OK + b" X: 1\r\n\r\n", "header line"),
    "a fold with NUL": (OK + b"X: 1\r\n \0\r\n\r\n", "header line"),
    "a fold after a bare CR": (OK + b"X: 1\r\r\n 2\r\n\r\n", "header line"),
    "a fold after a bare LF": (OK + b"X: 1\n 2\r\n\r\n", "header line"),
    "a folded name": (OK + b"X\r\n : 1\r\n\r\n", "header line"),
    "a folded length": (OK + b"Content-Length: 1\r\n 2\r\n\r\n", "folded"),
    "a folded coding": (OK + b"transfer-encoding:\r\n chunked\r\n\r\n", "folded"),
    "folded connection options": (OK + b"Connection: a,\r\n b,\r\n\tc\r\n\r\n", "folded"),
    "an option folded with a tab": (OK + b"Connection: turn:b,\r\n\tc\r\n\r\n", "folded"),
    "a folded length in an interim response": (
        b"HTTP/1.1 100 x\r\nContent-Length:\r\n 0\r\n\r\n",
        "folded",
    ),
    "DEL in a value": (OK + b"X: a\x7fb\r\n\r\n", "header line"),
    "a bare LF in a value": (OK + b"X: a\nb\r\n\r\n", "header line"),
    "a bare CR in a value": (OK + b"X: a\rb\r\n\r\n", "header line"),
    "a status line without end": (b"HTTP/1.1 200 ".ljust(65536, b"x"), "64 KiB"),
    "a header line without end": (OK.ljust(65536, b"X"), "64 KiB"),
    "a head without end": (OK + b"X: x\r\n" * 10920, "64 KiB"),
    "no chunk size": (chunked(b"\r\n"), "chunk size"),
    "a chunk size that is no number": (chunked(b"x\r\n"), "chunk size"),
    "a negative chunk size": (chunked(b"-1\r\n"), "chunk size"),
    "a chunk size with prefix": (chunked(b"0x1\r\n"), "chunk size"),
    "two chunk sizes": (chunked(b"1 1\r\n"), "chunk size"),
    "DEL in a chunk extension": (chunked(b"1;\x7f\r\n"), "chunk size"),
    "a chunk size of 16 digits": (chunked(b"0" * 16 + b"\r\n"), "chunk size"),
    "a long chunk line": (chunked(b"1;" + b"x" * 8189 + b"\r\n"), "too long"),
    "a chunk line without end": (chunked(b"1;" + b"x" * 8191), "too long"),
    "long chunk extensions": (chunked((b"1;" + b"x" * 8000 + b"\r\nx\r\n") * 3), "extensions"),
    "a chunk line with a bare LF": (chunked(b"1\n"), "bare LF"),
    "a bare LF after a CRLF": (chunked(b"1\r\n\r\n0\r\n\r\n"), "bare LF"),
    "too much chunk data": (chunked(b"1\r\nxy\r\n"), "exceeds"),
    "trailers without end": (chunked(b"0\r\n" + b"X: x\r\n" * 10923), "too long"),
    "a trailer without end": (chunked(b"0\r\n" + b"X" * 65537), "too long"),
    "a folded trailer": (chunked(b"0\r\nX: 1\r\n folded\r\n"), "header line"),
    "a malformed trailer": (chunked(b"0\r\nX : 1\r\n"), "header line"),
    "a length in the trailers": (chunked(b"0\r\nContent-Length: 5\r\n"), "trailer"),
    "a coding in the trailers": (chunked(b"0\r\ntransfer-encoding: x\r\n"), "trailer"),
    "a connection option in the trailers": (chunked(b"0\r\nConnection: x\r\n"), "trailer"),
}


def refusal(pieces: list[bytes]) -> str | None:
    """Return the message of the error; None if there is none."""
    try:
        receive_all(ResponseParser(), pieces)
    except ProtocolError as error:
        return str(error)
    return None


def test_it_refuses_at_once() -> None:
    refusals = {name: refusal([data]) for name, (data, _) in MALFORMED.items()}
    wrong = {
        name: message
        for name, message in refusals.items()
        if message is None or not re.search(MALFORMED[name][1], message)
    }
    assert wrong == {}


def test_it_refuses_byte_by_byte() -> None:
    accepted = [
        name
        for name, (data, _) in MALFORMED.items()
        if refusal([bytes([byte]) for byte in data]) is None
    ]
    assert accepted == []


@pytest.mark.parametrize(
    "name",
    ["Connection", "Content-Length", "Keep-Alive", "Trailer", "Transfer-Encoding", "Upgrade"],
)
def test_a_field_that_affects_the_framing_is_neither_folded_nor_a_trailer(name: str) -> None:
    for data in (OK + f"{name}: 1\r\n 2\r\n\r\n".encode(), chunked(f"0\r\n{name}: 1\r\n".encode())):
        with pytest.raises(ProtocolError, match="that affects the framing"):
            ResponseParser().receive_data(data)


def test_a_bare_lf_is_refused_when_the_cr_before_it_was_received_earlier() -> None:
    parser = ResponseParser()
    parser.receive_data(chunked(b"1\r\n\r"))
    with pytest.raises(ProtocolError, match="bare LF"):
        parser.receive_data(b"\n0\r\n\r\n")


def test_a_body_without_a_length_can_be_refused() -> None:
    with pytest.raises(ProtocolError, match="without a length"):
        ResponseParser(require_length=True).receive_data(UNSIZED_RESPONSE)
    for response in (SIZED_RESPONSE, CHUNKED_RESPONSE, EMPTY_RESPONSE):
        assert isinstance(parse([response], require_length=True), Parsed)


def test_an_error_does_not_quote_the_response() -> None:
    for data in (OK + b"secret\r\n\r\n", chunked(b"secret\r\n"), chunked(b"0\r\nsecret\r\n")):
        with pytest.raises(ProtocolError) as caught:
            ResponseParser().receive_data(data)
        assert "secret" not in f"{caught.value!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(
    "data", [OK + b"X\r\n\r\n", chunked(b"x\r\n"), UNSIZED_RESPONSE + b"x" * 9]
)
def test_a_refused_response_is_never_complete(data: bytes) -> None:
    parser = ResponseParser(max_response_bytes=20)
    with pytest.raises((ProtocolError, BodyTooLargeError)):
        parser.receive_data(data)
    parser.receive_data(SIZED_RESPONSE)
    with pytest.raises((ProtocolError, DisconnectedError)):
        parser.receive_eof()
    assert not parser.complete


# Characters and limits.

BYTES = [bytes([number]) for number in range(256)]


def accepted_bytes(template: bytes) -> bytes:
    """The bytes that are accepted in place of the "@"."""
    return b"".join(byte for byte in BYTES if is_accepted(template.replace(b"@", byte)))


def test_a_header_name_is_a_token() -> None:
    token = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    # "X:Y: 1" is a field named X.
    assert set(accepted_bytes(with_field(b"X@Y: 1"))) == set(f"{token}:".encode())


def test_the_only_control_character_in_text_is_the_tab() -> None:
    text = b"\t" + b"".join(byte for byte in BYTES if byte >= b" " and byte != b"\x7f")
    assert accepted_bytes(EMPTY_RESPONSE.replace(b" Content", b"@Content")) == text
    assert accepted_bytes(with_field(b"X: a@b")) == text
    assert accepted_bytes(CHUNKED_RESPONSE.replace(b";a=b", b";a@b")) == text


def test_a_chunk_size_consists_of_hexadecimal_digits() -> None:
    for byte in BYTES:
        parser = ResponseParser()
        parser.receive_data(OK + CHUNKED + b"\r\n")
        if byte in string.hexdigits.encode():
            size = int(b"1" + byte, 16)
            parser.receive_data(b"1" + byte + b"\r\n" + b"x" * size + b"\r\n0\r\n\r\n")
            assert parser.complete
        else:
            with pytest.raises(ProtocolError):
                parser.receive_data(byte + b"1\r\n")


@pytest.mark.parametrize(("length", "is_allowed"), [(65536, True), (65537, False)])
def test_a_head_may_have_64_kib(length: int, is_allowed: bool) -> None:
    end = b"\r\nContent-Length: 0\r\n\r\n"
    for beginning in (b"HTTP/1.1 200 ", OK + b"X: ", OK + b"X: x\r\n" * 10900 + b"X: "):
        head = beginning.ljust(length - len(end), b"x") + end
        for before in (b"", INTERIM):
            assert is_accepted(before + head) == is_allowed


@pytest.mark.parametrize(("length", "is_allowed"), [(65536, True), (65537, False)])
def test_the_trailers_may_have_64_kib(length: int, is_allowed: bool) -> None:
    for beginning in (b"X: ", b"X: x\r\n" * 10900 + b"X: "):
        trailers = beginning.ljust(length - 4, b"x") + b"\r\n\r\n"
        assert is_accepted(chunked(b"0\r\n" + trailers)) == is_allowed


@pytest.mark.parametrize(("length", "is_allowed"), [(8192, True), (8193, False)])
def test_a_chunk_line_may_have_8_kib(length: int, is_allowed: bool) -> None:
    chunk_line = CHUNKED_RESPONSE.replace(b"5;a=b", b"5;".ljust(length - 2, b"x"))
    assert is_accepted(chunk_line) == is_allowed


def test_all_chunk_extensions_together_may_have_16_kib() -> None:
    line = b"1;" + b"x" * 1023 + b"\r\nx\r\n"
    assert is_accepted(chunked(line * 16 + b"0\r\n\r\n"))
    assert not is_accepted(chunked(line * 16 + b"0;\r\n\r\n"))
    assert not is_accepted(chunked(b"1;x\r\nx\r\n" * 9000 + b"0\r\n\r\n"))
    assert is_accepted(chunked(b"1\r\nx\r\n" * 9000 + b"0\r\n\r\n"))


LARGEST_HEAD = b"HTTP/1.1 204 ".ljust(32760, b"x") + b"\r\n" + b"X: x\r\n" * 5462 + b"\r\n"


@pytest.mark.parametrize(
    "point", [255, 256, 257, 32760, 32761, 32762, len(LARGEST_HEAD) - 2, len(LARGEST_HEAD) - 1]
)
def test_the_largest_head_may_arrive_in_two_pieces(point: int) -> None:
    assert len(LARGEST_HEAD) == 65536
    assert isinstance(parse(split(LARGEST_HEAD, [point])), Parsed)


# Folded fields.


@pytest.mark.parametrize(
    ("folded", "value"),
    [
        (b"X: a\r\n b", "a b"),
        (b"X: a \t\r\n\t \tb", "a b"),
        (b"X: a\r\n b\r\n\tc", "a b c"),
        (b"X: a\r\n \r\n b", "a b"),
        (b"X:\r\n a", "a"),
        (b"X: a\r\n ", "a"),
        (b"X:\r\n ", ""),
        (b"X: a\r\n Content-Length: 5", "a Content-Length: 5"),
        (b"X: a\r\n Connection: b\r\n c", "a Connection: b c"),
    ],
)
def test_a_fold_is_replaced_by_a_space(folded: bytes, value: str) -> None:
    for response in (SIZED_RESPONSE, CHUNKED_RESPONSE, EMPTY_RESPONSE):
        parsed = accepted(INTERIM.replace(b"Link", folded + b"\r\nLink") + response)
        assert parsed == accepted(response)
        parsed = accepted(with_field(folded, response))
        assert parsed.fields[0] == ("X", value)
        assert (parsed.body, parsed.keep_alive) == (accepted(response).body, True)


@pytest.mark.parametrize("response", [SIZED_RESPONSE, CHUNKED_RESPONSE, UNSIZED_RESPONSE])
def test_a_body_may_have_max_response_bytes(response: bytes) -> None:
    assert isinstance(parse([response], max_response_bytes=12), Parsed)
    parser = ResponseParser(max_response_bytes=11)
    with pytest.raises(BodyTooLargeError, match="11 bytes"):
        parser.receive_data(response)


# What the parser knows before the response is complete.


@pytest.mark.parametrize("data", [b"H", INTERIM, OK + b"\r\n", SIZED_RESPONSE])
def test_a_response_has_begun_with_its_first_byte(data: bytes) -> None:
    parser = ResponseParser()
    assert parser.has_begun is False
    parser.receive_data(data)
    assert parser.has_begun is True


@pytest.mark.parametrize("data", [b"", SIZED_RESPONSE[:-1], CHUNKED_RESPONSE[:-1], INTERIM])
def test_there_is_no_response_before_it_is_complete(data: bytes) -> None:
    parser = ResponseParser()
    assert (parser.complete, parser.keep_alive) == (False, False)
    parser.receive_data(data)
    assert (parser.complete, parser.keep_alive) == (False, False)
    with pytest.raises(ValueError, match=r"^the response is not"):
        parser.response()


# The end of the connection.


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no_response"),
        (b"H", "truncated"),
        (OK, "truncated"),
        (OK + LENGTH, "truncated"),
        (INTERIM, "truncated"),
        (INTERIM + b"H", "truncated"),
        (SIZED_RESPONSE[:-1], "truncated"),
        (CHUNKED_RESPONSE[:-1], "truncated"),
    ],
)
def test_an_end_that_comes_too_early_is_a_disconnect(data: bytes, reason: str) -> None:
    parser = ResponseParser()
    receive_all(parser, [data] if data else [])
    with pytest.raises(DisconnectedError, match=r"^the connection ended") as caught:
        parser.receive_eof()
    assert caught.value.reason == reason


def test_only_the_end_of_the_connection_completes_a_body_without_a_length() -> None:
    parser = ResponseParser()
    parser.receive_data(UNSIZED_RESPONSE)
    assert not parser.complete
    parser.receive_eof()
    assert (parser.complete, parser.keep_alive) == (True, False)
    assert parser.response().body == BODY


def test_an_end_that_tls_has_not_announced_completes_no_body() -> None:
    parser = ResponseParser()
    parser.receive_data(UNSIZED_RESPONSE)
    with pytest.raises(DisconnectedError):
        parser.receive_eof(in_order=False)
    assert not parser.complete


@pytest.mark.parametrize("in_order", [True, False])
def test_an_end_after_the_response_only_affects_the_connection(in_order: bool) -> None:
    parser = ResponseParser()
    parser.receive_data(SIZED_RESPONSE)
    assert parser.keep_alive
    parser.receive_eof(in_order=in_order)
    assert not parser.keep_alive
    assert parser.response().body == BODY


# Cost.


def cost(pieces: list[bytes]) -> float:
    """Seconds of processor time to parse the pieces."""
    parser, began = ResponseParser(), time.process_time()
    with contextlib.suppress(ProtocolError):
        receive_all(parser, pieces)
    return time.process_time() - began


def test_a_dripped_head_takes_linear_time() -> None:
    in_body = cost([UNSIZED_RESPONSE] + [b"x"] * len(LARGEST_HEAD))
    # A search from the beginning for each byte would cost 50 times as much.
    assert cost(split(LARGEST_HEAD, range(len(LARGEST_HEAD)))) < 16 * in_body


def test_dripped_chunks_take_linear_time() -> None:
    assert cost([OK + CHUNKED + b"\r\n", *[b"1", b"\r", b"\n", b"x", b"\r", b"\n"] * 50_000]) < 3


def test_tiny_chunks_in_one_piece_take_linear_time() -> None:
    assert cost([chunked(b"1\r\nx\r\n" * 100_000)]) < 3


@pytest.mark.parametrize("line", [b"X:" + b" \t" * 30_000, b"X" * 60_000])
@pytest.mark.parametrize("end", [b"\r\n", b"\0\r\n", b"y\r\n", b"y\0\r\n"])
def test_a_long_line_takes_linear_time(line: bytes, end: bytes) -> None:
    for following in (b"", b" y\r\n", b"Y: y\r\n y\r\n"):
        assert cost([OK + line + end + following + b"Content-Length: 0\r\n\r\n"]) < 1


def test_a_head_of_folds_takes_linear_time() -> None:
    for fold in (b"\r\n ", b"\r\n x", b" \r\n  "):
        lines = b"X: x" + fold * (60_000 // len(fold)) + b"\r\n"
        assert cost([OK + lines + b"Content-Length: 0\r\n\r\n"]) < 1


@pytest.mark.parametrize("data", [SIZED_RESPONSE, CHUNKED_RESPONSE, OK + b"X\r\n\r\n"])
def test_a_complete_or_refused_response_is_in_no_reference_cycle(data: bytes) -> None:
    gc.disable()
    try:
        parser = ResponseParser()
        with contextlib.suppress(ProtocolError):
            parser.receive_data(data)
        reference = weakref.ref(parser)
        del parser
        assert reference() is None
    finally:
        gc.enable()
