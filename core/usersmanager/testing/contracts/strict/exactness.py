"""Strict cases: messages, byte for byte."""

from __future__ import annotations

from ...fault_server import FaultServer
from ..cases import HEADERS, make_request
from ..scripts import answering
from .faults import StrictCases

__all__ = ["ExactnessCases"]

# Every character that a token may contain: visible ASCII without comma and double quote.
_TOKEN = bytes(code for code in range(0x21, 0x7F) if code not in b',"').decode()


class ExactnessCases(StrictCases):
    """Messages, byte for byte."""

    def test_a_request_is_sent_byte_for_byte(self) -> None:
        rule = "a request must be sent as it is: no header added, dropped or changed"
        with FaultServer() as server, self.client() as client:
            headers = {**HEADERS, "X-Mixed-Case": "a  b"}
            client.send(make_request(server, _TOKEN, headers=headers))
            client.send(make_request(server, _TOKEN, idempotent=False))
        host = server.origin.partition("://")[2]
        assert server.requests[0].decode() == (
            f"GET /userinfo HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: contract\r\nX-Mixed-Case: a  b\r\n"
            f"Accept-Encoding: identity\r\nAuthorization: Bearer {_TOKEN}\r\n\r\n"
        ), rule
        assert server.requests[1].decode() == (
            f"POST /userinfo HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nUser-Agent: contract\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n"
            f"Content-Length: 22\r\nAuthorization: Bearer {_TOKEN}\r\n\r\n"
            '{"protocol": "oauth2"}'
        ), rule

    def test_no_default_headers_are_added(self) -> None:
        with FaultServer() as server, self.client() as client:
            client.send(make_request(server, headers={}))
        names = [line.split(b":")[0] for line in server.requests[0].split(b"\r\n")[1:-2]]
        expected = [b"Host", b"Accept-Encoding", b"Authorization"]
        assert names == expected, "a transport must not add headers such as User-Agent"

    def test_repeated_header_fields_are_kept_apart(self) -> None:
        script = answering(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n")
        with FaultServer(script) as server, self.client() as client:
            values = client.send(make_request(server)).headers.getall("X-A")
        assert values == ["1", "2"], f"repeated fields must be returned one by one, not {values!r}"
