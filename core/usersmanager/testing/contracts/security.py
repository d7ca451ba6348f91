"""Test cases of the transport contracts: what must not be sent, followed, kept or revealed."""

from __future__ import annotations

import gzip
import os
import tempfile
import traceback
from pathlib import Path
from unittest import mock

from ...errors import TransportError
from ..fault_server import FaultServer, Peer, Script, profile
from .cases import HEADERS, Contract, answering, ending, make_request, with_short_timeout

__all__ = ["SECRET_TOKEN", "SecurityCases", "rendered"]

SECRET_TOKEN = "secret-4f1d0c9ab2e7"


def rendered(error: BaseException) -> str:
    """Return all text of an error: its chain of errors, their notes and the locals of frames."""
    texts: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        link = pending.pop()
        if link is None:
            continue
        texts += [repr(link), str(link), f"{link}", repr(link.args), repr(vars(link))]
        texts += getattr(link, "__notes__", [])
        pending += [link.__cause__, link.__context__]
    stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    # The frames of the test itself hold the token.
    frames = [frame for frame in stack if "/testing/" not in frame.filename]
    return "\n".join(texts + [repr(frame.locals) for frame in frames])


class SecurityCases(Contract):
    """What must not be sent, followed, kept or revealed."""

    def test_a_request_is_sent_byte_for_byte(self) -> None:
        rule = "a request must be sent as it is: no header added, dropped or changed"
        with FaultServer() as server, self.client() as client:
            headers = {**HEADERS, "X-Mixed-Case": "a  b"}
            client.send(make_request(server, "t", headers=headers))
            client.send(make_request(server, "t", idempotent=False))
        host = server.origin.partition("://")[2]
        assert server.requests[0].decode() == (
            f"GET /userinfo HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: contract\r\nX-Mixed-Case: a  b\r\n"
            "Accept-Encoding: identity\r\nAuthorization: Bearer t\r\n\r\n"
        ), rule
        assert server.requests[1].decode() == (
            f"POST /userinfo HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: contract\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n"
            'Content-Length: 22\r\nAuthorization: Bearer t\r\n\r\n{"protocol": "oauth2"}'
        ), rule

    def test_no_default_headers_are_added(self) -> None:
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server, headers={}))
        names = [line.split(b":")[0] for line in server.requests[0].split(b"\r\n")[1:-2]]
        expected = [b"Host", b"Accept-Encoding", b"Authorization"]
        assert names == expected, "a transport must not add headers such as User-Agent"

    def test_a_path_is_sent_unchanged(self) -> None:
        targets = [
            "/users/auth0%7C1%2F..%2F%2E%2E/impersonate",
            "/a/%C3%A9%25%20%3F%23/userinfo",
            "/a-._~!$&'()*+,;=:@/userinfo",
        ]
        with FaultServer() as server, self.client() as client:
            for target in targets:
                client.send(make_request(server, target=target))
        sent = [request.split(b" ", 2)[1].decode() for request in server.requests]
        assert sent == targets, "a path must not be normalized or encoded again"

    def test_a_redirect_is_not_followed(self) -> None:
        for status in (300, 301, 302, 303, 304, 305, 307, 308):
            with FaultServer() as elsewhere:
                location = f"Location: {elsewhere.origin}/x\r\n"
                head = f"HTTP/1.1 {status} Elsewhere\r\n{location}Content-Length: 0\r\n\r\n"
                for idempotent in (True, False):
                    script = answering(head.encode())
                    with FaultServer(script) as server, self.client() as client:
                        response = client.send(make_request(server, idempotent=idempotent))
                        assert response.status == status, f"a {status} must be returned"
                        assert len(server.requests) == 1, f"a {status} must not be followed"
                assert elsewhere.connections == 0, f"a {status} must not be followed"

    def test_cookies_are_not_kept(self) -> None:
        # Cookie jars ignore IP addresses: a host name is needed to see a cookie.
        cookie = "Set-Cookie: session=alice; Path=/\r\n"
        script = answering(profile("alice", headers=cookie))
        with FaultServer(script, host="localhost") as server, self.client() as client:
            for token in ("alice", "bob"):
                client.send(make_request(server, token))
        for request in server.requests:
            assert b"cookie" not in request.lower(), "a transport must not keep cookies"

    def test_proxies_and_credentials_of_the_environment_are_ignored(self) -> None:
        with tempfile.TemporaryDirectory() as folder, FaultServer() as proxy:
            netrc = Path(folder, "netrc")
            netrc.write_text("default login attacker password secret\n")
            names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
            variables = dict.fromkeys(names, proxy.origin)
            variables |= {"NETRC": str(netrc), "NO_PROXY": ""}
            with (
                mock.patch.dict(os.environ, variables),
                FaultServer(host="localhost") as server,
                self.client() as client,
            ):
                self.assert_own_response(client, server, "mine")
            authorized = b"Authorization: Bearer mine\r\n" in server.requests[0]
            assert authorized, "credentials of a netrc file must not be used"
            assert proxy.connections == 0, "proxies of the environment must not be used"

    def test_a_compressed_body_is_not_decompressed(self) -> None:
        body = gzip.compress(b"0" * 2_000_000)
        for coding in ("gzip", "deflate", "br", "zstd"):
            fields = f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n"
            head = f"HTTP/1.1 200 OK\r\n{fields}\r\n"
            with FaultServer(answering(head.encode() + body)) as server, self.client() as client:
                # Compared outside of the assertion: a diff of megabytes would take minutes.
                unchanged = client.send(make_request(server)).body == body
            assert unchanged, f"a body of Content-Encoding {coding} must not be decompressed"
            identity = b"Accept-Encoding: identity\r\n" in server.requests[0]
            assert identity, "a transport must not ask for compression"

    def test_no_error_shows_the_token(self) -> None:
        def silent(peer: Peer) -> None:
            peer.request()
            peer.stall()

        secret = SECRET_TOKEN.encode()
        scripts: dict[str, Script] = {
            "a reset": ending(b"", reset=True),
            "EOF": ending(b""),
            "a malformed status line": answering(b"nonsense " + secret + b"\r\n\r\n"),
            "a malformed header": answering(b"HTTP/1.1 200 OK\r\n" + secret + b"\r\n\r\n"),
            "EOF in a body": ending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + secret),
        }
        for fault, script in scripts.items():
            self._assert_secret(script, fault, timeout=5.0)
        with_short_timeout(
            lambda timeout: self._assert_secret(silent, "a silent server", timeout=timeout)
        )

    def _assert_secret(self, script: Script, fault: str, *, timeout: float) -> None:
        for idempotent in (True, False):
            with FaultServer(script) as server, self.client() as client:
                request = make_request(server, SECRET_TOKEN, timeout=timeout, idempotent=idempotent)
                error = self.assert_fails(
                    client, request, TransportError, fault, sent=True, as_manager=True
                )
            _assert_hidden(error, fault)


def _assert_hidden(error: TransportError, fault: str) -> None:
    """Check that neither an error nor one that it is chained to shows the token."""
    assert SECRET_TOKEN not in rendered(error), f"{fault}: an error must not show the token"
    chained = error.__cause__ or error.__context__
    assert chained is None, f"{fault}: an error must not carry another one, which may show it"
