"""The whole stack over every transport: the same faults, the same outcome to the byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tenacity import wait_none

from usersmanager import TransportError, UsersManagerError
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.contracts.cases import answering, ending
from usersmanager.testing.fault_server import Script, profile
from usersmanager_retry import Retry

CARRIERS = [
    *(("sync", "urllib3"), ("sync", "httptools")),
    *(("async", "aiohttp"), ("async", "httptools")),
]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
JSON = b'{"sub": "u"}'


def status(code: int, fields: bytes = b"") -> Script:
    """A script: an empty answer with this status, again and again."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(b"HTTP/1.1 %d x\r\n%bContent-Length: 0\r\n\r\n" % (code, fields))

    return script


def typed(content_type: bytes, body: bytes, fields: bytes = b"") -> Script:
    """A script: a body of this type."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%bContent-Length: %d\r\n\r\n"
    return answering(head % (content_type, fields, len(body)) + body)


def silent(peer: Peer) -> None:
    """A script: never answers."""
    peer.request()
    peer.stall()


class Row(NamedTuple):
    """A fault, the error it ends in, and how often each operation is sent."""

    script: Script
    kind: str
    get_info: int = 1
    impersonate: int = 1


FAULTS: dict[str, Row] = {
    "closed": Row(ending(b""), "DisconnectedError", 3),
    "reset": Row(ending(b"", reset=True), "DisconnectedError", 3),
    "silent": Row(silent, "DeadlineExceededError"),
    "truncated header": Row(ending(b"HTTP/1.1 200 OK\r\nX"), "ProtocolError", 3),
    "truncated body": Row(ending(OK + b"Content-Length: 99\r\n\r\n{"), "DisconnectedError", 3),
    "truncated chunk": Row(
        ending(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"), "DisconnectedError", 3
    ),
    "bad chunk": Row(
        answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "ProtocolError", 3
    ),
    "not http": Row(answering(b"nonsense\r\n\r\n"), "ProtocolError", 3),
    "upgrade": Row(answering(b"HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n"), "ProtocolError", 3),
    "two lengths": Row(
        answering(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), "ProtocolError", 3
    ),
    "length and chunked": Row(
        answering(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
        "ProtocolError",
        3,
    ),
    "too large": Row(typed(b"application/json", b"x" * 2_000_000), "BodyTooLargeError"),
    "gzip": Row(
        typed(b"application/json", b"\x1f\x8b\x08", b"Content-Encoding: gzip\r\n"), "DecodeError"
    ),
    "html": Row(typed(b"text/html", b"<html>"), "DecodeError"),
    "not json": Row(typed(b"application/json", b"{"), "DecodeError"),
    "no subject": Row(typed(b"application/json", b"{}"), "DecodeError"),
    "no content": Row(answering(b"HTTP/1.1 204 x\r\n\r\n"), "DecodeError"),
    "redirect": Row(status(302, b"Location: http://127.0.0.1:1/\r\n"), "RedirectError"),
    "401": Row(status(401), "UnauthorizedError"),
    "403": Row(status(403), "ForbiddenError"),
    "404": Row(status(404), "NotFoundError"),
    "409": Row(status(409), "APIError"),
    "408": Row(status(408), "APIError", 3),
    "425": Row(status(425), "APIError", 3),
    "429": Row(status(429), "RateLimitedError", 3, 3),
    "500": Row(status(500), "ServerError", 3),
    "502": Row(status(502), "ServerError", 3),
    "503": Row(status(503), "ServerError", 3),
    "504": Row(status(504), "ServerError", 3),
    "429 for an hour": Row(status(429, b"Retry-After: 3600\r\n"), "RateLimitedError"),
}


def outcome(call: Callable[..., Any], script: Script, operation: str) -> dict[str, Any]:
    """What a call ends in, and what the server saw of it."""
    with FaultServer(*[script] * 3) as server:
        try:
            call(operation, server.origin)
            error: UsersManagerError | None = None
        except UsersManagerError as caught:
            error = caught
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "phase": error.phase if isinstance(error, TransportError) else None,
        "connections": server.connections,
        # The port is another for each server.
        "requests": [re.sub(rb"Host: .*", b"Host:", one) for one in server.requests],
    }


@pytest.mark.parametrize("operation", ["get_info", "impersonate"])
@pytest.mark.parametrize("name", FAULTS)
def test_every_transport_makes_the_same_of_a_fault(
    name: str, operation: str, impersonation: Callable[..., Any]
) -> None:
    from tests.conftest import Mode

    row = FAULTS[name]
    seen = []
    for mode, transport in CARRIERS:

        def call(method: str, origin: str, mode: str = mode, transport: str = transport) -> Any:
            arguments = ("a-token",) if method == "get_info" else ("u", impersonation())
            return Mode(mode).call(
                method,
                *arguments,
                base_url=origin,
                transport=transport,
                plugins=[Retry(wait=wait_none() if "hour" not in name else None)],
                timeout=0.4 if name == "silent" else 5.0,
            )

        seen.append(outcome(call, row.script, operation))
    first, *others = seen
    for other in others:
        assert other == first
    assert first["kind"] == row.kind
    assert len(first["requests"]) == getattr(row, operation)


def test_a_reused_connection_makes_no_difference() -> None:
    from tests.conftest import Mode

    def second_is_cut(peer: Peer) -> None:
        peer.request()
        peer.send(profile("one"))
        peer.request()

    for mode, transport in CARRIERS:
        with FaultServer(second_is_cut) as server:
            calls: list[Any] = [("get_info", (name,), {}) for name in ("one", "two")]
            profiles = Mode(mode).calls(calls, base_url=server.origin, transport=transport)
            assert [one.sub for one in profiles] == ["one", "two"]
            assert (server.connections, len(server.requests)) == (2, 3)
