"""Every kind of operation over every transport, in both modes: the bytes that a server receives."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.transports.calls import TRANSPORTS

from usersmanager import UsersManager
from usersmanager.operations import Bearer, Operation, Request, Secret, read_json
from usersmanager.testing import FaultServer, Peer

FORM = "application/x-www-form-urlencoded"
SETTINGS = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}


class Post:
    """A client whose secret is in the form."""

    def authorize(self, request: Request) -> Request:
        return request.with_form({"client_id": "c", "client_secret": Secret("s/é~")})


class Basic:
    def authorize(self, request: Request) -> Request:
        return request.with_token("Yzpz", scheme="Basic")


def operation(method: Any, **settings: Any) -> Operation[Any]:
    return Operation(
        "op", method, path="/a/{b}", arguments={"b": "c|d"}, read=read_json, **settings
    )


FIELDS = {"scope": "a b", "audience": ["x", "y/ö"], "resource": ["https://r.example/?a=b"]}
TOKEN = {"authorization": "Bearer t"}

# What is called, the request line, the header fields beside those of every request, and the body.
CASES: list[tuple[Any, str, dict[str, str], bytes]] = [
    (lambda users: users.get_info("t"), "GET /userinfo", TOKEN, b""),
    (
        lambda users: users.impersonate("a|b", SETTINGS),
        "POST /users/a%7Cb/impersonate",
        {**TOKEN, "accept": "text/plain, */*;q=0.5", "content-type": "application/json"},
        b'{"impersonator_id": "i", "protocol": "oauth2"}',
    ),
    (
        lambda users: users.call(operation("GET", query={"q": ["1", "ä b"]})),
        "GET /a/c%7Cd?q=1&q=%C3%A4%20b",
        {},
        b"",
    ),
    (
        lambda users: users.call(operation("POST", form=FIELDS, credential=Post())),
        "POST /a/c%7Cd",
        {"content-type": FORM},
        b"scope=a+b&audience=x&audience=y%2F%C3%B6&resource=https%3A%2F%2Fr.example%2F%3Fa%3Db"
        b"&client_id=c&client_secret=s%2F%C3%A9%7E",
    ),
    (
        lambda users: users.call(operation("POST", form=FIELDS, credential=Basic())),
        "POST /a/c%7Cd",
        {"content-type": FORM, "authorization": "Basic Yzpz"},
        b"scope=a+b&audience=x&audience=y%2F%C3%B6&resource=https%3A%2F%2Fr.example%2F%3Fa%3Db",
    ),
    (
        lambda users: users.call(operation("PUT", json={"a": Secret("é")}, credential=Bearer("t"))),
        "PUT /a/c%7Cd",
        {**TOKEN, "content-type": "application/json"},
        '{"a": "é"}'.encode(),
    ),
    (
        lambda users: users.call(operation("PATCH", json=[1], headers={"X-A": "1"}, accept="a/b")),
        "PATCH /a/c%7Cd",
        {"content-type": "application/json", "x-a": "1", "accept": "a/b"},
        b"[1]",
    ),
    (lambda users: users.call(operation("POST")), "POST /a/c%7Cd", {"content-length": "0"}, b""),
    (lambda users: users.call(operation("DELETE")), "DELETE /a/c%7Cd", {}, b""),
]


def respond(peer: Peer) -> None:
    """Answer as all operations expect."""
    while request := peer.request():
        is_link = b"/impersonate" in request
        content = b"https://link.example/x" if is_link else b'{"sub": "u"}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % len(content) + content)


def perform(transport: str, base_url: str) -> list[Any]:
    """Return the results of all cases with one manager."""
    manager_class, transport_class = TRANSPORTS[transport]
    settings = {"transport": transport_class(), "discover": False}
    if manager_class is UsersManager:
        with UsersManager(base_url, **settings) as users:
            return [case[0](users) for case in CASES]

    async def main() -> list[Any]:
        async with manager_class(base_url, **settings) as users:
            return [await case[0](users) for case in CASES]

    return asyncio.run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_transport_sends_an_operation_byte_for_byte(transport: str) -> None:
    with FaultServer(otherwise=respond) as server:
        results = perform(transport, server.origin)
    assert results[1] == "https://link.example/x"
    assert results[:1] + results[2:] == [{"sub": "u"}] * (len(CASES) - 1)
    for received, (_, start, fields, body) in zip(server.requests, CASES, strict=True):
        head, _, content = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        assert (first, content) == (f"{start} HTTP/1.1", body)
        sent = dict(line.split(": ", 1) for line in lines)
        # The server and whether a connection is kept are no part of an operation.
        own = {name.lower(): value for name, value in sent.items()}
        del own["host"]
        own.pop("connection", None)
        expected = {"accept": "application/json", "accept-encoding": "identity", **fields}
        if body:
            expected["content-length"] = str(len(body))
        assert own == expected
