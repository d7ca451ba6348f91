"""Proxy and TunnelReader: requests to a proxy, and its responses to CONNECT."""

from __future__ import annotations

import time

import pytest

from usersmanager import ArgumentError, ConnectError
from usersmanager._values.token import Secret
from usersmanager.transports.http1.proxy import Proxy, TunnelReader


def test_credentials_are_decoded_and_sent_to_the_proxy() -> None:
    proxy = Proxy(Secret("http://us%40er:p%3Aw@proxy.example:3128"))
    assert proxy.origin == "http://proxy.example:3128"
    assert proxy.authorization_line() == "Proxy-Authorization: Basic dXNAZXI6cDp3\r\n"
    assert b"Proxy-Authorization: Basic dXNAZXI6cDp3\r\n" in proxy.tunnel_request("a.example", 443)
    assert "dXNA" not in repr(proxy)


def test_a_proxy_without_credentials_gets_none() -> None:
    proxy = Proxy(Secret("http://proxy.example:3128"))
    assert proxy.authorization_line() == ""
    assert proxy.tunnel_request("a.example", 443) == (
        b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
    )


def test_an_ipv6_address_has_brackets_in_the_request_for_a_tunnel() -> None:
    assert b"CONNECT [::1]:443 HTTP/1.1" in Proxy(Secret("http://p.example")).tunnel_request(
        "::1", 443
    )


def test_another_url_than_that_of_an_http_proxy_is_refused() -> None:
    with pytest.raises(ArgumentError, match="proxy must be a URL"):
        Proxy(Secret("socks5://proxy.example"))


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nVia: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nVia: a\r\n b\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_2xx_opens_the_tunnel_however_it_arrives(response: bytes, step: int) -> None:
    reader = TunnelReader()
    for position in range(0, len(response), step):
        assert not reader.complete
        reader.receive_data(response[position : position + step])
    assert reader.complete


@pytest.mark.parametrize("status", [101, 302, 403, 407, 502])
def test_any_other_status_is_an_error(status: int) -> None:
    with pytest.raises(ConnectError, match=f"the proxy answered {status}") as caught:
        TunnelReader().receive_data(b"HTTP/1.1 %d No\r\nContent-Length: 3\r\n\r\nno!" % status)
    error = caught.value
    assert (error.sent, error.reason, error.proxy_status) == (False, "proxy_refused", status)


@pytest.mark.parametrize(
    "response",
    [
        b"S",
        b"HTTP/2 200\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nS",
        b"HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK".ljust(100_000, b"x"),
        b"HTTP/1.1 200 OK".ljust(100_000, b"x") + b"\r\n\r\n",
    ],
)
def test_a_malformed_response_is_an_error(response: bytes) -> None:
    with pytest.raises(ConnectError, match="malformed") as caught:
        TunnelReader().receive_data(response)
    assert caught.value.reason == "malformed"


def test_a_dripped_response_takes_linear_time() -> None:
    # It takes 0.1 s; if each piece searched all that was received, it would take more than 6 s.
    response = (b"HTTP/1.1 102 Wait\r\nX: " + b"x" * 60_000 + b"\r\n\r\n") * 8
    response += b"HTTP/1.1 200 OK\r\n\r\n"
    reader, began = TunnelReader(), time.process_time()
    for start in range(0, len(response), 4):
        reader.receive_data(response[start : start + 4])
    assert reader.complete
    assert time.process_time() - began < 3


def test_data_after_the_response_is_an_error() -> None:
    with pytest.raises(ConnectError, match="unexpected data"):
        TunnelReader().receive_data(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}")


def test_an_end_of_the_connection_before_the_response_is_an_error() -> None:
    reader = TunnelReader()
    reader.receive_data(b"HTTP/1.1 200")
    with pytest.raises(ConnectError, match="the proxy closed the connection") as caught:
        reader.receive_eof()
    assert caught.value.reason == "proxy_unreachable"
