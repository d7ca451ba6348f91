"""SocksTransport, over a SOCKS5 server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from sockets_usersmanager import SocksTransport
from socks_server import SocksServer

from usersmanager import (
    AsyncUsersManager,
    ConnectError,
    UsersManager,
)
from usersmanager.testing import (
    FaultServer,
    StrictAsyncTransportContract,
    StrictTransportContract,
)
from usersmanager.testing.certificates import client_context, server_context


class Served:
    """Cases over a SOCKS server, which each case has for itself."""

    server: ClassVar[SocksServer]

    @pytest.fixture(autouse=True)
    def socks_server(self) -> Iterator[None]:
        with SocksServer() as server:
            type(self).server = server
            yield

    def transport(self, **settings: Any) -> SocksTransport:
        return SocksTransport(self.server.url, **settings)


class TestSync(Served, StrictTransportContract):
    exempt: ClassVar = {
        "test_a_slow_name_resolution_keeps_to_the_deadline": (
            "python-socks resolves the name of the proxy in the caller's thread, where nothing can"
            " interrupt it"
        )
    }


class TestAsyncio(Served, StrictAsyncTransportContract):
    pass


def ask(style: str, origin: str, transport: SocksTransport, **settings: Any) -> str:
    """Return the subject of a profile."""

    async def ask_async() -> str:
        async with AsyncUsersManager(
            origin, transport=transport, discover=False, **settings
        ) as users:
            return (await users.get_info("mine")).sub

    if style == "asyncio":
        return asyncio.run(ask_async())
    with UsersManager(origin, transport=transport, discover=False, **settings) as users:
        return users.get_info("mine").sub


@pytest.fixture(params=["sync", "asyncio"])
def style(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_the_proxy_resolves_the_name_of_an_https_origin(style: str) -> None:
    with (
        SocksServer(password="pass w:rd") as socks,
        FaultServer(ssl_context=server_context(), host="localhost") as server,
    ):
        transport = SocksTransport(
            f"socks5://user:pass%20w%3Ard@127.0.0.1:{socks.port}", ssl_context=client_context()
        )
        assert ask(style, server.origin, transport) == "mine"
        assert socks.asked == [("localhost", server.port)]


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_a_connect_error(style: str, password: str) -> None:
    with SocksServer(password="right") as socks, FaultServer() as server:
        url = socks.url.replace("user:right@", f"user:{password}@" if password else "")
        with pytest.raises(ConnectError) as caught:
            ask(style, server.origin, SocksTransport(url))
        assert (caught.value.reason, caught.value.sent) == ("proxy_refused", False)
        assert "wrong" not in repr(caught.value)
        assert server.connections == 0


def test_a_proxy_that_is_silent_is_a_connect_timeout(style: str) -> None:
    with SocksServer(stalls=True) as socks, FaultServer() as server:
        transport = SocksTransport(socks.url, connect_timeout=0.2)
        with pytest.raises(ConnectError) as caught:
            ask(style, server.origin, transport)
        assert caught.value.reason == "connect_timeout"
