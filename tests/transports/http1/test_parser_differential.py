"""ResponseParser compared with h11 and llhttp: no other parser sees another response."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transports.http1.generated import INTERIM, mutated_responses, responses
from tests.transports.http1.parsing import Parsed, check_agreement, parse_with_h11

from usersmanager import ProtocolError

CORPUS = sorted(Path(__file__).parents[2].joinpath("fuzz", "corpus").iterdir())

OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@given(responses(), st.integers(0, 8))
def test_all_parsers_accept_a_well_formed_response(response: bytes, interim: int) -> None:
    data = INTERIM * interim + response
    assert isinstance(check_agreement(data), Parsed)
    assert parse_with_h11(data) is not None


@given(mutated_responses())
def test_parsers_agree_on_mutated_responses(data: bytes) -> None:
    check_agreement(data)


@given(st.binary(max_size=300))
def test_parsers_agree_on_any_data(data: bytes) -> None:
    for head in (b"", OK, SIZED[:-2], CHUNKED, CHUNKED + b"2\r\n{}\r\n0\r\n"):
        check_agreement(head + data)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_parsers_agree_on_the_corpus_of_the_fuzzer(path: Path) -> None:
    check_agreement(path.read_bytes())


STRICTER_THAN_H11: dict[str, bytes] = {
    "a status line with a bare LF (section 2.2: a recipient MAY accept it)": (
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"
    ),
    "a header line with a bare LF": OK + b"X: a\nContent-Length: 2\r\n\r\n{}",
    "a folded field that affects the framing": (
        OK + b"Connection: a,\r\n b\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "a folded trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX: a\r\n b\r\n\r\n",
    "repeated equal lengths (section 6.3: a recipient MAY refuse them)": (
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "a list of equal lengths": OK + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length and chunks (section 6.3: possibly smuggling)": (
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "chunks in HTTP/1.0 (section 6.1: MUST be treated as faulty framing)": (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "another minor version (section 2.3: none is defined)": (
        b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "more than eight interim responses": INTERIM * 9 + SIZED,
    "a chunk size of 16 digits": CHUNKED + b"0000000000000002\r\n{}\r\n0\r\n\r\n",
    "a length in the trailers (RFC 9110, section 6.5.1: a sender MUST NOT)": (
        CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"
    ),
}


@pytest.mark.parametrize("name", STRICTER_THAN_H11)
def test_h11_accepts_what_we_refuse(name: str) -> None:
    data = STRICTER_THAN_H11[name]
    assert parse_with_h11(data) is not None
    assert isinstance(check_agreement(data), ProtocolError)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        OK + b"Content-Length: +2\r\n\r\n{}",
        OK + b"Content-Length : 2\r\n\r\n{}",
        OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"2\n{}\r\n0\r\n\r\n",
        b"\r\n" + SIZED,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
    ],
)
def test_h11_refuses_what_we_refuse(data: bytes) -> None:
    assert parse_with_h11(data) is None
    assert isinstance(check_agreement(data), ProtocolError)
