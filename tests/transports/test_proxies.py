"""Requests through an explicit HTTP proxy, plain and tunnelled."""

from __future__ import annotations

import base64
import time
import traceback
from typing import Any

import pytest
from tests.transports.servers import tunnel

from usersmanager import ArgumentError, ConnectError
from usersmanager.testing import FaultServer, Peer, echo
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.contracts.cases import make_request
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport


def make_transport(mode: Any, **settings: Any) -> Any:
    return (Urllib3Transport if mode.name == "sync" else AiohttpTransport)(**settings)


def proxy_server(*scripts: Any, is_tls: bool) -> FaultServer:
    context = server_context() if is_tls else None
    return FaultServer(*scripts, ssl_context=context, host="localhost")


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_request_for_a_tls_origin_is_tunnelled_and_the_proxy_sees_no_token(
    mode: Any, is_tls: bool
) -> None:
    with (
        FaultServer(ssl_context=server_context(), host="localhost") as server,
        proxy_server(*[tunnel] * 3, is_tls=is_tls) as proxy,
    ):
        transport = make_transport(mode, proxy=proxy.origin, ssl_context=client_context())
        calls: list[Any] = [("get_info", (name,), {}) for name in ("one", "two")]
        profiles = mode.calls(calls, base_url=server.origin, transport=transport, discover=False)
    assert [profile.sub for profile in profiles] == ["one", "two"]
    assert server.connections == 1
    assert [sent.split(b" ")[0] for sent in proxy.requests] == [b"CONNECT"]
    assert b"Bearer" not in proxy.requests[0]


@pytest.mark.parametrize("is_tls", [False, True])
def test_proxy_credentials_are_sent_to_the_proxy_only(mode: Any, is_tls: bool) -> None:
    with (
        FaultServer(ssl_context=server_context(), host="localhost") as server,
        proxy_server(tunnel, echo, is_tls=is_tls) as proxy,
    ):
        for url in (server.origin, "http://id.example:8080"):
            address = proxy.origin.replace("://", "://us%40er:pass@")
            transport = make_transport(mode, proxy=address, ssl_context=client_context())
            settings = {"transport": transport, "discover": False, "allow_insecure": True}
            assert mode.call("get_info", "mine", base_url=url, **settings).sub == "mine"
    for sent in proxy.requests:
        assert b"\r\nproxy-authorization: basic dxnazxi6cgfzcw==\r\n" in sent.lower()
    assert b"proxy-authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("response", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100, b""])
def test_a_proxy_that_drips_its_response_is_given_up_in_time(mode: Any, response: bytes) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        peer.drip(response, every=0.1)
        peer.wait_closed()

    with FaultServer(drip) as proxy:
        transport = make_transport(mode, proxy=proxy.origin, connect_timeout=0.4)
        began = time.monotonic()
        with pytest.raises(ConnectError) as caught:
            mode.call(
                "get_info",
                "mine",
                base_url="https://id.example",
                transport=transport,
                discover=False,
            )
        assert 0.3 < time.monotonic() - began < 5
    assert caught.value.sent is False


class ThirdParty(NativeTransport):
    def __init__(self, path: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.path = path


def make_third_party(**settings: Any) -> ThirdParty:
    return ThirdParty("/run/socket", **settings)


MAKERS = [Urllib3Transport, AiohttpTransport, NativeTransport, make_third_party]


def assert_not_shown(secret: str, error: BaseException) -> None:
    """Check the frames below that of the test."""
    assert error.__context__ is None
    rendered = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in rendered.stack if not frame.name.startswith(("test_", "make_"))]
    assert ours
    assert secret not in repr([frame.locals for frame in ours]) + str(error)


@pytest.mark.parametrize("make_transport", MAKERS)
@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:hush@proxy:port",
        "http://user:hush@proxy:99999",
        "socks5://user:hush@proxy:1080",
        "user:hush@proxy:3128",
        "http://user:hush@",
        "http://us\u0119r:hush@proxy",
        b"http://user:hush@proxy",
    ],
)
def test_an_invalid_proxy_url_is_refused_and_not_shown(make_transport: Any, proxy: Any) -> None:
    with pytest.raises(ArgumentError, match="proxy must be a URL") as caught:
        make_transport(proxy=proxy)
    assert_not_shown("hush", caught.value)


@pytest.mark.parametrize("make_transport", MAKERS)
@pytest.mark.parametrize("userinfo", ["a%3Auser:hush", "user:hush%00", "us%FFer:hush", "%0A:hush"])
def test_a_user_or_password_that_cannot_be_sent_is_refused_and_not_shown(
    make_transport: Any, userinfo: str
) -> None:
    with pytest.raises(ArgumentError, match="user and password of the proxy") as caught:
        make_transport(proxy=f"http://{userinfo}@proxy")
    assert_not_shown("hush", caught.value)


@pytest.mark.parametrize("make_transport", MAKERS)
def test_the_error_for_another_setting_does_not_show_the_proxy(make_transport: Any) -> None:
    with pytest.raises(ArgumentError, match="pool_size") as caught:
        make_transport(pool_size=0, proxy="http://user:hush@proxy")
    assert_not_shown("hush", caught.value)


def test_proxy_credentials_may_be_in_any_alphabet() -> None:
    with FaultServer(echo) as proxy:
        address = proxy.origin.replace("://", "://us%C4%99r:pass@")
        transport = Urllib3Transport(proxy=address)
        transport.send(make_request(proxy))
        transport.close()
        assert base64.b64encode("us\u0119r:pass".encode()) in proxy.requests[0]
