"""Rows of the contract: what must not leak, be followed, be trusted, or be remembered."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path
from unittest import mock

from ..fault_server import FaultServer, Peer, Script, profile
from .cases import HEADERS, Contract, answering, ending, make_request, subject

__all__ = ["CANARY", "SecurityRows", "shown"]

CANARY = "canary-4f1d0c9ab2e7"


def shown(error: BaseException) -> str:
    """All that an error and whatever hangs on it could show, locals of frames included."""
    seen: list[str] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        seen += [repr(one), str(one), f"{one}", repr(one.args), repr(vars(one))]
        seen += getattr(one, "__notes__", [])
        waiting += [one.__cause__, one.__context__]
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    # The lines of source are the test's own.
    frames = [frame for frame in told.stack if "/testing/" not in frame.filename]
    return "\n".join(seen + [repr(frame.locals) for frame in frames])


class SecurityRows(Contract):
    """Threats."""

    def test_the_request_on_the_wire_is_exactly_this(self) -> None:
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server, "t", headers={**HEADERS, "X-Mixed-Case": "a  b"}))
            client.send(make_request(server, "t", idempotent=False))
        host = server.origin.partition("://")[2]
        assert server.requests[0].decode() == (
            f"GET /userinfo HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: contract\r\nX-Mixed-Case: a  b\r\n"
            "Accept-Encoding: identity\r\nAuthorization: Bearer t\r\n\r\n"
        )
        assert server.requests[1].decode() == (
            f"POST /userinfo HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: contract\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n"
            'Content-Length: 22\r\nAuthorization: Bearer t\r\n\r\n{"protocol": "oauth2"}'
        )

    def test_nothing_is_added_to_a_request_without_a_user_agent(self) -> None:
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server, headers={}))
        names = [line.split(b":")[0] for line in server.requests[0].split(b"\r\n")[1:-2]]
        assert names == [b"Host", b"Accept-Encoding", b"Authorization"]

    def test_a_path_is_sent_as_it_is(self) -> None:
        targets = [
            "/users/auth0%7C1%2F..%2F%2E%2E/impersonate",
            "/a/%C3%A9%25%20%3F%23/userinfo",
            "/a-._~!$&'()*+,;=:@/userinfo",
        ]
        with FaultServer() as server, self.client() as client:
            for target in targets:
                client.send(make_request(server, target=target))
        sent = [one.split(b" ", 2)[1].decode() for one in server.requests]
        assert sent == targets

    def test_a_redirect_is_not_followed(self) -> None:
        for status in (300, 301, 302, 303, 304, 305, 307, 308):
            with FaultServer() as elsewhere:
                location = f"Location: {elsewhere.origin}/x\r\n"
                head = f"HTTP/1.1 {status} Elsewhere\r\n{location}Content-Length: 0\r\n\r\n"
                for idempotent in (True, False):
                    script = answering(head.encode())
                    with FaultServer(script) as server, self.client() as client:
                        assert (
                            client.send(make_request(server, idempotent=idempotent)).status
                            == status
                        )
                        assert len(server.requests) == 1
                assert elsewhere.connections == 0

    def test_cookies_are_not_kept(self) -> None:
        # By name: cookie jars ignore IP addresses, and the row would prove nothing.
        cookie = "Set-Cookie: session=alice; Path=/\r\n"
        script = answering(profile("alice", headers=cookie))
        with FaultServer(script, host="localhost") as server, self.client() as client:
            for token in ("alice", "bob"):
                client.send(make_request(server, token))
        assert not any(b"cookie" in one.lower() for one in server.requests)

    def test_the_environment_sets_no_proxy_and_no_credentials(self) -> None:
        with tempfile.TemporaryDirectory() as folder, FaultServer() as trap:
            netrc = Path(folder, "netrc")
            netrc.write_text("default login mallory password secret\n")
            names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
            poisoned = {"NETRC": str(netrc), **dict.fromkeys(names, trap.origin), "NO_PROXY": ""}
            with mock.patch.dict(os.environ, poisoned):
                with FaultServer(host="localhost") as server, self.client() as client:
                    assert subject(client.send(make_request(server, "mine"))) == "mine"
                assert b"Authorization: Bearer mine\r\n" in server.requests[0]
            assert trap.connections == 0

    def test_a_compressed_body_is_not_decompressed(self) -> None:
        import gzip

        bomb = gzip.compress(b"0" * 50_000_000)
        for coding in ("gzip", "deflate", "br", "zstd"):
            fields = f"Content-Encoding: {coding}\r\nContent-Length: {len(bomb)}\r\n"
            head = f"HTTP/1.1 200 OK\r\n{fields}\r\n"
            with FaultServer(answering(head.encode() + bomb)) as server, self.client() as client:
                # Compared apart: a diff of 50 MB would take pytest minutes.
                as_sent = client.send(make_request(server)).body == bomb
                assert as_sent, f"a body of {coding} was decompressed"
                assert b"Accept-Encoding: identity\r\n" in server.requests[0]

    def test_no_error_shows_the_token(self) -> None:
        def silent(peer: Peer) -> None:
            peer.request()
            peer.stall()

        scripts: dict[str, Script] = {
            "reset": ending(b"", reset=True),
            "closed": ending(b""),
            "not http": answering(b"nonsense " + CANARY.encode() + b"\r\n\r\n"),
            "bad header": answering(b"HTTP/1.1 200 OK\r\n" + CANARY.encode() + b"\r\n\r\n"),
            "truncated": ending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + CANARY.encode()),
            "silent": silent,
        }
        for name, script in scripts.items():
            for idempotent in (True, False):
                with FaultServer(script) as server, self.client() as client:
                    request = make_request(server, CANARY, timeout=0.3, idempotent=idempotent)
                    error = self.refused(client, request, as_manager=True)
                    assert CANARY not in shown(error), name
                    assert error.__cause__ is error.__context__ is None, name
