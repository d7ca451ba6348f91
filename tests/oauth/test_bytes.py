"""The operations of OAuth 2.0 over every transport, in both modes: the bytes of the requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.oauth.support import ACCESS_TOKEN
from tests.transports.calls import TRANSPORTS

from usersmanager import UsersManager
from usersmanager.oauth import (
    ClientSecretBasic,
    ClientSecretPost,
    PublicClient,
    exchange_token,
    introspect_token,
    revoke_token,
)
from usersmanager.testing import FaultServer, Peer

BASIC = ClientSecretBasic("a b", "c:d")
BODY = (
    b'{"active": true, "access_token": "t", "token_type": "Bearer",'
    b' "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}'
)
EXCHANGE = exchange_token(
    "t~",
    actor_token="a/t",
    actor_token_type=ACCESS_TOKEN,
    audience=["x", "y z"],
    resource="https://r.example/?a=b",
    scope=["s1", "s2"],
    extra={"organization": "örg"},
    headers={"auth0-forwarded-for": "203.0.113.7"},
    client=BASIC,
)
URN = b"urn%3Aietf%3Aparams%3Aoauth%3A"
TYPE = URN + b"token-type%3Aaccess_token"

# The operation, the path, its own header fields, and the body.
CASES = [
    (
        EXCHANGE,
        "/oauth/token",
        {"authorization": "Basic YStiOmMlM0Fk", "auth0-forwarded-for": "203.0.113.7"},
        b"grant_type=" + URN + b"grant-type%3Atoken-exchange&subject_token=t%7E"
        b"&subject_token_type=" + TYPE + b"&actor_token=a%2Ft&actor_token_type=" + TYPE + b"&"
        b"audience=x&audience=y+z&resource=https%3A%2F%2Fr.example%2F%3Fa%3Db&scope=s1+s2"
        b"&organization=%C3%B6rg",
    ),
    (
        introspect_token("t", "access_token", client=ClientSecretPost("c", "s&t")),
        "/introspect",
        {},
        b"token=t&token_type_hint=access_token&client_id=c&client_secret=s%26t",
    ),
    (revoke_token("t", client=PublicClient("c")), "/oauth/revoke", {}, b"token=t&client_id=c"),
]


def respond(peer: Peer) -> None:
    while peer.request():
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % len(BODY) + BODY)


def perform(transport: str, base_url: str) -> list[Any]:
    """Return the results of all cases with one manager."""
    manager_class, transport_class = TRANSPORTS[transport]
    endpoints = {"introspection_endpoint": f"{base_url}/introspect"}
    settings = {"transport": transport_class(), "discover": False, "endpoints": endpoints}
    if manager_class is UsersManager:
        with UsersManager(base_url, **settings) as users:
            return [users.call(case[0]) for case in CASES]

    async def main() -> list[Any]:
        async with manager_class(base_url, **settings) as users:
            return [await users.call(case[0]) for case in CASES]

    return asyncio.run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_transport_sends_the_same_bytes(transport: str) -> None:
    with FaultServer(otherwise=respond) as server:
        issued, info, revoked = perform(transport, server.origin)
    assert (issued.access_token, bool(info), revoked) == ("t", True, None)
    for received, (_, path, fields, body) in zip(server.requests, CASES, strict=True):
        head, _, content = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        assert (first, content) == (f"POST {path} HTTP/1.1", body)
        sent = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        # The server and whether a connection is kept are no part of an operation.
        del sent["host"]
        assert (sent.pop("connection", None) == "close") == (path == "/oauth/token")
        assert sent == {
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-length": str(len(body)),
            "content-type": "application/x-www-form-urlencoded",
            **fields,
        }
