"""Every transport under the same faults: the same error, connections and requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from tenacity import wait_none

from usersmanager import TransportError, UsersManagerError
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.contracts.scripts import answering, ending
from usersmanager.testing.fault_server import Script, profile
from usersmanager_retry import Retry

TRANSPORTS = [
    *(("sync", "urllib3"), ("sync", "native")),
    *(("async", "aiohttp"), ("async", "native")),
]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def status(code: int, fields: bytes = b"") -> Script:
    """A script: respond to every request with this status and an empty body."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(b"HTTP/1.1 %d x\r\n%bContent-Length: 0\r\n\r\n" % (code, fields))

    return script


def profile_of(body: bytes, fields: bytes = b"") -> Script:
    """A script: respond with this profile."""
    return answering(OK + b"%bContent-Length: %d\r\n\r\n%b" % (fields, len(body), body))


def silent(peer: Peer) -> None:
    """A script: never respond."""
    peer.request()
    peer.stall()


class Case(NamedTuple):
    """A fault.

    Attributes:
        script: of the server.
        error: the name of the resulting error's class.
        get_info: how often get_info is sent.
        impersonate: how often impersonate is sent.
    """

    script: Script
    error: str
    get_info: int = 1
    impersonate: int = 1


FAULTS: dict[str, Case] = {
    "closed": Case(ending(b""), "DisconnectedError", 3),
    "reset": Case(ending(b"", reset=True), "DisconnectedError", 3),
    "silent": Case(silent, "DeadlineExceededError"),
    "truncated header": Case(ending(b"HTTP/1.1 200 OK\r\nX"), "DisconnectedError", 3),
    "truncated body": Case(ending(OK + b"Content-Length: 99\r\n\r\n{"), "DisconnectedError", 3),
    "truncated chunk": Case(
        ending(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"), "DisconnectedError", 3
    ),
    "bad chunk": Case(answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "ProtocolError"),
    "not http": Case(answering(b"nonsense"), "ProtocolError"),
    "upgrade": Case(answering(b"HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n"), "ProtocolError"),
    "two lengths": Case(
        answering(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), "ProtocolError"
    ),
    "length and chunked": Case(
        answering(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
        "ProtocolError",
    ),
    "folded length": Case(answering(OK + b"Content-Length:\r\n 2\r\n\r\n{}"), "ProtocolError"),
    "too large": Case(profile_of(b"x" * 2_000_000), "BodyTooLargeError"),
    "gzip": Case(profile_of(b"\x1f\x8b\x08", b"Content-Encoding: gzip\r\n"), "DecodeError"),
    "no content": Case(answering(b"HTTP/1.1 204 x\r\n\r\n"), "DecodeError"),
    "redirect": Case(status(302, b"Location: http://127.0.0.1:1/\r\n"), "RedirectError"),
    "401": Case(status(401), "UnauthorizedError"),
    "429": Case(status(429), "RateLimitedError", 3, 3),
    "503": Case(status(503), "ServerError", 3),
    "429 for an hour": Case(status(429, b"Retry-After: 3600\r\n"), "RateLimitedError"),
}


def outcome(call: Callable[..., Any], script: Script, operation: str) -> dict[str, Any]:
    """Make a call; return its result, and what the server received."""
    with FaultServer(*[script] * 3) as server:
        try:
            call(operation, server.origin)
            error: UsersManagerError | None = None
        except UsersManagerError as caught:
            error = caught
    return {
        "error": type(error).__name__,
        # Each server has another port.
        "message": str(error).replace(server.origin, "ORIGIN"),
        "sent": error.sent if isinstance(error, TransportError) else None,
        "reason": error.reason if isinstance(error, TransportError) else None,
        "connections": server.connections,
        "requests": [re.sub(rb"Host: .*", b"Host:", sent) for sent in server.requests],
    }


@pytest.mark.parametrize("operation", ["get_info", "impersonate"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_the_same_outcome_over_every_transport(
    name: str, operation: str, impersonation: Callable[..., Any]
) -> None:
    from tests.conftest import Mode

    case = FAULTS[name]

    def outcome_over(mode: str, transport: str) -> dict[str, Any]:
        def call(method: str, origin: str) -> Any:
            arguments = ("a-token",) if method == "get_info" else ("u", impersonation())
            return Mode(mode).call(
                method,
                *arguments,
                base_url=origin,
                transport=transport,
                plugins=[Retry(wait=wait_none() if "hour" not in name else None)],
                timeout=1.0 if name == "silent" else 5.0,
            )

        return outcome(call, case.script, operation)

    with ThreadPoolExecutor() as threads:
        first, *others = threads.map(lambda names: outcome_over(*names), TRANSPORTS)
    for other in others:
        assert other == first
    assert first["error"] == case.error
    assert len(first["requests"]) == getattr(case, operation)


def test_a_lost_reused_connection_has_the_same_outcome_over_every_transport() -> None:
    from tests.conftest import Mode

    def respond_once(peer: Peer) -> None:
        peer.request()
        peer.send(profile("one"))
        peer.request()

    for mode, transport in TRANSPORTS:
        with FaultServer(respond_once) as server:
            calls: list[Any] = [("get_info", (name,), {}) for name in ("one", "two")]
            profiles = Mode(mode).calls(calls, base_url=server.origin, transport=transport)
            assert [profile.sub for profile in profiles] == ["one", "two"]
            assert (server.connections, len(server.requests)) == (2, 3)
