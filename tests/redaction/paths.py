"""Every way in which a call can fail once its arguments are good, as data."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.redaction.canaries import Canary
from tests.redaction.watching import BOTH, Caller

from usersmanager import (
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    ServerError,
    TLSError,
)
from usersmanager.testing import FaultServer, Peer

__all__ = ["ANSWERS", "ECHOES", "FAULTS", "LINKS", "Play", "answer", "ask_all", "run_fault"]

Play = Callable[[Canary, Peer], object]
_CONNECTIONS = 30
_SHORT = 0.3


class Fault(NamedTuple):
    """What a server does, and which errors it makes."""

    kinds: type[BaseException] | tuple[type[BaseException], ...]
    play: Play
    is_slow: bool = False
    is_tls: bool = False


def plain(template: str, *, reset: bool = False, waits: bool = False) -> Play:
    """Reads a request, sends a template filled in, ends the connection."""

    def play(canary: Canary, peer: Peer) -> None:
        peer.request()
        peer.send(canary.fill(template.replace("\n", "\r\n")))
        if waits:
            peer.wait_closed()
        if reset:
            peer.reset()

    return play


def _dripped(head: str, rest: str) -> Play:
    def play(canary: Canary, peer: Peer) -> None:
        peer.request()
        peer.send(canary.fill(head.replace("\n", "\r\n")))
        peer.drip(canary.fill(rest.replace("\n", "\r\n")) * 50, every=0.01)

    return play


def _flooded(canary: Canary, peer: Peer) -> None:
    peer.request()
    peer.send(canary.fill("HTTP/1.1 103 TOKEN\r\nLink: TOKEN\r\n\r\n") * 20)
    peer.wait_closed()


def _reset_in_the_handshake(canary: Canary, peer: Peer) -> None:
    peer.receive()
    peer.reset()


def _plain_in_the_handshake(canary: Canary, peer: Peer) -> None:
    peer.receive()
    peer.send(canary.fill("HTTP/1.1 400 TOKEN\r\nContent-Length: 0\r\n\r\n"))
    peer.wait_closed()


def _stale(canary: Canary, peer: Peer) -> None:
    """Answers once, then breaks the connection as it is used again."""
    peer.request()
    peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    peer.request()
    peer.reset()


OK = "HTTP/1.1 200 TOKEN\nContent-Type: application/json\nX-Echo: TOKEN LINK\n"
CHUNKED = f"{OK}Transfer-Encoding: chunked\n\n"

FAULTS: dict[str, Fault] = {
    "reset": Fault(DisconnectedError, plain("", reset=True)),
    "closed": Fault(DisconnectedError, plain("")),
    "truncated header": Fault(ProtocolError, plain("HTTP/1.1 200 TOKEN\nX: TOKEN")),
    "truncated body": Fault(DisconnectedError, plain(f"{OK}Content-Length: 999\n\nTOKEN LINK")),
    "body cut by a reset": Fault(
        DisconnectedError, plain(f"{OK}Content-Length: 999\n\nTOKEN LINK", reset=True)
    ),
    "truncated chunk": Fault(DisconnectedError, plain(f"{CHUNKED}fff\nTOKEN LINK")),
    "not http": Fault(ProtocolError, plain("TOKEN LINK\n\n", waits=True)),
    "no status": Fault(ProtocolError, plain("HTTP/1.1 TOKEN\n\n", waits=True)),
    "bad header line": Fault(ProtocolError, plain("HTTP/1.1 200 OK\nTOKEN LINK\n\n", waits=True)),
    "folded header": Fault(ProtocolError, plain(f"{OK} TOKEN\n\n", waits=True)),
    "bad chunk": Fault(ProtocolError, plain(f"{CHUNKED}TOKEN\nLINK\n", waits=True)),
    "bad chunk end": Fault(ProtocolError, plain(f"{CHUNKED}1\nTOKEN\n", waits=True)),
    "bad trailer": Fault(ProtocolError, plain(f"{CHUNKED}0\nTOKEN LINK\n\n", waits=True)),
    "bad length": Fault(ProtocolError, plain(f"{OK}Content-Length: TOKEN\n\n", waits=True)),
    "bad coding": Fault(ProtocolError, plain(f"{OK}Transfer-Encoding: TOKEN\n\n", waits=True)),
    "too long header": Fault(
        ProtocolError, plain("HTTP/1.1 200 OK\nX: " + "TOKEN" * 900 + "\n\n", waits=True)
    ),
    "upgrade": Fault(ProtocolError, plain("HTTP/1.1 101 TOKEN\nUpgrade: TOKEN\n\n", waits=True)),
    "flood of interim responses": Fault(ProtocolError, _flooded),
    "body too large": Fault(
        BodyTooLargeError,
        plain(f"{OK}Content-Length: 99999\n\n" + "TOKEN LINK" * 2000, waits=True),
    ),
    "stale connection": Fault((DisconnectedError, ServerError), _stale),
    "silent": Fault(DeadlineExceededError, lambda _, peer: (peer.request(), peer.stall()), True),
    "dripped header": Fault(DeadlineExceededError, _dripped(OK, "X: TOKEN\n"), True),
    "dripped body": Fault(
        DeadlineExceededError, _dripped(f"{OK}Content-Length: 99999\n\n", "TOKEN"), True
    ),
    "dripped chunks": Fault(DeadlineExceededError, _dripped(CHUNKED, "1\nx\n"), True),
    "reset in the handshake": Fault(ConnectError, _reset_in_the_handshake, is_tls=True),
    "no tls": Fault((ConnectError, TLSError), _plain_in_the_handshake, is_tls=True),
    "stalled handshake": Fault(ConnectError, lambda _, peer: peer.stall(), True, is_tls=True),
}

# Each is answered to both operations. What comes before the blank line is the header.
CHALLENGES = """\
WWW-Authenticate: Bearer realm="TOKEN", error="TOKEN", error_description="TOKEN is not valid"
WWW-Authenticate: Bearer error=TOKEN, error_description=TOKEN
WWW-Authenticate: Bearer error="QUOTED", error_description="QUOTED"
"""
EVERYWHERE = """\
X-Request-Id: TOKEN
X-Auth0-RequestId: TOKEN
X-Correlation-Id: id-of-TOKEN
Location: https://elsewhere.example/?access_token=TOKEN&next=LINK
Set-Cookie: session=TOKEN; Path=/; Domain=TOKEN
Set-Cookie: TOKEN,LINK=a name that is none
Retry-After: TOKEN
Date: TOKEN
X-RateLimit-Limit: TOKEN
X-RateLimit-Reset: TOKEN
Content-Language: TOKEN
"""
ECHOES = {
    "in json": EVERYWHERE
    + CHALLENGES
    + 'Content-Type: application/json\n\n{"error": "TOKEN", "error_description": "no TOKEN",'
    ' "message": "TOKEN"}',
    "in escaped json": EVERYWHERE + 'Content-Type: application/json\n\n{"error": "JSON-ESCAPED",'
    ' "error_description": "not JSON-ESCAPED, I said"}',
    "in auth0's json": EVERYWHERE
    + 'Content-Type: application/json\n\n{"statusCode": 400, "error": "TOKEN",'
    ' "message": "no such token: TOKEN", "errorCode": "TOKEN"}',
    "at the end of a long text": EVERYWHERE
    + 'Content-Type: application/json\n\n{"error": "e", "error_description": "'
    + "long " * 57
    + 'TOKEN"}',
    "in a challenge": f"{EVERYWHERE}{CHALLENGES}\nUnauthorized: TOKEN LINK",
    "in an escaped challenge": EVERYWHERE
    + 'WWW-Authenticate: Bearer error="QUOTED", error_description="QUOTED QUOTED"\n\n',
    "in another scheme": f"{EVERYWHERE}WWW-Authenticate: TOKEN TOKEN=TOKEN\n\n<html>TOKEN LINK",
    "in the type": f"{EVERYWHERE}Content-Type: text/TOKEN; charset=TOKEN\n\nTOKEN LINK",
    "in a multipart body": f"{EVERYWHERE}Content-Type: multipart/TOKEN\n\n--TOKEN\n\nLINK",
}

# A 2xx to get_info that is no profile.
ANSWERS = {
    "not json": 'Content-Type: application/json\n\n{"TOKEN": ',
    "not utf-8": "Content-Type: application/json\n\n\xff TOKEN",
    "an array": 'Content-Type: application/json\n\n["TOKEN"]',
    "a string": 'Content-Type: application/json\n\n"TOKEN"',
    "twice a name": 'Content-Type: application/json\n\n{"TOKEN": 1, "TOKEN": 2}',
    "a large number": 'Content-Type: application/json\n\n{"TOKEN": 1e999}',
    "a lone surrogate": 'Content-Type: application/json\n\n{"TOKEN": "\\ud800"}',
    "no subject": 'Content-Type: application/json\n\n{"token": "TOKEN"}',
    "a subject of another type": 'Content-Type: application/json\n\n{"sub": ["TOKEN"]}',
    "a blank subject": 'Content-Type: application/json\n\n{"sub": " ", "token": "TOKEN"}',
    "html": "Content-Type: text/html\n\n<p>TOKEN",
    "a jwt": "Content-Type: application/jwt\n\nTOKEN",
    "an unknown type": 'Content-Type: text/TOKEN\n\n{"sub": "TOKEN"}',
    "two types": "Content-Type: application/json\nContent-Type: TOKEN\n\n{}",
    "an unknown coding": "Content-Encoding: TOKEN\nContent-Type: application/json\n\nTOKEN",
    "nothing": "Content-Type: application/json\n\n",
}

# A 2xx to impersonate that is no link.
LINKS = {
    "nothing": "Content-Type: text/plain\n\n",
    "words": "Content-Type: text/plain\n\nhere it is: LINK",
    "two links": "Content-Type: text/plain\n\nLINK\nLINK",
    "json": 'Content-Type: application/json\n\n{"link": "LINK", "token": "TOKEN"}',
    "another scheme": "Content-Type: text/plain\n\nftp:LINK?TOKEN",
    "no host": "Content-Type: text/plain\n\nhttps:///LINK",
    "no port": "Content-Type: text/plain\n\nhttps://host:LINK/TOKEN",
    "no ipv6 address": "Content-Type: text/plain\n\nhttps://[TOKEN/LINK",
    "not ascii": "Content-Type: text/plain\n\nLINK\xe9TOKEN",
    "html": "Content-Type: text/html\n\n<a href='LINK'>TOKEN</a>",
    "an unknown coding": "Content-Encoding: TOKEN\nContent-Type: text/plain\n\nLINK",
}


def ask_all(
    canary: Canary,
    caller: Caller,
    play: Play,
    *operations: str,
    tls: bool = False,
    **settings: Any,
) -> list[BaseException]:
    """The errors of operations, of a server that does the same to every connection."""
    asked = [BOTH[name](canary) for name in operations or BOTH]
    with FaultServer(*[lambda peer: play(canary, peer)] * _CONNECTIONS) as server:
        address = server.origin.replace("http:", "https:") if tls else server.origin
        return caller.refused_all(asked, address, **settings)


def run_fault(canary: Canary, caller: Caller, fault: Fault) -> list[BaseException]:
    """The errors that a fault makes."""
    return ask_all(
        canary,
        caller,
        fault.play,
        tls=fault.is_tls,
        carrier={"max_response_bytes": 1000},
        timeout=_SHORT if fault.is_slow else 10.0,
    )


def answer(status: str, *templates: str) -> Play:
    """Answers request after request with template after template: header lines and a body."""
    upcoming = itertools.cycle(templates)

    def play(canary: Canary, peer: Peer) -> None:
        while peer.request():
            head, _, body = next(upcoming).partition("\n\n")
            filled = canary.fill(body)
            lines = [f"HTTP/1.1 {status}", *head.splitlines(), f"Content-Length: {len(filled)}"]
            peer.send(canary.fill("\r\n".join(lines)) + b"\r\n\r\n" + filled)

    return play
