"""Both base classes: what they send, keep, discard and report. Connections are those of native."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import pytest
from tests.descriptors import count_descriptors, settled_descriptors
from tests.support import in_child
from tests.transports.http1.memory_server import MemoryServer
from tests.transports.servers import tunnel

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    Request,
    Response,
    TLSError,
    TransportError,
)
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import client_context, new_authority, server_context
from usersmanager.testing.contracts.cases import (
    make_request,
    outcome_of,
    subject,
    with_short_timeout,
)
from usersmanager.transports import Deadline, Hop, PoolStats
from usersmanager.transports.http1.addresses import Address, in_order
from usersmanager_native import NativeTransport

Outcome: TypeAlias = Response | BaseException


class Sync:
    """Sends over a transport from threads. `with` closes it."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def __call__(self, request: Request) -> Response:
        response: Response = self.transport.send(request)
        return response

    def together(self, *requests: Request) -> list[Outcome]:
        with ThreadPoolExecutor(len(requests)) as threads:
            return list(threads.map(lambda request: outcome_of(self, request), requests))

    def close(self) -> None:
        self.transport.close()

    def close_elsewhere(self) -> None:
        """Close the transport from another thread than that of the calls."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Async(Sync):
    """Sends over a transport in one event loop, which `with` closes, too."""

    def __init__(self, transport: Any) -> None:
        super().__init__(transport)
        self._runner = asyncio.Runner()

    def __call__(self, request: Request) -> Response:
        async def main() -> Response:
            async with asyncio.timeout(8):  # It may not hang, whatever is wrong.
                response: Response = await self.transport.asend(request)
                return response

        return self._runner.run(main())

    def together(self, *requests: Request) -> list[Outcome]:
        async def main() -> list[Outcome]:
            calls = [self.transport.asend(request) for request in requests]
            return await asyncio.gather(*calls, return_exceptions=True)

        return self._runner.run(main())

    def close(self) -> None:
        self._runner.run(self.transport.aclose())

    def close_elsewhere(self) -> None:
        asyncio.run(self.transport.aclose())

    def __exit__(self, *_: object) -> None:
        self.close()
        self._runner.close()


@pytest.fixture(params=[Sync, Async])
def style(request: pytest.FixtureRequest) -> Callable[[Any], Sync]:
    sender: Callable[[Any], Sync] = request.param
    return sender


Style: TypeAlias = Callable[[Any], Sync]


def request_to(server: FaultServer, token: str = "ada", **changes: Any) -> Request:
    return make_request(server, token, **{"timeout": 3.0} | changes)


def stats_of(send: Sync, server: FaultServer) -> PoolStats:
    stats: PoolStats = send.transport.stats()[server.origin]
    return stats


def error_of(send: Sync, request: Request) -> TransportError:
    with pytest.raises(TransportError) as caught:
        send(request)
    return caught.value


# What is sent, and what is kept.


def test_idempotent_requests_share_a_connection(style: Style) -> None:
    with FaultServer() as server, style(NativeTransport()) as send:
        for token in ("ada", "bob"):
            assert subject(send(request_to(server, token))) == token
        assert server.connections == 1
        assert stats_of(send, server) == PoolStats(idle=1, opened=1)


def test_a_request_that_is_not_idempotent_has_a_connection_of_its_own(style: Style) -> None:
    with FaultServer() as server, style(NativeTransport()) as send:
        send(request_to(server))
        assert send(request_to(server, idempotent=False)).status == 200
        assert stats_of(send, server) == PoolStats(idle=1, opened=2)


def answer_once(peer: Peer) -> None:
    """A script: announce the end of the connection, and leave it to the client."""
    peer.request()
    peer.send(profile("ada", headers="Connection: close\r\n"))
    peer.wait_closed()


@pytest.mark.parametrize("asks", ["server", "client"])
def test_a_connection_is_closed_after_the_response_if_either_side_asks(
    style: Style, asks: str
) -> None:
    scripts = [answer_once] if asks == "server" else []
    with FaultServer(*scripts) as server, style(NativeTransport()) as send:
        request = request_to(server)._replace(close_connection=asks == "client")
        assert subject(send(request)) == "ada"
        assert stats_of(send, server) == PoolStats(opened=1)


def test_a_connection_that_was_idle_for_too_long_is_not_used(style: Style) -> None:
    with FaultServer() as server, style(NativeTransport(idle_timeout=1e-9)) as send:
        for _ in range(2):
            send(request_to(server))
        assert server.connections == 2


def test_a_connection_is_not_kept_if_the_response_came_before_all_was_sent() -> None:
    class SmallBuffer(NativeTransport):
        async def aconnect(self, hop: Hop) -> asyncio.Transport:
            transport = await super().aconnect(hop)
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            return transport

    def respond_early(peer: Peer) -> None:
        peer.receive()
        peer.send(profile("early"))
        peer.stall()

    with FaultServer(respond_early) as server, Async(SmallBuffer()) as send:
        request = request_to(server)._replace(body=bytes(10_000_000))
        assert subject(send(request)) == "early"
        assert stats_of(send, server) == PoolStats(opened=1)


# Deadlines.


def test_nothing_is_opened_after_the_deadline(style: Style) -> None:
    with FaultServer() as server, style(NativeTransport()) as send:
        error = error_of(send, request_to(server, timeout=-1.0))
        assert (type(error), error.sent) == (DeadlineExceededError, False)
        assert send.transport.stats() == {}


class Blocking(NativeTransport):
    """A transport whose connections are open only when the deadline has passed."""

    limit = 0.05

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        sock = super().connect(hop, deadline)
        threading.Event().wait(deadline.remaining())
        return sock

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        transport = await super().aconnect(hop)
        threading.Event().wait(self.limit)  # The event loop does not run.
        return transport


def test_nothing_is_sent_after_the_deadline(style: Style) -> None:
    with FaultServer() as server, style(Blocking()) as send:
        error = error_of(send, request_to(server, timeout=Blocking.limit))
        assert error.sent is False
        # On a busy machine, it may have taken too long to connect.
        assert type(error) in (DeadlineExceededError, ConnectError)
        assert stats_of(send, server).opened == (type(error) is DeadlineExceededError)
    assert server.requests == []


class Limited(NativeTransport):
    """A transport that notes how long it may take to connect, and does not connect at all."""

    seconds: float

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        self.seconds = deadline.remaining()
        raise TimeoutError

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        started = time.monotonic()
        try:
            await asyncio.get_running_loop().create_future()
            raise AssertionError
        finally:
            self.seconds = time.monotonic() - started


def test_connecting_is_limited(style: Style) -> None:
    with FaultServer() as server, style(Limited(connect_timeout=0.05)) as send:
        error = error_of(send, request_to(server))
        assert (type(error), error.sent, error.reason) == (ConnectError, False, "connect_timeout")
        assert 0.02 < send.transport.seconds < 1.5


def test_a_call_that_is_discarded_ends_its_connecting() -> None:
    ends: list[str] = []

    class Endless(NativeTransport):
        async def aconnect(self, hop: Hop) -> asyncio.Transport:
            try:
                return await asyncio.get_running_loop().create_future()
            finally:
                ends.append(hop.host)

    async def main() -> None:
        with FaultServer() as server:
            call = Endless().asend(request_to(server))
            call.send(None)
            await asyncio.sleep(0)
            call.close()
            assert ends == []
            await asyncio.sleep(0)
            assert ends == ["127.0.0.1"]

    asyncio.run(main())


def never_answer(peer: Peer) -> None:
    peer.request()
    peer.wait_closed()


def test_an_exchange_is_limited_by_the_deadline_alone(style: Style) -> None:
    def check(timeout: float) -> None:
        with FaultServer(never_answer) as server, style(NativeTransport()) as send:
            error = error_of(send, request_to(server, timeout=timeout))
            assert type(error) is DeadlineExceededError
            assert stats_of(send, server) == PoolStats(opened=1)

    with_short_timeout(check)


# Closing.


def test_a_closed_transport_opens_nothing(style: Style) -> None:
    with FaultServer() as server, style(NativeTransport()) as send:
        send.close()
        with pytest.raises(LifecycleError):
            send(request_to(server))
        assert send.transport.stats() == {}


def test_closing_closes_the_idle_connections_at_once(style: Style) -> None:
    descriptors = count_descriptors()
    with FaultServer() as server:
        before = count_descriptors()
        with style(NativeTransport()) as send:
            send(request_to(server))
            during = count_descriptors()
            send.close()
            assert count_descriptors() < during
    assert settled_descriptors(descriptors) <= descriptors < before


def test_a_call_that_waited_while_the_transport_was_closed_sends_nothing(style: Style) -> None:
    def close_and_answer(peer: Peer) -> None:
        peer.request()
        give_up = time.monotonic() + 10
        while stats_of(send, server).waiting < 1 and time.monotonic() < give_up:
            time.sleep(0.001)
        send.close_elsewhere()
        peer.send(profile("ada"))
        peer.wait_closed()

    with FaultServer(close_and_answer) as server, style(NativeTransport(pool_size=1)) as send:
        outcomes = send.together(*[request_to(server)] * 2)
        assert {type(outcome) for outcome in outcomes} == {Response, LifecycleError}
        assert server.connections == 1


def test_a_forked_process_has_connections_of_its_own() -> None:
    with FaultServer() as server, Sync(NativeTransport()) as send:
        send(request_to(server))
        assert in_child(lambda: subject(send(request_to(server, "child")))) == "child"
        assert subject(send(request_to(server, "parent"))) == "parent"
        assert server.connections == 2


def test_the_connections_of_another_process_are_closed_and_replaced() -> None:
    with FaultServer() as server, Sync(NativeTransport()) as send:
        send(request_to(server))
        before = count_descriptors()
        send.transport._pool.process += 1  # As in a process that a fork has made.
        for token in ("one", "two"):
            assert subject(send(request_to(server, token))) == token
        assert stats_of(send, server) == PoolStats(idle=1, opened=1)
        assert server.connections == 2
        assert settled_descriptors(before) <= before


# Connections that fail.


def test_a_connection_that_breaks_costs_its_slot_nothing(style: Style) -> None:
    def break_off(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.reset()

    with FaultServer(break_off) as server, style(NativeTransport(pool_size=1)) as send:
        error = error_of(send, request_to(server))
        assert (type(error), error.sent) == (DisconnectedError, True)
        assert isinstance(error.__cause__, OSError)
        assert stats_of(send, server) == PoolStats(opened=1)
        assert subject(send(request_to(server))) == "ada"


def begin_to_answer(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("fail", "changes", "kept"),
    [
        pytest.param(Peer.request, {}, 0, id="it was stale"),
        pytest.param(begin_to_answer, {}, 1, id="it had begun to answer"),
        pytest.param(never_answer, {"timeout": 0.1}, 1, id="it was slow"),
        pytest.param(Peer.request, {"idempotent": False}, 2, id="it was new"),
    ],
)
def test_the_others_are_discarded_with_a_connection_that_was_stale(
    style: Style, fail: Callable[[Peer], object], changes: dict[str, Any], kept: int
) -> None:
    together = threading.Barrier(2)

    def fail_later(peer: Peer) -> None:
        peer.request()
        together.wait(3)
        peer.send(profile("ada"))
        fail(peer)

    with (
        FaultServer(fail_later, fail_later, otherwise=fail) as server,
        style(NativeTransport()) as send,
    ):
        send.together(*[request_to(server)] * 2)
        assert stats_of(send, server).idle == 2
        error_of(send, request_to(server, **changes))
        assert stats_of(send, server).idle == kept


# Connections that cannot be opened.


def is_avoided(server: FaultServer) -> bool:
    """Return whether the address of a server comes after one that has not failed."""
    failed, other = [
        Address(socket.AF_INET, (address, server.port)) for address in ("127.0.0.1", "127.0.0.2")
    ]
    host = urlsplit(server.origin).hostname or ""
    return in_order(host, server.port, [failed, other]) == [other, failed]


class Late(NativeTransport):
    """A transport whose connections are used only after the server has acted."""

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        sock = super().connect(hop, deadline)
        self._wait(sock)
        return sock

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        transport = await super().aconnect(hop)
        self._wait(transport.get_extra_info("socket"))  # The event loop does not run.
        return transport

    def _wait(self, sock: Any) -> None:
        assert select.select([sock], [], [], 3)[0]


@pytest.mark.parametrize("early", [b"", profile("forged")])
def test_nothing_is_sent_to_a_server_that_acts_before_the_request(
    style: Style, early: bytes
) -> None:
    with FaultServer(lambda peer: peer.send(early)) as server, style(Late()) as send:
        error = error_of(send, request_to(server))
        assert type(error.__cause__) is ConnectionResetError
        assert (type(error), error.sent, error.reason) == (ConnectError, False, "reset")
        assert is_avoided(server)
        assert stats_of(send, server) == PoolStats()


def through(style: Style, proxy: FaultServer) -> Sync:
    return style(NativeTransport(proxy=proxy.origin, ssl_context=client_context()))


def tls_server(*scripts: Any, is_trusted: bool = True, is_tls: bool = True) -> FaultServer:
    context = server_context(issuer=None if is_trusted else new_authority()) if is_tls else None
    return FaultServer(*scripts, ssl_context=context, host="localhost")


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_tunnel_is_kept(style: Style, is_tls: bool) -> None:
    with (
        tls_server() as server,
        tls_server(tunnel, is_tls=is_tls) as proxy,
        through(style, proxy) as send,
    ):
        for token in ("ada", "bob"):
            assert subject(send(request_to(server, token))) == token
        assert (server.connections, proxy.connections) == (1, 1)
        assert not is_avoided(proxy)


def answer_early(peer: Peer) -> None:
    """A script: open a tunnel to a server that sends a response with the end of its handshake."""
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    server = MemoryServer(version=ssl.TLSVersion.TLSv1_2)
    while not server.is_connected:
        answer = server.answer(peer.receive())
        if server.is_connected:
            answer += server.encrypt(profile("forged"))
        peer.send(answer)
    peer.wait_closed()


@pytest.mark.parametrize("is_tls", [False, True])
def test_nothing_is_sent_through_a_tunnel_to_a_server_that_acts_before_the_request(
    style: Style, is_tls: bool
) -> None:
    with (
        tls_server() as server,
        tls_server(answer_early, is_tls=is_tls) as proxy,
        through(style, proxy) as send,
    ):
        error = error_of(send, request_to(server))
        assert (type(error), error.sent, error.reason) == (ConnectError, False, "reset")
        assert not is_avoided(proxy)


def refuse(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")


def reset(peer: Peer) -> None:
    peer.request()
    peer.reset()


def open_nothing(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.receive()


@pytest.mark.parametrize(
    ("script", "reason", "avoids"),
    [
        (refuse, "proxy_refused", True),
        (Peer.request, "proxy_unreachable", True),
        (reset, "proxy_unreachable", True),
        (open_nothing, "reset", False),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_told_apart_from_the_origin(
    style: Style, script: Any, reason: str, avoids: bool
) -> None:
    descriptors = count_descriptors()
    with tls_server() as server, tls_server(script, is_tls=False) as proxy:
        with through(style, proxy) as send:
            error = error_of(send, request_to(server))
        assert (type(error), error.sent, error.reason) == (ConnectError, False, reason)
        assert is_avoided(proxy) is avoids
        error.__cause__ = error.__context__ = None
    del error
    assert settled_descriptors(descriptors) <= descriptors


def test_no_frame_of_an_error_shows_the_credentials_for_the_proxy(style: Style) -> None:
    with FaultServer(refuse) as proxy, tls_server() as server:
        address = proxy.origin.replace("://", "://user:secret@")
        with style(NativeTransport(proxy=address)) as send:
            error = error_of(send, request_to(server))
        (request,) = proxy.requests
    assert b"Basic dXNlcjpzZWNyZXQ=" in request
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), capture_locals=True
    )
    engine = [str(frame.locals) for frame in frames if "http1" in frame.filename]
    assert engine
    assert "dXNlcjpzZWNyZXQ" not in "".join(engine)


@pytest.mark.parametrize("fails", ["proxy", "origin"])
def test_a_tls_error_says_whether_it_was_the_proxys(style: Style, fails: str) -> None:
    with (
        tls_server(is_trusted=fails != "origin") as server,
        tls_server(tunnel, is_trusted=fails != "proxy") as proxy,
        through(style, proxy) as send,
    ):
        error = error_of(send, request_to(server))
        assert (type(error), error.sent) == (TLSError, False)
        assert ("proxy" in str(error)) is (fails == "proxy")


@pytest.mark.parametrize("is_tunnelled", [False, True])
def test_a_certificate_of_another_host_is_refused(style: Style, is_tunnelled: bool) -> None:
    with (
        FaultServer(ssl_context=server_context("other.example"), host="localhost") as server,
        FaultServer(tunnel) as proxy,
    ):
        settings = {"proxy": proxy.origin} if is_tunnelled else {}
        with style(NativeTransport(ssl_context=client_context(), **settings)) as send:
            error = error_of(send, request_to(server))
        assert (type(error), error.sent, error.reason) == (TLSError, False, "wrong_host")


def test_a_plain_request_through_a_proxy_that_cannot_be_reached_says_so(style: Style) -> None:
    with FaultServer() as proxy:
        pass
    with style(NativeTransport(proxy=proxy.origin)) as send, FaultServer() as server:
        assert error_of(send, request_to(server)).reason == "proxy_unreachable"
