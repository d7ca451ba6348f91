"""Proxies, plain and TLS, and TLS within TLS: one limit for connecting, and session tickets."""

from __future__ import annotations

import contextlib
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from tests.transports.calls import TOKEN, TRANSPORTS, Outcome, call
from tests.transports.tls_server import TCP, TLS, Channel, Credentials, Script, Server, read_head

from usersmanager import ConnectError, DeadlineExceededError
from usersmanager.testing.fault_server import profile

NAME, ADDRESS = "origin.example", "127.0.0.1"

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

# Whichever comes first limits the whole connection attempt.
LIMIT = 0.6
LIMITS = [
    pytest.param({"connect_timeout": LIMIT, "timeout": 5.0}, id="connect_timeout"),
    pytest.param({"connect_timeout": 5.0, "timeout": LIMIT}, id="deadline"),
]

Connect = Callable[[TCP], Channel]


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return Credentials(NAME, ADDRESS)


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Of the proxy's URL."""
    return str(request.param)


@pytest.fixture
def connect(scheme: str, credentials: Credentials) -> Connect:
    """How a proxy begins: with a TLS handshake, or with none."""
    context = credentials.server(ssl.TLSVersion.TLSv1_3)

    def connect(connection: TCP) -> Channel:
        if scheme == "http":
            return connection
        channel = TLS(connection, context)
        channel.handshake()
        return channel

    return connect


def wait_closed(channel: Channel) -> None:
    while channel.fetch():
        pass


def assert_not_connected_in_time(outcome: Outcome) -> None:
    assert isinstance(outcome.error, ConnectError | DeadlineExceededError)
    assert outcome.error.phase == "not sent"
    assert LIMIT - 0.1 < outcome.elapsed < LIMIT + 0.3


def call_through(
    proxy: Server, scheme: str, transport: str, credentials: Credentials, **settings: Any
) -> Outcome:
    """Calls `get_info` of a TLS origin through a proxy, unless told otherwise."""
    settings = {"operation": "get_info", "base_url": f"https://{NAME}"} | settings
    return call(
        transport,
        proxy=f"{scheme}://{ADDRESS}:{proxy.port}",
        ssl_context=credentials.client(),
        **settings,
    )


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_slow_proxy_and_a_silent_origin_share_one_limit(
    transport: str,
    limits: dict[str, float],
    scheme: str,
    connect: Connect,
    credentials: Credentials,
) -> None:
    heard = []

    def script(connection: TCP) -> None:
        channel = connect(connection)
        read_head(channel)
        time.sleep(LIMIT - 0.1)
        channel.send(ESTABLISHED)
        heard.append(channel.fetch())
        wait_closed(channel)

    with Server(script) as proxy:
        outcome = call_through(proxy, scheme, transport, credentials, **limits)
    assert_not_connected_in_time(outcome)
    assert heard[0], "the handshake with the origin was not begun"


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_slow_handshake_with_a_proxy_and_its_silence_share_one_limit(
    transport: str, limits: dict[str, float], credentials: Credentials
) -> None:
    heard = []

    def script(connection: TCP) -> None:
        channel = TLS(connection, credentials.server(ssl.TLSVersion.TLSv1_3))
        channel.fetch()
        time.sleep(LIMIT - 0.1)
        channel.handshake()
        heard.append(read_head(channel))
        wait_closed(channel)

    with Server(script) as proxy:
        outcome = call_through(proxy, "https", transport, credentials, **limits)
    assert_not_connected_in_time(outcome)
    assert heard[0].startswith(b"CONNECT ")


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_proxy_that_drips_its_answer_does_not_extend_the_limit(
    transport: str,
    limits: dict[str, float],
    scheme: str,
    connect: Connect,
    credentials: Credentials,
) -> None:
    def script(connection: TCP) -> None:
        channel = connect(connection)
        read_head(channel)
        for byte in ESTABLISHED[:-1]:
            channel.send(bytes([byte]))
            time.sleep(0.05)
        wait_closed(channel)

    with Server(script) as proxy:
        outcome = call_through(proxy, scheme, transport, credentials, **limits)
    assert_not_connected_in_time(outcome)


def answer_all(channel: Channel) -> None:
    """Answers requests until the client closes."""
    while True:
        read_head(channel)
        channel.send(profile("ada"))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_plain_origin_is_asked_of_the_proxy_alone(
    transport: str, scheme: str, connect: Connect, credentials: Credentials
) -> None:
    heads = []

    def script(connection: TCP) -> None:
        channel = connect(connection)
        heads.append(read_head(channel))
        channel.send(profile("ada"))
        wait_closed(channel)

    with Server(script) as proxy:
        outcome = call_through(
            proxy, scheme, transport, credentials, base_url=f"http://{NAME}", timeout=1.0
        )
    assert [head.split(b"\r\n")[0] for head in heads] == [
        b"GET http://%b/userinfo HTTP/1.1" % NAME.encode()
    ]
    assert outcome.error is None
    assert TOKEN.encode() in heads[0]


# Whatever a client sends with, it is implemented in C.
SENDING = {"do_handshake", "send", "sendall", "sendmsg", "write"}


@contextlib.contextmanager
def delayed_after_sending() -> Iterator[None]:
    """Makes this thread wait after it has sent anything, as if others had the processor.

    So what a server sends in answer has arrived before the client takes its next step.
    """

    def delay(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_return" and function.__name__ in SENDING:
            time.sleep(0.01)

    sys.setprofile(delay)
    try:
        yield
    finally:
        sys.setprofile(None)


def serve_with_tickets(connect: Connect, credentials: Credentials, early: list[bool]) -> Script:
    """A script of an origin: OpenSSL sends two session tickets right after the handshake.

    Args:
        connect: gives the channel to the client.
        credentials: of the origin.
        early: gets whether a connection's tickets were sent before its request arrived.
    """
    context = credentials.server(ssl.TLSVersion.TLSv1_3)

    def script(connection: TCP) -> None:
        channel = TLS(connect(connection), context)
        channel.handshake()
        early.append(not channel.request_arrived)
        answer_all(channel)

    return script


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_session_tickets_in_a_tunnel_are_not_unexpected_data(
    transport: str, scheme: str, connect: Connect, credentials: Credentials
) -> None:
    def tunnel(connection: TCP) -> Channel:
        channel = connect(connection)
        read_head(channel)
        channel.send(ESTABLISHED)
        return channel

    early: list[bool] = []
    with Server(serve_with_tickets(tunnel, credentials, early)) as proxy:
        for _ in range(3):
            with delayed_after_sending():
                outcome = call_through(proxy, scheme, transport, credentials)
            assert outcome.error is None
    assert any(early), "no ticket came before a request: nothing was tested"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_session_tickets_without_a_proxy_are_not_unexpected_data(
    transport: str, credentials: Credentials
) -> None:
    early: list[bool] = []
    with Server(serve_with_tickets(lambda tcp: tcp, credentials, early)) as server:
        for _ in range(3):
            with delayed_after_sending():
                outcome = call(
                    transport,
                    "get_info",
                    f"https://{ADDRESS}:{server.port}",
                    ssl_context=credentials.client(),
                )
            assert outcome.error is None
    assert any(early), "no ticket came before a request: nothing was tested"
