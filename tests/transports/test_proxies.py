"""Requests through an explicit HTTP proxy, plain and tunnelled."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
import time
import traceback
from typing import Any

import pytest
import trustme

from usersmanager import ArgumentError, ConnectError
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.contracts.cases import make_request
from usersmanager.testing.fault_server import echo
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport


def transport(mode: Any, **settings: Any) -> Any:
    return (Urllib3Transport if mode.name == "sync" else AiohttpTransport)(**settings)


def tunnel(peer: Peer) -> None:
    """A script: does what CONNECT asks for, and passes bytes on both ways."""
    host, _, port = peer.request().split(b" ")[1].decode().partition(":")
    with socket.create_connection((host, int(port))) as target:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := target.recv(65536):
                    peer.send(data)

        thread = threading.Thread(target=back)
        thread.start()
        with contextlib.suppress(OSError):
            while data := peer.receive():
                target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_plain_address_is_asked_of_the_proxy_in_whole(mode: Any) -> None:
    with FaultServer(echo) as proxy:
        carrier = transport(mode, proxy=proxy.origin)
        url = "http://id.example:8080"
        profile = mode.call(
            "get_info", "mine", base_url=url, allow_insecure=True, transport=carrier, discover=False
        )
    assert profile.sub == "mine"
    assert proxy.requests[0].startswith(b"GET http://id.example:8080/userinfo HTTP/1.1\r\n")
    assert b"\r\nHost: id.example:8080\r\n" in proxy.requests[0]


def test_a_tls_address_is_tunnelled_and_the_proxy_sees_no_token(
    mode: Any, impersonation: Any
) -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    with (
        FaultServer(ssl_context=serving, host="localhost") as server,
        FaultServer(*[tunnel] * 3) as proxy,
    ):
        carrier = transport(mode, proxy=proxy.origin, ssl_context=trusting)
        calls: list[Any] = [("get_info", (name,), {}) for name in ("one", "two")]
        profiles = mode.calls(calls, base_url=server.origin, transport=carrier, discover=False)
    assert [profile.sub for profile in profiles] == ["one", "two"]
    assert server.connections == 1
    assert [one.split(b" ")[0] for one in proxy.requests] == [b"CONNECT"]
    assert b"Bearer" not in proxy.requests[0]


def test_the_credentials_in_a_proxys_url_go_to_the_proxy_alone(mode: Any) -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    with (
        FaultServer(ssl_context=serving, host="localhost") as server,
        FaultServer(tunnel, echo) as proxy,
    ):
        for url in (server.origin, "http://id.example:8080"):
            address = proxy.origin.replace("://", "://us%40er:pass@")
            carrier = transport(mode, proxy=address, ssl_context=trusting)
            settings = {"transport": carrier, "discover": False, "allow_insecure": True}
            assert mode.call("get_info", "mine", base_url=url, **settings).sub == "mine"
    for sent in proxy.requests:
        assert b"\r\nproxy-authorization: basic dxnazxi6cgfzcw==\r\n" in sent.lower()
    assert b"proxy-authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_not_sent(mode: Any, scheme: str) -> None:
    with FaultServer() as proxy:
        address = proxy.origin
    carrier = transport(mode, proxy=address)
    with pytest.raises(ConnectError) as caught:
        mode.call(
            "get_info",
            "mine",
            base_url=f"{scheme}://id.example",
            allow_insecure=True,
            transport=carrier,
            discover=False,
        )
    assert caught.value.phase == "not sent"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100, b""])
def test_a_proxy_that_drips_its_answer_is_given_up_in_time(mode: Any, answer: bytes) -> None:
    def dripping(peer: Peer) -> None:
        peer.request()
        peer.drip(answer, every=0.1)
        peer.wait_closed()

    with FaultServer(dripping) as proxy:
        carrier = transport(mode, proxy=proxy.origin, connect_timeout=0.4)
        began = time.monotonic()
        with pytest.raises(ConnectError) as caught:
            mode.call(
                "get_info",
                "mine",
                base_url="https://id.example",
                transport=carrier,
                discover=False,
            )
        assert 0.3 < time.monotonic() - began < 1.5
    assert caught.value.phase == "not sent"


@pytest.mark.parametrize("kind", [Urllib3Transport, AiohttpTransport])
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
def test_what_is_no_proxy_is_refused_and_not_shown(kind: Any, proxy: Any) -> None:
    with pytest.raises(ArgumentError, match="proxy must be a URL") as caught:
        kind(proxy=proxy)
    assert caught.value.__context__ is None
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "usersmanager_" in frame.filename]
    assert ours
    assert "hush" not in repr([frame.locals for frame in ours]) + str(caught.value)


def test_credentials_of_any_alphabet_reach_the_proxy() -> None:
    with FaultServer(echo) as proxy:
        address = proxy.origin.replace("://", "://us%C4%99r:pass@")
        transport = Urllib3Transport(proxy=address)
        transport.send(make_request(proxy))
        transport.close()
        assert base64.b64encode("us\u0119r:pass".encode()) in proxy.requests[0]
