"""Hypothesis strategies for responses, well-formed and mutated."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.transports.http1.parsing import split

__all__ = ["INTERIM", "mutated_responses", "points", "responses"]

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
TEXT = "".join(map(chr, [9, *range(32, 127), *range(128, 256)]))
FRAMING = {
    "connection",
    "content-length",
    "keep-alive",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

points = st.lists(st.integers(0, 500), max_size=12)
names = st.text(TOKEN, min_size=1, max_size=12).filter(lambda name: name.lower() not in FRAMING)
texts = st.text(TEXT, max_size=20)
options = st.sampled_from(["keep-alive", "close", "Close", "x,\tclose , y", "x"])
whitespace = st.text(" \t", max_size=2)
folds = st.lists(st.sampled_from(["\r\n ", " \r\n\t", "\r\n \r\n x"]), max_size=2).map("".join)
extensions = st.sampled_from(["", ";a", ";a=b", ';a="b c"', ";a;b=c"])


@st.composite
def fields(draw: st.DrawFn) -> str:
    values = st.builds("{}{}{}".format, texts, folds, texts)
    pairs = [(draw(names), draw(values)) for _ in range(draw(st.integers(0, 4)))]
    pairs += [("Connection", draw(options)) for _ in range(draw(st.integers(0, 2)))]
    lines = [f"{name}:{draw(whitespace)}{value}{draw(whitespace)}\r\n" for name, value in pairs]
    return "".join(draw(st.permutations(lines)))


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    encoded = b""
    for piece in split(body, draw(st.lists(st.integers(0, 99), max_size=4))):
        size = f"{len(piece):{draw(st.sampled_from(['x', 'X', '04x']))}}"
        encoded += f"{size}{draw(extensions)}\r\n".encode() + piece + b"\r\n"
    trailers = "".join(f"{draw(names)}: {draw(texts)}\r\n" for _ in range(draw(st.integers(0, 2))))
    return encoded + f"0\r\n{trailers}\r\n".encode("latin-1")


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Any final response according to RFC 9112, with obsolete folds."""
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    status = draw(st.one_of(st.sampled_from([200, 204, 304, 401]), st.integers(200, 599)))
    phrase = draw(st.one_of(st.just(""), texts.map(" {}".format)))
    head = f"HTTP/{version} {status}{phrase}\r\n{draw(fields())}"
    if status in (204, 304):
        return f"{head}\r\n".encode("latin-1")
    body = draw(st.binary(max_size=80))
    framing = draw(st.sampled_from(["length", "end", "chunks"][: 2 if version == "1.0" else 3]))
    if framing == "length":
        head += f"Content-Length: {len(body)}\r\n"
    elif framing == "chunks":
        head += "Transfer-Encoding: Chunked\r\n"
        body = draw(chunks(body))
    return f"{head}\r\n".encode("latin-1") + body


INSERTIONS = [b"\r\n", b"\r\n ", b"\n", b":", b" ", b"0", b"Content-Length: 2\r\n", b"close"]


@st.composite
def mutated_responses(draw: st.DrawFn) -> bytes:
    data = bytearray(INTERIM * draw(st.integers(0, 2)) + draw(responses()))
    for _ in range(draw(st.integers(0, 4))):
        position = draw(st.integers(0, len(data)))
        insertion = draw(st.one_of(st.binary(max_size=3), st.sampled_from(INSERTIONS)))
        data[position : position + draw(st.integers(0, 3))] = insertion
    return bytes(data)
