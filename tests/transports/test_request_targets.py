"""The request line, as every transport writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest
import urllib3
from tests.transports.calls import TRANSPORTS

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager.testing import FaultServer
from usersmanager_aiohttp import ClientSessionTransport
from usersmanager_urllib3 import PoolManagerTransport

Fetch = Callable[..., None]
TARGETS = [
    "/oauth2/userInfo",
    "/connect/userinfo/",
    "//userinfo",
    "/a//b///",
    "/@acme:x/me",
    "/%41%2F/me",
    "/services?v=/2&@=%3D%2F&&x?",
    "/?a:b=//c",
]
# urllib3's pools write escapes in upper case, and aiohttp's sessions drop an empty query.
OWN_TARGETS = [*TARGETS, "/%7e%2fme", "/me?"]


def _fetch(manager: type[Any], transport: Any, base_url: str, settings: dict[str, Any]) -> None:
    with manager(base_url, transport=transport, discover=False, **settings) as users:
        users.get_info("a-token")


async def _afetch(
    manager: type[Any], transport: Any, base_url: str, settings: dict[str, Any]
) -> None:
    async with manager(base_url, transport=transport, discover=False, **settings) as users:
        await users.get_info("a-token")


def fetch_over(name: str) -> Fetch:
    manager, transport = TRANSPORTS[name]

    def fetch(base_url: str, **settings: Any) -> None:
        if manager is UsersManager:
            _fetch(manager, transport(), base_url, settings)
        else:
            asyncio.run(_afetch(manager, transport(), base_url, settings))

    return fetch


def fetch_over_pool_manager(base_url: str, **settings: Any) -> None:
    with urllib3.PoolManager() as pools:
        _fetch(UsersManager, PoolManagerTransport(pools), base_url, settings)


def fetch_over_session(base_url: str, **settings: Any) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            transport = ClientSessionTransport(session)
            await _afetch(AsyncUsersManager, transport, base_url, settings)

    asyncio.run(main())


OWN = {name: fetch_over(name) for name in TRANSPORTS}
EXTERNAL = {"pool manager": fetch_over_pool_manager, "session": fetch_over_session}


@pytest.fixture(scope="module")
def shared_server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@contextmanager
def requests_of(server: FaultServer) -> Iterator[list[bytes]]:
    """Yield a list that is filled with the requests of the block."""
    before, requests = len(server.requests), list[bytes]()
    yield requests
    requests += server.requests[before:]


@pytest.mark.parametrize("name", [*OWN, *EXTERNAL])
def test_the_endpoint_of_a_provider_is_requested_exactly_as_written(
    shared_server: FaultServer, name: str
) -> None:
    fetch = (OWN | EXTERNAL)[name]
    for target in OWN_TARGETS if name in OWN else TARGETS:
        with requests_of(shared_server) as requests:
            endpoints = {"userinfo_endpoint": shared_server.origin + target}
            fetch(shared_server.origin, endpoints=endpoints)
        lines = [request.partition(b"\r\n")[0].decode() for request in requests]
        assert lines == [f"GET {target} HTTP/1.1"]


@pytest.mark.parametrize("fetch", [*OWN.values(), *EXTERNAL.values()], ids=[*OWN, *EXTERNAL])
def test_a_userinfo_request_by_post_has_an_empty_body(
    shared_server: FaultServer, fetch: Fetch
) -> None:
    with requests_of(shared_server) as requests:
        fetch(shared_server.origin, userinfo_method="POST")
    (request,) = requests
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.lower().split(b"\r\n")
    assert line == b"post /userinfo http/1.1"
    assert [field for field in fields if field.startswith(b"content-")] == [b"content-length: 0"]
    assert b"authorization: bearer a-token" in fields
    assert not any(field.startswith(b"transfer-encoding") for field in fields)
    assert body == b""
