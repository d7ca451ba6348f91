"""Basic cases: the request that is sent, and the response that is returned."""

from __future__ import annotations

import gzip

from ....errors import TransportError
from ...fault_server import FaultServer
from ..cases import HEADERS, Contract, make_request
from ..scripts import answering, ending, serving

__all__ = ["MessageCases"]

STATUSES = (200, 201, 299, 400, 401, 403, 404, 418, 429, 451, 499, 500, 503, 520, 599, 999)
EMPTY = (
    b"204 No Content\r\n",
    b"200 OK\r\nContent-Length: 0\r\n",
    b"404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
)
# Those whose requests have a length even without a body have an empty one (RFC 9110, section 8.6).
METHODS: list[tuple[str, bytes | None]] = [
    *[("GET", None), ("DELETE", None), ("DELETE", b"{}")],
    *[(method, body) for method in ("POST", "PUT", "PATCH") for body in (b"", b"{}")],
]
BINARY = bytes(range(256)) * 4


class MessageCases(Contract):
    """The request that is sent, and the response that is returned."""

    def test_every_status_is_returned(self) -> None:
        def respond(request: bytes) -> bytes:
            status = request.split(b" ")[1].removeprefix(b"/")
            return b"HTTP/1.1 %b Whatever\r\nContent-Length: 2\r\n\r\n{}" % status

        with FaultServer(otherwise=serving(respond)) as server, self.client() as client:
            for status in STATUSES:
                response = client.send(make_request(server, target=f"/{status}"))
                assert response.status == status, (
                    f"the status {status} must be returned, not {response.status}"
                )
                assert response.body == b"{}", f"the body of a {status} must be returned"
        assert len(server.requests) == len(STATUSES), (
            "a transport must send a request once, whatever the status of its response"
        )

    def test_a_body_is_returned_as_it_was_sent(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-16\r\n"
        chunks = b"3ff\r\n%b\r\n1\r\n%b\r\n0\r\n\r\n" % (BINARY[:-1], BINARY[-1:])
        for framing, response in {
            "a Content-Length": head + b"Content-Length: 1024\r\n\r\n" + BINARY,
            "chunks": head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks,
            "the end of the connection": head + b"Connection: close\r\n\r\n" + BINARY,
        }.items():
            with FaultServer(ending(response)) as server, self.client() as client:
                body = client.send(make_request(server)).body
            rule = f"a body delimited by {framing} must be returned byte for byte"
            assert body == BINARY, f"{rule}, not as {body[:40]!r}..."

    def test_an_empty_body_is_returned_empty(self) -> None:
        for head in EMPTY:
            response = b"HTTP/1.1 " + head + b"\r\n"
            with FaultServer(answering(response)) as server, self.client() as client:
                body = client.send(make_request(server)).body
            assert body == b"", f"the body of {head!r} must be returned empty, not as {body!r}"

    def test_a_compressed_body_is_not_decompressed(self) -> None:
        body = gzip.compress(b"0" * 2_000_000)
        for coding in ("gzip", "deflate", "br", "zstd"):
            fields = f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n"
            head = f"HTTP/1.1 200 OK\r\n{fields}\r\n"
            with FaultServer(answering(head.encode() + body)) as server, self.client() as client:
                # Compare outside of the assertion: a diff of megabytes would take minutes.
                unchanged = client.send(make_request(server)).body == body
            assert unchanged, f"a body of Content-Encoding {coding} must not be decompressed"

    def test_a_body_of_a_megabyte_is_returned_whole(self) -> None:
        body = BINARY * 976
        sized = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        for framed in (sized, chunked):
            script = answering(b"HTTP/1.1 200 OK\r\n" + framed)
            with FaultServer(script) as server, self.client() as client:
                whole = client.send(make_request(server)).body == body
            assert whole, "a body of 1 MB must be returned whole"

    def test_a_body_of_many_megabytes_is_an_error(self) -> None:
        size = 32 << 20
        script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        with FaultServer(script) as server, self.client() as client:
            fault = "a body of 32 MiB (give up beyond a limit, such as 1 MiB)"
            self.assert_fails(client, make_request(server), TransportError, fault, sent=True)

    def test_header_fields_are_returned_by_name_and_value(self) -> None:
        lines = (
            b'X-One: 1\r\nx-lower: two  words\r\nWWW-Authenticate: Bearer error="invalid_token"\r\n'
            b"X-Empty:\r\nX-Repeated: a\r\nX-Repeated: b, c\r\nContent-Length: 0\r\n"
        )
        script = answering(b"HTTP/1.1 401 Unauthorized\r\n" + lines + b"\r\n")
        with FaultServer(script) as server, self.client() as client:
            headers = client.send(make_request(server)).headers
        for name, value in {
            "x-one": "1",
            "X-Lower": "two  words",
            "WWW-Authenticate": 'Bearer error="invalid_token"',
            "X-Empty": "",
            # Several lines mean the same as one (RFC 9110, section 5.3).
            "X-Repeated": "a, b, c",
        }.items():
            returned = headers.getall(name, ["(nothing)"])
            assert ", ".join(returned) == value, f"{name} must be {value!r}, not {returned!r}"

    def test_a_request_is_sent_as_it_is(self) -> None:
        with FaultServer() as server, self.client() as client:
            headers = {**HEADERS, "X-Custom": "a; b=c"}
            for idempotent in (True, False):
                request = make_request(server, idempotent=idempotent, headers=headers)
                client.send(request)
                head, _, body = server.requests[-1].decode().partition("\r\n\r\n")
                start, *lines = head.split("\r\n")
                assert start == f"{request.method} {request.target} HTTP/1.1", (
                    f"method and target must be sent as they are, not as {start!r}"
                )
                assert body == (request.body or b"").decode(), "a body must be sent as it is"
                for name, value in request.headers_to_send().items():
                    sent = _values(lines, name)
                    assert sent == [value], f"{name} must be sent once, as {value!r}, not {sent!r}"

    def test_a_form_is_sent_byte_for_byte(self) -> None:
        body = b"a=1&a=2&b=x+y%2B%7E&c=&d=*%26%3D%25%C3%A9&a=3"
        headers = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
        with FaultServer() as server, self.client() as client:
            for idempotent in (True, False):
                request = make_request(
                    server, method="POST", idempotent=idempotent, headers=headers, body=body
                )
                client.send(request)
                head, _, sent = server.requests[-1].partition(b"\r\n\r\n")
                assert sent == body, (
                    f"a form must be sent byte for byte, repeated fields included, not as {sent!r}"
                )
                for name, value in request.headers_to_send().items():
                    values = _values(head.decode().split("\r\n")[1:], name)
                    assert values == [value], f"{name} must be {value!r}, not {values!r}"

    def test_every_method_is_sent_as_it_is(self) -> None:
        with FaultServer() as server, self.client() as client:
            for method, body in METHODS:
                request = make_request(server, method=method, body=body)
                client.send(request)
                head, _, sent = server.requests[-1].partition(b"\r\n\r\n")
                start, *lines = head.decode().split("\r\n")
                rule = f"{method} with the body {body!r} must be sent as it is"
                assert start == f"{method} {request.target} HTTP/1.1", f"{rule}, not {start!r}"
                assert sent == (body or b""), f"{rule}, not with {sent!r}"
                # Some libraries add the length of no body.
                lengths = [[], ["0"]] if body is None else [[str(len(body))]]
                assert _values(lines, "Content-Length") in lengths, f"{rule}: {lines}"
                coding = _values(lines, "Transfer-Encoding")
                assert coding == [], f"{rule}, without a Transfer-Encoding"

    def test_a_target_is_sent_as_it_is(self) -> None:
        targets = [
            "/users/auth0%7C1%2F..%2F%2E%2E/impersonate",
            "/a/%C3%A9%25%20%3F%23/userinfo",
            "/a-._~!$&'()*+,;=:@/userinfo",
            "/a//userInfo/?v=/2&w=a@b",
        ]
        with FaultServer() as server, self.client() as client:
            for target in targets:
                client.send(make_request(server, target=target))
        sent = [request.split(b" ", 2)[1].decode() for request in server.requests]
        assert sent == targets, f"a target must not be normalized or encoded again: {sent}"


def _values(lines: list[str], name: str) -> list[str]:
    """Return the values of the fields with a name."""
    fields = [line.partition(":") for line in lines]
    return [value.strip() for key, _, value in fields if key.lower() == name.lower()]
