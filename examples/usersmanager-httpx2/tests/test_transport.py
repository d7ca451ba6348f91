"""Beside the contract: the entry point, the size limit, and data that httpx2 buffers."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from unittest import mock

import pytest
import trustme
from httpx2_usersmanager import Httpx2Transport

from usersmanager import (
    AsyncUsersManager,
    BodyTooLargeError,
    DeadlineExceededError,
    UsersManager,
)
from usersmanager.testing import FaultServer, Peer, Sandbox
from usersmanager.testing.fault_server import profile


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox.add_user("auth0|ada", email="ada@example.com")


def test_it_is_found_by_name_for_sync_and_asyncio(sandbox: Sandbox) -> None:
    token = sandbox.issue_token("auth0|ada")
    with UsersManager(sandbox.base_url, transport="httpx2") as users:
        assert users.get_info(token).email == "ada@example.com"

    async def main() -> None:
        async with AsyncUsersManager(sandbox.base_url, transport="httpx2") as users:
            assert (await users.get_info(token)).email == "ada@example.com"

    asyncio.run(main())


def test_a_body_beyond_the_limit_is_refused(sandbox: Sandbox) -> None:
    token, transport = sandbox.issue_token("auth0|ada"), Httpx2Transport(max_response_bytes=10)
    with (
        UsersManager(sandbox.base_url, transport=transport) as users,
        pytest.raises(BodyTooLargeError),
    ):
        users.get_info(token)


def test_a_call_that_is_late_after_name_resolution_sends_nothing() -> None:
    resolve = socket.getaddrinfo

    def slow(*args: object, **kwargs: object) -> object:
        time.sleep(0.3)
        return resolve(*args, **kwargs)  # type: ignore[arg-type] # Any arguments are passed on.

    with FaultServer(host="localhost") as server, mock.patch("socket.getaddrinfo", slow):
        with (
            UsersManager(server.origin, transport="httpx2", timeout=0.1) as users,
            pytest.raises(DeadlineExceededError),
        ):
            users.get_info("a-token")
        assert server.requests == []


def test_an_unexpected_tls_record_never_answers_the_next_caller() -> None:
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)

    def respond_twice(peer: Peer) -> None:
        peer.request()
        peer.send(profile("alice"))
        peer.send(profile("attacker"))
        peer.wait_closed()

    async def main(origin: str) -> list[str]:
        transport = Httpx2Transport(ssl_context=client_context)
        async with AsyncUsersManager(origin, transport=transport, discover=False) as users:
            return [(await users.get_info(name)).sub for name in ("alice", "bob")]

    with FaultServer(respond_twice, ssl_context=server_context, host="localhost") as server:
        assert asyncio.run(main(server.origin)) == ["alice", "bob"]
