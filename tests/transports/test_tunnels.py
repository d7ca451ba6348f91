"""Tunnels through http and https proxies: limits of connecting, and session tickets."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest
from tests.transports.calls import TOKEN, TRANSPORTS, Outcome, call
from tests.transports.tls_server import TCP, TLS, Channel, Script, Server, read_head

from usersmanager import ConnectError, DeadlineExceededError
from usersmanager.testing import profile
from usersmanager.testing.certificates import client_context, server_context

NAME, ADDRESS = "origin.example", "127.0.0.1"

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

# Whichever expires first limits the whole connection attempt. In seconds; a script waits for PART
# of it, and has the rest to continue.
LIMIT, PART = 3.0, 1.5
LIMITS = [
    pytest.param({"connect_timeout": LIMIT, "timeout": 8.0}, id="connect_timeout"),
    pytest.param({"connect_timeout": 8.0, "timeout": LIMIT}, id="deadline"),
]

Connect = Callable[[TCP], Channel]


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The scheme of the proxy's URL."""
    return str(request.param)


@pytest.fixture
def connect(scheme: str) -> Connect:
    """Return a function that accepts a connection: with a TLS handshake if the scheme is https."""
    context = server_context(NAME, ADDRESS)

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


def call_through(proxy: Server, scheme: str, transport: str, **settings: Any) -> Outcome:
    """Call a TLS origin through a proxy. Settings may replace the operation and the origin."""
    settings = {"operation": "get_info", "base_url": f"https://{NAME}"} | settings
    return call(
        transport,
        proxy=f"{scheme}://{ADDRESS}:{proxy.port}",
        ssl_context=client_context(),
        **settings,
    )


def assert_not_connected_in_time(proxy: Server, scheme: str, limits: dict[str, float]) -> None:
    """Call over all transports at the same time, since each call waits for its limit."""
    with ThreadPoolExecutor() as threads:
        calls = {
            transport: threads.submit(call_through, proxy, scheme, transport, **limits)
            for transport in TRANSPORTS
        }
    for transport, finished in calls.items():
        outcome = finished.result()
        assert isinstance(outcome.error, ConnectError | DeadlineExceededError), transport
        assert outcome.error.sent is False, transport
        # Two limits, one after the other, would take more than PART + LIMIT.
        assert LIMIT - 0.1 < outcome.elapsed < PART + LIMIT, transport


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS)
def test_a_slow_proxy_and_a_silent_origin_share_one_limit(
    limits: dict[str, float], scheme: str, connect: Connect
) -> None:
    received = []

    def script(connection: TCP) -> None:
        channel = connect(connection)
        read_head(channel)
        time.sleep(PART)
        channel.send(ESTABLISHED)
        received.append(channel.fetch())
        wait_closed(channel)

    with Server(script) as proxy:
        assert_not_connected_in_time(proxy, scheme, limits)
    assert len(received) == len(TRANSPORTS)
    assert all(received), "a client did not start the handshake with the origin"


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS)
def test_a_slow_handshake_with_a_proxy_and_its_silence_share_one_limit(
    limits: dict[str, float],
) -> None:
    heads = []

    def script(connection: TCP) -> None:
        channel = TLS(connection, server_context(NAME, ADDRESS))
        channel.fetch()
        time.sleep(PART)
        channel.handshake()
        heads.append(read_head(channel))
        wait_closed(channel)

    with Server(script) as proxy:
        assert_not_connected_in_time(proxy, "https", limits)
    assert [head.split(b" ")[0] for head in heads] == [b"CONNECT"] * len(TRANSPORTS)


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS)
def test_a_proxy_that_drips_its_answer_does_not_extend_the_limit(
    limits: dict[str, float], scheme: str, connect: Connect
) -> None:
    def script(connection: TCP) -> None:
        channel = connect(connection)
        read_head(channel)
        for byte in ESTABLISHED[:-1]:
            channel.send(bytes([byte]))
            time.sleep(0.1)
        wait_closed(channel)

    with Server(script) as proxy:
        assert_not_connected_in_time(proxy, scheme, limits)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_request_to_a_plain_origin_is_sent_to_the_proxy_without_a_tunnel(
    transport: str, scheme: str, connect: Connect
) -> None:
    heads = []

    def script(connection: TCP) -> None:
        channel = connect(connection)
        heads.append(read_head(channel))
        channel.send(profile("ada"))
        wait_closed(channel)

    with Server(script) as proxy:
        outcome = call_through(proxy, scheme, transport, base_url=f"http://{NAME}")
    assert outcome.error is None
    (head,) = heads
    start = f"GET http://{NAME}/userinfo HTTP/1.1\r\nHost: {NAME}\r\n"
    assert head.startswith(start.encode())
    assert TOKEN.encode() in head


# The functions that send, all implemented in C.
SENDING = {"do_handshake", "send", "sendall", "sendmsg", "write"}


@contextlib.contextmanager
def delayed_after_sending() -> Iterator[None]:
    """Make this thread pause after it has sent something.

    So the server's next bytes arrive before the client continues.
    """

    def delay(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_return" and function.__name__ in SENDING:
            time.sleep(0.01)

    sys.setprofile(delay)
    try:
        yield
    finally:
        sys.setprofile(None)


def serve_with_tickets(connect: Connect, early: list[bool]) -> Script:
    """Return a script of an origin. OpenSSL sends two session tickets after the handshake.

    Args:
        connect: returns the channel to the client.
        early: the list to which it appends, for each connection, whether the tickets were sent
            before the request arrived.
    """
    context = server_context(NAME, ADDRESS)

    def script(connection: TCP) -> None:
        channel = TLS(connect(connection), context)
        channel.handshake()
        early.append(not channel.request_arrived)
        read_head(channel)
        channel.send(profile("ada"))
        wait_closed(channel)

    return script


def assert_success_with_early_tickets(make_call: Callable[[], Outcome], early: list[bool]) -> None:
    """Repeat a call until its tickets were sent before its request; each must succeed."""
    # How soon they arrive depends on the machine.
    for _ in range(50):
        with delayed_after_sending():
            outcome = make_call()
        assert outcome.error is None
        if any(early):
            return
    raise AssertionError("no ticket was sent before a request: nothing was tested")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_session_tickets_in_a_tunnel_are_not_unexpected_data(
    transport: str, scheme: str, connect: Connect
) -> None:
    def tunnel(connection: TCP) -> Channel:
        channel = connect(connection)
        read_head(channel)
        channel.send(ESTABLISHED)
        return channel

    early: list[bool] = []
    with Server(serve_with_tickets(tunnel, early)) as proxy:
        assert_success_with_early_tickets(lambda: call_through(proxy, scheme, transport), early)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_session_tickets_without_a_proxy_are_not_unexpected_data(transport: str) -> None:
    early: list[bool] = []
    with Server(serve_with_tickets(lambda tcp: tcp, early)) as server:
        assert_success_with_early_tickets(
            lambda: call(
                transport,
                "get_info",
                f"https://{ADDRESS}:{server.port}",
                ssl_context=client_context(),
            ),
            early,
        )
