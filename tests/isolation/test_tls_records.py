"""Bytes on an idle TLS connection never answer the next caller.

A TLS record can be decrypted only when it is complete. So a server can send part of a record that
holds a response while a connection is idle, and the rest of it after the next request: nothing was
decrypted when the request was sent, and yet the response started before it.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import pytest
from tests.callers import AIOHTTP, AIOHTTP_UVLOOP, KINDS, URLLIB3, UVLOOP_KINDS, Caller, Kind

from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.fault_server import token_of

pytestmark = pytest.mark.slow

Script: TypeAlias = Callable[[Peer], object]
T = TypeVar("T")

# How much of a forged record is sent before the next request. Its header has 5 bytes.
PARTS = {
    "1-byte": slice(1),
    "2-bytes": slice(2),
    "3-bytes": slice(3),
    "4-bytes": slice(4),
    "header": slice(5),
    "header-and-20-bytes": slice(25),
    "all-but-1-byte": slice(-1),
    "whole": slice(None),
}
# Long enough for an event loop to read what has arrived, in seconds.
MOMENT = 0.005


class TLSPeer:
    """TLS over a raw `Peer`, so that a test can cut up the encrypted bytes."""

    def __init__(self, peer: Peer, context: ssl.SSLContext) -> None:
        self._peer = peer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self) -> bytes:
        """Complete the handshake, and return the session tickets of TLS 1.3, not yet sent."""
        self._complete(self._tls.do_handshake)
        last = self._outgoing.read()
        if self._tls.version() == "TLSv1.3":
            return last
        self._peer.send(last)  # Before TLS 1.3 the server sends the last message.
        return b""

    def token(self) -> str:
        """Read one request and return its token.

        Raises:
            OSError: the client has closed the connection.
        """
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += self._complete(lambda: self._tls.read(65536))
        return token_of(request)

    def encrypt(self, data: bytes) -> bytes:
        """Return a record with some data."""
        self._tls.write(data)
        return self._outgoing.read()

    def end(self) -> bytes:
        """Return a record with close_notify."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._outgoing.read()

    def _complete(self, operation: Callable[[], T]) -> T:
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                pass
            self._peer.send(self._outgoing.read())
            received = self._peer.receive()
            if not received:
                raise ConnectionError("the client has closed the connection")
            self._incoming.write(received)


@dataclass(frozen=True)
class Route:
    """How a transport reaches the server: directly or through a tunnel."""

    kind: Kind
    is_tunnel: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-tunnel" if self.is_tunnel else str(self.kind)


ROUTES = [
    *map(Route, [*KINDS, *UVLOOP_KINDS]),
    *(Route(kind, is_tunnel=True) for kind in (URLLIB3, AIOHTTP, AIOHTTP_UVLOOP)),
]


class Setup:
    """A TLS server, and a client that trusts it.

    Attributes:
        tokens: the tokens of the requests on each connection.
        is_idle: released when the client has its response.
        is_forged: released when the server has sent its bytes over the idle connection.
    """

    def __init__(self, context: ssl.SSLContext, route: Route) -> None:
        self.tokens: list[list[str]] = []
        self.is_idle = threading.Semaphore(0)
        self.is_forged = threading.Semaphore(0)
        self._context = context
        self._route = route

    def accept(self, peer: Peer) -> tuple[TLSPeer, bytes]:
        """Accept a connection; return its TLS and the session tickets, not yet sent."""
        self.tokens.append([])
        if self._route.is_tunnel:
            # This server is the proxy and the origin.
            assert peer.request().startswith(b"CONNECT localhost:")
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        tls = TLSPeer(peer, self._context)
        return tls, tls.handshake()

    def token(self, tls: TLSPeer) -> str:
        """Read a request on the newest connection, and record its token."""
        token = tls.token()
        self.tokens[-1].append(token)
        return token

    def echo(self, peer: Peer) -> None:
        """Answer each request with the profile of its token."""
        tls, tickets = self.accept(peer)
        peer.send(tickets)
        while True:
            peer.send(tls.encrypt(profile(self.token(tls))))

    @contextlib.contextmanager
    def client(self, *scripts: Script, otherwise: Script, **settings: Any) -> Iterator[Client]:
        """Run the server, and a client that does not retry."""
        with FaultServer(*scripts, otherwise=otherwise) as server:
            if self._route.is_tunnel:
                settings["proxy"] = f"http://127.0.0.1:{server.port}"
            settings["ssl_context"] = client_context()
            with self._route.kind.caller(discover=False, **settings) as caller:
                yield Client(caller, f"https://localhost:{server.port}")


@dataclass(frozen=True)
class Client:
    """A caller of one server."""

    caller: Caller
    url: str

    def get_info(self, token: str) -> str:
        """Return the subject of the profile."""
        return self.caller.get_info(self.url, token)


TLS_VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(params=ROUTES, ids=str)
def route(request: pytest.FixtureRequest) -> Route:
    route: Route = request.param
    return route


@pytest.fixture(params=TLS_VERSIONS, ids=lambda version: version.name)
def setup(request: pytest.FixtureRequest, route: Route) -> Setup:
    return Setup(server_context(version=request.param), route)


@pytest.fixture
def tls_1_3_setup(route: Route) -> Setup:
    return Setup(server_context(version=ssl.TLSVersion.TLSv1_3), route)


# Connections that must not be reused.


def forging(setup: Setup, part: slice, *, with_the_response: bool = False) -> Script:
    """Return a script that sends part of a forged record, and the rest after the next request."""

    def script(peer: Peer) -> None:
        tls, tickets = setup.accept(peer)
        answer = tickets + tls.encrypt(profile(setup.token(tls)))
        forged = tls.encrypt(profile("attacker"))
        if with_the_response:
            peer.send(answer + forged[part])
        else:
            peer.send(answer)
            assert setup.is_idle.acquire(timeout=5)
            peer.send(forged[part])
        setup.is_forged.release()
        setup.token(tls)
        peer.send(forged.removeprefix(forged[part]))

    return script


def check_that_no_connection_is_reused(
    setup: Setup, scripts: dict[str, Script], *, idle: float = MOMENT, **settings: Any
) -> None:
    """Check that each script answers the call of its name, over a new connection."""
    with setup.client(*scripts.values(), otherwise=setup.echo, **settings) as client:
        for name in scripts:
            assert client.get_info(name) == name
            setup.is_idle.release()
            assert setup.is_forged.acquire(timeout=5)
            if idle:
                client.caller.idle(idle)
        # The next connection is reused as usual.
        assert client.get_info("last") == "last"
        assert client.get_info("again") == "again"
        assert setup.tokens == [*([name] for name in scripts), ["last", "again"]]


def test_part_of_a_record_with_a_response_never_answers_the_next_caller(setup: Setup) -> None:
    scripts = {name: forging(setup, part, with_the_response=True) for name, part in PARTS.items()}
    check_that_no_connection_is_reused(setup, scripts)


def test_part_of_a_record_on_an_idle_connection_never_answers_the_next_caller(
    setup: Setup,
) -> None:
    scripts = {name: forging(setup, part) for name, part in PARTS.items()}
    check_that_no_connection_is_reused(setup, scripts)


def test_part_of_a_record_that_the_event_loop_has_not_read_never_answers_the_next_caller(
    setup: Setup,
) -> None:
    scripts = {name: forging(setup, part) for name, part in PARTS.items()}
    check_that_no_connection_is_reused(setup, scripts, idle=0)


def test_a_connection_with_part_of_a_record_releases_its_slot(setup: Setup) -> None:
    scripts = {"header": forging(setup, PARTS["header"], with_the_response=True)}
    check_that_no_connection_is_reused(setup, scripts, pool_size=1)


@pytest.mark.parametrize("with_the_response", [True, False], ids=["with-the-response", "when-idle"])
def test_a_connection_after_close_notify_is_not_reused(
    setup: Setup, with_the_response: bool
) -> None:
    def ended(peer: Peer) -> None:
        tls, tickets = setup.accept(peer)
        answer = tickets + tls.encrypt(profile(setup.token(tls)))
        if with_the_response:
            peer.send(answer + tls.end())
        else:
            peer.send(answer)
            assert setup.is_idle.acquire(timeout=5)
            peer.send(tls.end())
        setup.is_forged.release()
        peer.wait_closed()

    check_that_no_connection_is_reused(setup, {"ended": ended})


# Connections that must be reused.


def check_that_the_connection_is_reused(setup: Setup, script: Script) -> None:
    with setup.client(otherwise=script) as client:
        for token in ("first", "second", "third"):
            assert client.get_info(token) == token
            client.caller.idle(MOMENT)
        assert setup.tokens == [["first", "second", "third"]]


def test_a_connection_is_reused_after_a_complete_record(setup: Setup) -> None:
    check_that_the_connection_is_reused(setup, setup.echo)


def test_a_connection_is_reused_after_records_that_came_in_pieces(setup: Setup) -> None:
    def in_pieces(peer: Peer) -> None:
        tls, tickets = setup.accept(peer)
        peer.send(tickets)
        while True:
            answer = profile(setup.token(tls))
            records = tls.encrypt(answer[:30]) + tls.encrypt(answer[30:])
            for piece in (records[:3], records[3:40], records[40:-1], records[-1:]):
                peer.send(piece)
                peer.stall(0.002)

    check_that_the_connection_is_reused(setup, in_pieces)


def test_a_connection_is_reused_after_session_tickets(tls_1_3_setup: Setup) -> None:
    def with_the_first_answer(peer: Peer) -> None:
        tls, tickets = tls_1_3_setup.accept(peer)
        assert tickets
        while True:
            peer.send(tickets + tls.encrypt(profile(tls_1_3_setup.token(tls))))
            tickets = b""

    check_that_the_connection_is_reused(tls_1_3_setup, with_the_first_answer)


def test_a_connection_is_reused_after_a_session_ticket_in_pieces(
    tls_1_3_setup: Setup,
) -> None:
    def in_pieces(peer: Peer) -> None:
        tls, tickets = tls_1_3_setup.accept(peer)
        # Part of a record is harmless on a new connection: no response can have started.
        peer.send(tickets[:-7])
        rest = tickets[-7:]
        while True:
            peer.send(rest + tls.encrypt(profile(tls_1_3_setup.token(tls))))
            rest = b""

    check_that_the_connection_is_reused(tls_1_3_setup, in_pieces)
