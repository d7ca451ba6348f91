"""The exchange: however its bytes are cut, the response that was sent or one of our errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.readings import LIMIT, Reading, agreed, by_h11, cut, ours

from usersmanager import (
    BodyTooLargeError,
    DisconnectedError,
    ProtocolError,
    TransportError,
)
from usersmanager_httptools.parser import CheckedReader, _Seen

CORPUS = sorted(Path(__file__).parents[1].joinpath("fuzz", "corpus").iterdir())

OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n"
ENDED = OK + b"X: y\r\n\r\n{}"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

# Well-formed responses.

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
TEXT = "".join(map(chr, [9, *range(32, 127), *range(128, 256)]))
FRAMING = {"content-length", "transfer-encoding", "connection"}

names = st.text(TOKEN, min_size=1, max_size=12).filter(lambda name: name.lower() not in FRAMING)
texts = st.text(TEXT, max_size=20)
options = st.sampled_from(["keep-alive", "close", "Close", "x,\tclose , y", "x"])
blanks = st.text(" \t", max_size=2)
extensions = st.sampled_from(["", ";a", ";a=b", ';a="b c"', ";a;b=c"])


@st.composite
def fields(draw: st.DrawFn) -> str:
    named = [(draw(names), draw(texts)) for _ in range(draw(st.integers(0, 4)))]
    named += [("Connection", draw(options)) for _ in range(draw(st.integers(0, 2)))]
    lines = [f"{name}:{draw(blanks)}{value}{draw(blanks)}\r\n" for name, value in named]
    return "".join(draw(st.permutations(lines)))


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    parts = [part for part in cut(body, draw(st.lists(st.integers(0, 99), max_size=4))) if part]
    sent = b""
    for part in parts:
        size = f"{len(part):{draw(st.sampled_from(['x', 'X', '04x']))}}"
        sent += f"{size}{draw(extensions)}\r\n".encode() + part + b"\r\n"
    trailers = "".join(f"{draw(names)}: {draw(texts)}\r\n" for _ in range(draw(st.integers(0, 2))))
    return sent + f"0\r\n{trailers}\r\n".encode("latin-1")


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Any response as RFC 9112 has it, with interim ones before it."""
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    status = draw(st.one_of(st.sampled_from([200, 204, 304, 401]), st.integers(200, 599)))
    phrase = draw(st.one_of(st.just(""), texts.map(" {}".format)))
    head = f"HTTP/{version} {status}{phrase}\r\n{draw(fields())}"
    body = b"" if status in (204, 304) else draw(st.binary(max_size=80))
    framings = ["length", "end"] if version == "1.0" else ["length", "chunks", "end"]
    framing = "none" if status in (204, 304) else draw(st.sampled_from(framings))
    if framing == "length":
        head += f"Content-Length: {len(body)}\r\n"
    elif framing == "chunks":
        head += "Transfer-Encoding: Chunked\r\n"
        body = draw(chunks(body))
    interim = INTERIM * draw(st.integers(0, 8))
    return interim + f"{head}\r\n".encode("latin-1") + body


POINTS = st.lists(st.integers(0, 500), max_size=12)


@given(responses(), POINTS)
def test_a_well_formed_response_is_read_as_h11_reads_it_however_it_is_cut(
    response: bytes, points: list[int]
) -> None:
    reading = agreed(response)
    assert isinstance(reading, Reading)
    assert ours(cut(response, points)) == reading


@given(responses(), st.binary(min_size=1, max_size=40), POINTS)
def test_what_follows_a_response_is_not_read_and_spoils_the_connection(
    response: bytes, spare: bytes, points: list[int]
) -> None:
    reading = ours([response])
    assert isinstance(reading, Reading)
    if not ours_needs_the_end(response):
        poisoned = ours(cut(response + spare, points))
        assert poisoned == reading._replace(reusable=False)


def ours_needs_the_end(response: bytes) -> bool:
    exchange = CheckedReader(exact=False, limit=LIMIT)
    exchange.feed(response)
    return not exchange.complete


# Malformed ones.


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.one_of(responses(), st.sampled_from([SIZED, CHUNKED, ENDED]))))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        piece = st.one_of(
            st.binary(max_size=3), st.sampled_from([b"\r\n", b"\n", b":", b" ", b"0"])
        )
        data[place : place + draw(st.integers(0, 3))] = draw(piece)
    return bytes(data)


@given(mutations(), POINTS)
def test_a_mutated_response_is_one_of_our_errors_or_what_h11_reads(
    data: bytes, points: list[int]
) -> None:
    whole = agreed(data)
    pieces = ours(cut(data, points))
    assert pieces == whole or type(pieces) is type(whole)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_response_or_one_of_our_errors(data: bytes) -> None:
    for head in (b"", OK, SIZED[:-4], CHUNKED[:-20]):
        agreed(head + data)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_the_fuzzer_once_found_is_still_right(path: Path) -> None:
    agreed(path.read_bytes())


@given(st.sampled_from([SIZED, CHUNKED]), st.integers(1, 200), POINTS)
def test_a_response_that_is_cut_short_is_an_error(
    response: bytes, missing: int, points: list[int]
) -> None:
    short = response[: max(0, len(response) - missing)]
    is_in_header = short and b"\r\n\r\n" not in short
    kind = ProtocolError if is_in_header else DisconnectedError
    assert type(ours(cut(short, points))) is kind


# What h11 accepts, within its rights, and we refuse: each leaves room for another reading.
STRICTER = {
    "a bare LF ends a line (section 2.2: a recipient MAY)": (
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        OK + b"X: a\nContent-Length: 2\r\n\r\n{}",
    ),
    "a folded line (section 5.2: a user agent MUST unfold it or refuse the message)": (
        OK + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    ),
    "equal lengths (section 6.3: a recipient MAY refuse them)": (
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: 2, 2\r\n\r\n{}",
    ),
    "a length beside chunks (section 6.3: it might be an attempt to smuggle)": (
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ),
    "chunks of HTTP/1.0 (section 6.1: MUST be treated as if the framing is faulty)": (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "another minor version (section 2.3: none has been defined)": (
        b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ),
    "more than eight interim responses": (INTERIM * 9 + SIZED,),
    "a chunk's size of more digits than any body needs": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n0000000000000002\r\n{}\r\n0\r\n\r\n",
    ),
    "a chunk's size with blanks after it, or an extension that is none (by llhttp)": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;=@\r\n{}\r\n0\r\n\r\n",
    ),
    "a length in the trailers (RFC 9110, section 6.5.1: a sender MUST NOT)": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n",
    ),
}


@pytest.mark.parametrize("why", STRICTER)
def test_we_refuse_what_h11_accepts(why: str) -> None:
    for data in STRICTER[why]:
        assert isinstance(by_h11(data), Reading)
        assert isinstance(agreed(data), ProtocolError)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        OK + b"Content-Length: +2\r\n\r\n{}",
        OK + b"Content-Length : 2\r\n\r\n{}",
        OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
        b"\r\n" + SIZED,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
    ],
)
def test_we_and_h11_refuse_the_same(data: bytes) -> None:
    assert by_h11(data) is None
    assert isinstance(agreed(data), ProtocolError)


# The rest.


def test_trailers_are_not_taken_for_the_header() -> None:
    trailer = b"Content-Type: text/html\r\nSet-Cookie: a\r\n"
    reading = ours([CHUNKED.replace(b"X-Trailer: 1\r\n", trailer)])
    assert isinstance(reading, Reading)
    assert reading.fields == [("transfer-encoding", "chunked")]


def test_a_body_is_bounded_however_it_comes() -> None:
    for head, size in ((b"Content-Length: 101\r\n\r\n", 101), (b"\r\n", 101)):
        exchange = CheckedReader(exact=False, limit=100)
        exchange.feed(OK + head + b"x" * 100)
        with pytest.raises(BodyTooLargeError):
            exchange.feed(b"x" * (size - 100))


def test_a_link_whose_end_is_not_certain_is_refused() -> None:
    assert isinstance(ours([ENDED], exact=True), ProtocolError)
    assert isinstance(ours([SIZED], exact=True), Reading)


def test_a_tls_connection_that_is_cut_ends_no_body() -> None:
    exchange = CheckedReader(exact=False, limit=100)
    exchange.feed(ENDED)
    with pytest.raises(DisconnectedError):
        exchange.eof(in_order=False)


def test_an_end_after_a_whole_response_is_none_of_its_business() -> None:
    exchange = CheckedReader(exact=False, limit=100)
    exchange.feed(SIZED)
    exchange.eof(in_order=False)
    assert exchange.response().body == b"{}"


def test_an_error_quotes_nothing_of_the_response() -> None:
    for data in (OK + b"secret\r\n\r\n", CHUNKED.replace(b"a=b", b"=@secret")):
        refused = ours([data])
        assert isinstance(refused, TransportError)
        assert "secret" not in f"{refused!r}{refused.__context__!r}"


# Where llhttp reads something else: never seen, so it is made to.


@pytest.mark.parametrize("data", [CHUNKED, ENDED])
def test_a_body_that_llhttp_reads_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(_Seen, "on_body", lambda self, data: self.pieces.append(data + b"!"))
    refused = ours([data])
    assert isinstance(refused, ProtocolError)
    assert str(refused) == "a response that can be read in two ways"


@pytest.mark.parametrize("points", [[], [60], [len(CHUNKED) - 1]])
def test_an_end_that_llhttp_sees_elsewhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, points: list[int]
) -> None:
    # In one piece, an end that comes too early is the end.
    for seen in (_never, _at_the_first_byte)[: 2 if points else 1]:
        monkeypatch.setattr(_Seen, "on_message_complete", lambda self: None)
        monkeypatch.setattr(_Seen, "__init__", seen)
        refused = ours(cut(CHUNKED, points))
        assert isinstance(refused, ProtocolError)
        assert str(refused) == "a response whose end is not certain"


def _never(self: _Seen) -> None:
    self.ended, self.pieces = 0, []


def _at_the_first_byte(self: _Seen) -> None:
    self.ended, self.pieces = 1, []


def test_a_body_whose_length_was_told_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Seen, "on_body", lambda self, data: self.pieces.append(b"!"))
    assert isinstance(ours([SIZED]), Reading)
    assert isinstance(ours([OK.replace(b"200", b"204") + b"\r\n"]), Reading)
