"""Faults of servers and responses that show a secret, as data."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.redaction.capture import OPERATIONS, CapturingClient
from tests.redaction.secrets import Secrets

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

__all__ = [
    "ECHOES",
    "FAULTS",
    "INVALID_LINKS",
    "INVALID_PROFILES",
    "Behavior",
    "answering",
    "errors_of",
    "errors_of_fault",
]

Behavior = Callable[[Secrets, Peer], object]
_SHORT = 0.15
# On a busy machine, even the connection may take longer than that.
_TOO_LATE = (ConnectError, DeadlineExceededError)


class Fault(NamedTuple):
    """What a server does, and which errors it causes."""

    kinds: type[BaseException] | tuple[type[BaseException], ...]
    behavior: Behavior
    is_slow: bool = False
    is_tls: bool = False


def sending(template: str, *, reset: bool = False, waits: bool = False) -> Behavior:
    """Read a request, send a filled template and end the connection."""

    def behave(secrets: Secrets, peer: Peer) -> None:
        peer.request()
        peer.send(secrets.fill(template.replace("\n", "\r\n")))
        if waits:
            peer.wait_closed()
        if reset:
            peer.reset()

    return behave


def _dripping(head: str, rest: str) -> Behavior:
    def behave(secrets: Secrets, peer: Peer) -> None:
        peer.request()
        peer.send(secrets.fill(head.replace("\n", "\r\n")))
        peer.drip(secrets.fill(rest.replace("\n", "\r\n")) * 50, every=0.01)

    return behave


def _send_interim_responses(secrets: Secrets, peer: Peer) -> None:
    peer.request()
    peer.send(secrets.fill("HTTP/1.1 103 TOKEN\r\nLink: TOKEN\r\n\r\n") * 20)
    peer.wait_closed()


def _reset_handshake(secrets: Secrets, peer: Peer) -> None:
    peer.receive()
    peer.reset()


def _answer_handshake_without_tls(secrets: Secrets, peer: Peer) -> None:
    peer.receive()
    peer.send(secrets.fill("HTTP/1.1 400 TOKEN\r\nContent-Length: 0\r\n\r\n"))
    peer.wait_closed()


def _reset_when_reused(secrets: Secrets, peer: Peer) -> None:
    """Answer once, then reset the connection when it is reused."""
    peer.request()
    peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    peer.request()
    peer.reset()


OK = "HTTP/1.1 200 TOKEN\nContent-Type: application/json\nX-Echo: TOKEN LINK\n"
CHUNKED = f"{OK}Transfer-Encoding: chunked\n\n"

FAULTS: dict[str, Fault] = {
    "reset": Fault(DisconnectedError, sending("", reset=True)),
    "closed": Fault(DisconnectedError, sending("")),
    "truncated header": Fault(DisconnectedError, sending("HTTP/1.1 200 TOKEN\nX: TOKEN")),
    "truncated body": Fault(DisconnectedError, sending(f"{OK}Content-Length: 999\n\nTOKEN LINK")),
    "body cut by a reset": Fault(
        DisconnectedError, sending(f"{OK}Content-Length: 999\n\nTOKEN LINK", reset=True)
    ),
    "truncated chunk": Fault(DisconnectedError, sending(f"{CHUNKED}fff\nTOKEN LINK")),
    "not http": Fault(ProtocolError, sending("TOKEN LINK", waits=True)),
    "no status": Fault(ProtocolError, sending("HTTP/1.1 TOKEN\n\n", waits=True)),
    "bad header line": Fault(ProtocolError, sending("HTTP/1.1 200 OK\nTOKEN LINK\n\n", waits=True)),
    "folded status line": Fault(
        ProtocolError, sending("HTTP/1.1 200 OK\n TOKEN LINK\n\n", waits=True)
    ),
    "folded framing": Fault(
        ProtocolError, sending(f"{OK}Connection: TOKEN\n LINK\n\n", waits=True)
    ),
    "bad chunk": Fault(ProtocolError, sending(f"{CHUNKED}TOKEN\nLINK\n", waits=True)),
    "bad chunk end": Fault(ProtocolError, sending(f"{CHUNKED}1\nTOKEN\n", waits=True)),
    "bad trailer": Fault(ProtocolError, sending(f"{CHUNKED}0\nTOKEN LINK\n\n", waits=True)),
    "bad length": Fault(ProtocolError, sending(f"{OK}Content-Length: TOKEN\n\n", waits=True)),
    "bad coding": Fault(ProtocolError, sending(f"{OK}Transfer-Encoding: TOKEN\n\n", waits=True)),
    "too long header": Fault(
        ProtocolError, sending("HTTP/1.1 200 OK\nX: " + "TOKEN" * 14_000 + "\n\n", waits=True)
    ),
    "upgrade": Fault(ProtocolError, sending("HTTP/1.1 101 TOKEN\nUpgrade: TOKEN\n\n", waits=True)),
    "flood of interim responses": Fault(ProtocolError, _send_interim_responses),
    "body too large": Fault(
        BodyTooLargeError,
        sending(f"{OK}Content-Length: 99999\n\n" + "TOKEN LINK" * 2000, waits=True),
    ),
    "stale connection": Fault((DisconnectedError, ServerError), _reset_when_reused),
    "silent": Fault(_TOO_LATE, lambda _, peer: (peer.request(), peer.stall()), True),
    "dripped header": Fault(_TOO_LATE, _dripping(OK, "X: TOKEN\n"), True),
    "dripped body": Fault(_TOO_LATE, _dripping(f"{OK}Content-Length: 99999\n\n", "TOKEN"), True),
    "dripped chunks": Fault(_TOO_LATE, _dripping(CHUNKED, "1\nx\n"), True),
    "reset in the handshake": Fault(ConnectError, _reset_handshake, is_tls=True),
    "no tls": Fault((ConnectError, TLSError), _answer_handshake_without_tls, is_tls=True),
    "stalled handshake": Fault(_TOO_LATE, lambda _, peer: peer.stall(), True, is_tls=True),
}

# Response headers, a blank line and a body.
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
Set-Cookie: TOKEN,LINK=an invalid name
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

# Responses to get_info with status 200.
INVALID_PROFILES = {
    "not json": 'Content-Type: application/json\n\n{"TOKEN": ',
    "not utf-8": "Content-Type: application/json\n\n\xff TOKEN",
    "an array": 'Content-Type: application/json\n\n["TOKEN"]',
    "a string": 'Content-Type: application/json\n\n"TOKEN"',
    "a repeated name": 'Content-Type: application/json\n\n{"TOKEN": 1, "TOKEN": 2}',
    "a large number": 'Content-Type: application/json\n\n{"TOKEN": 1e999}',
    "a lone surrogate": 'Content-Type: application/json\n\n{"TOKEN": "\\ud800"}',
    "no subject": 'Content-Type: application/json\n\n{"token": "TOKEN"}',
    "a subject of another type": 'Content-Type: application/json\n\n{"sub": ["TOKEN"]}',
    "a blank subject": 'Content-Type: application/json\n\n{"sub": " ", "token": "TOKEN"}',
    "html": "Content-Type: text/html\n\n<p>TOKEN",
    "a jwt": "Content-Type: application/jwt\n\nTOKEN",
    "an unknown media type": 'Content-Type: text/TOKEN\n\n{"sub": "TOKEN"}',
    "two media types": "Content-Type: application/json\nContent-Type: TOKEN\n\n{}",
    "compressed": "Content-Encoding: gzip, TOKEN\nContent-Type: application/json\n\nTOKEN",
    "nothing": "Content-Type: application/json\n\n",
}

# Responses to impersonate with status 200.
INVALID_LINKS = {
    "nothing": "Content-Type: text/plain\n\n",
    "a sentence": "Content-Type: text/plain\n\nhere it is: LINK",
    "two links": "Content-Type: text/plain\n\nLINK\nLINK",
    "json": 'Content-Type: application/json\n\n{"link": "LINK", "token": "TOKEN"}',
    "another scheme": "Content-Type: text/plain\n\nftp:LINK?TOKEN",
    "no host": "Content-Type: text/plain\n\nhttps:///LINK",
    "an invalid port": "Content-Type: text/plain\n\nhttps://host:LINK/TOKEN",
    "an invalid IPv6 address": "Content-Type: text/plain\n\nhttps://[TOKEN/LINK",
    "not ascii": "Content-Type: text/plain\n\nLINK\xe9TOKEN",
    "html": "Content-Type: text/html\n\n<a href='LINK'>TOKEN</a>",
    "compressed": "Content-Encoding: gzip, TOKEN\nContent-Type: text/plain\n\nLINK",
}


def errors_of(
    secrets: Secrets,
    client: CapturingClient,
    behavior: Behavior,
    *operations: str,
    tls: bool = False,
    **settings: Any,
) -> list[BaseException]:
    """Return the errors of operations (all by default) against a server with one behavior."""
    calls = [OPERATIONS[name](secrets) for name in operations or OPERATIONS]
    with FaultServer(otherwise=lambda peer: behavior(secrets, peer)) as server:
        origin = server.origin.replace("http:", "https:") if tls else server.origin
        return client.errors(calls, origin, **settings)


def errors_of_fault(secrets: Secrets, client: CapturingClient, fault: Fault) -> list[BaseException]:
    """Return the errors that a fault causes."""
    return errors_of(
        secrets,
        client,
        fault.behavior,
        tls=fault.is_tls,
        transport_settings={"max_response_bytes": 1000},
        timeout=_SHORT if fault.is_slow else 10.0,
    )


def answering(status: str, *templates: str) -> Behavior:
    """Answer each request with the next template, over and over."""
    upcoming = itertools.cycle(templates)

    def behave(secrets: Secrets, peer: Peer) -> None:
        while peer.request():
            head, _, body = next(upcoming).partition("\n\n")
            content = secrets.fill(body)
            lines = [f"HTTP/1.1 {status}", *head.splitlines(), f"Content-Length: {len(content)}"]
            peer.send(secrets.fill("\r\n".join(lines)) + b"\r\n\r\n" + content)

    return behave
