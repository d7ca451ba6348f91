"""Whoever can write to an idle TLS connection must not be able to answer the next caller.

A TLS record counts only once it is whole. So a server can send part of a record that carries
a response while a connection is idle, and the rest of it after the next request: nothing has
been decrypted when the request is sent, and yet the response was begun before.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import pytest
import trustme
from tests.callers import AIOHTTP, AIOHTTP_UVLOOP, KINDS, URLLIB3, UVLOOP_KINDS, Caller, Kind

from usersmanager.testing import FaultServer, Peer, profile

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
# Enough for an event loop to read what has arrived.
MOMENT = 0.005

_BEARER = re.compile(rb"\r\nauthorization: bearer ([^\r\n]*)\r\n", re.IGNORECASE)


class TLSPeer:
    """TLS over a raw `Peer`, so that a test can cut up the encrypted bytes."""

    def __init__(self, peer: Peer, context: ssl.SSLContext) -> None:
        self._peer = peer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self) -> bytes:
        """Make the handshake, and return what may be sent later: the tickets of TLS 1.3."""
        self._complete(self._tls.do_handshake)
        last = self._outgoing.read()
        if self._tls.version() == "TLSv1.3":
            return last
        self._peer.send(last)  # Before TLS 1.3 the handshake ends with the server's words.
        return b""

    def token(self) -> str:
        """Read one request and return its token.

        Raises:
            OSError: the client has ended the connection.
        """
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += self._complete(lambda: self._tls.read(65536))
        found = _BEARER.search(request)
        assert found is not None
        return found[1].decode()

    def encrypt(self, data: bytes) -> bytes:
        """Return the record that carries some data."""
        self._tls.write(data)
        return self._outgoing.read()

    def end(self) -> bytes:
        """Return the record that ends TLS (close_notify)."""
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
                raise ConnectionError("the client has ended the connection")
            self._incoming.write(received)


@dataclass(frozen=True)
class Route:
    """How a transport reaches the server: directly, or through a proxy's tunnel."""

    kind: Kind
    is_tunnel: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-tunnel" if self.is_tunnel else str(self.kind)


ROUTES = [
    *map(Route, [*KINDS, *UVLOOP_KINDS]),
    *(Route(kind, is_tunnel=True) for kind in (URLLIB3, AIOHTTP, AIOHTTP_UVLOOP)),
]


class Scene:
    """A TLS server and a client that trusts it.

    Attributes:
        tokens: those of the requests on each connection.
        may_disturb: released once the client has its answer, and its connection is idle.
        disturbed: released once the server has sent all that it sends over an idle connection.
    """

    def __init__(self, serving: ssl.SSLContext, trusting: ssl.SSLContext, route: Route) -> None:
        self.tokens: list[list[str]] = []
        self.may_disturb = threading.Semaphore(0)
        self.disturbed = threading.Semaphore(0)
        self._serving = serving
        self._trusting = trusting
        self._route = route

    def accept(self, peer: Peer) -> tuple[TLSPeer, bytes]:
        """Begin a connection; return its TLS, and the session tickets, which are yet to be sent."""
        self.tokens.append([])
        if self._route.is_tunnel:
            # Proxy and server in one: a client sees no difference.
            assert peer.request().startswith(b"CONNECT localhost:")
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        tls = TLSPeer(peer, self._serving)
        return tls, tls.handshake()

    def token(self, tls: TLSPeer) -> str:
        """Read a request on the newest connection, and record it."""
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
        """Run the server, and a client that doesn't retry."""
        with FaultServer(*scripts, otherwise=otherwise) as server:
            if self._route.is_tunnel:
                settings["proxy"] = f"http://127.0.0.1:{server.port}"
            settings["ssl_context"] = self._trusting
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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def tls_1_2(authority: trustme.CA) -> ssl.SSLContext:
    return _serving(authority, ssl.TLSVersion.TLSv1_2)


@pytest.fixture(scope="module")
def tls_1_3(authority: trustme.CA) -> ssl.SSLContext:
    return _serving(authority, ssl.TLSVersion.TLSv1_3)


def _serving(authority: trustme.CA, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(params=ROUTES, ids=str)
def route(request: pytest.FixtureRequest) -> Route:
    chosen: Route = request.param
    return chosen


@pytest.fixture(params=["tls_1_2", "tls_1_3"])
def scene(request: pytest.FixtureRequest, trusting: ssl.SSLContext, route: Route) -> Scene:
    return Scene(request.getfixturevalue(request.param), trusting, route)


@pytest.fixture
def tls_1_3_scene(tls_1_3: ssl.SSLContext, trusting: ssl.SSLContext, route: Route) -> Scene:
    return Scene(tls_1_3, trusting, route)


# What must keep a connection from being used again.


def forging(scene: Scene, part: slice, *, with_the_answer: bool = False) -> Script:
    """Answer a request, send part of a forged record, and the rest of it when asked again."""

    def script(peer: Peer) -> None:
        tls, tickets = scene.accept(peer)
        answer = tickets + tls.encrypt(profile(scene.token(tls)))
        forged = tls.encrypt(profile("mallory"))
        if with_the_answer:
            peer.send(answer + forged[part])
        else:
            peer.send(answer)
            assert scene.may_disturb.acquire(timeout=5)
            peer.send(forged[part])
        scene.disturbed.release()
        scene.token(tls)
        peer.send(forged.removeprefix(forged[part]))

    return script


def check_that_no_connection_is_used_again(
    scene: Scene, scripts: dict[str, Script], *, idle: float = MOMENT, **settings: Any
) -> None:
    """Each call must be answered over a new connection, by the script of its name."""
    with scene.client(*scripts.values(), otherwise=scene.echo, **settings) as client:
        for name in scripts:
            assert client.get_info(name) == name
            scene.may_disturb.release()
            assert scene.disturbed.acquire(timeout=5)
            if idle:
                client.caller.idle(idle)
        # The connection after those is like any other.
        assert client.get_info("last") == "last"
        assert client.get_info("again") == "again"
        assert scene.tokens == [*([name] for name in scripts), ["last", "again"]]


def test_part_of_a_record_with_an_answer_never_answers_the_next_caller(scene: Scene) -> None:
    scripts = {name: forging(scene, part, with_the_answer=True) for name, part in PARTS.items()}
    check_that_no_connection_is_used_again(scene, scripts)


def test_part_of_a_record_on_an_idle_connection_never_answers_the_next_caller(
    scene: Scene,
) -> None:
    scripts = {name: forging(scene, part) for name, part in PARTS.items()}
    check_that_no_connection_is_used_again(scene, scripts)


def test_part_of_a_record_that_the_event_loop_has_not_read_never_answers_the_next_caller(
    scene: Scene,
) -> None:
    scripts = {name: forging(scene, part) for name, part in PARTS.items()}
    check_that_no_connection_is_used_again(scene, scripts, idle=0)


def test_part_of_a_record_takes_no_slot_of_the_pool(scene: Scene) -> None:
    scripts = {"header": forging(scene, PARTS["header"], with_the_answer=True)}
    check_that_no_connection_is_used_again(scene, scripts, pool_size=1)


@pytest.mark.parametrize("with_the_answer", [True, False], ids=["with-the-answer", "when-idle"])
def test_a_connection_whose_tls_has_ended_is_not_used_again(
    scene: Scene, with_the_answer: bool
) -> None:
    def ended(peer: Peer) -> None:
        tls, tickets = scene.accept(peer)
        answer = tickets + tls.encrypt(profile(scene.token(tls)))
        if with_the_answer:
            peer.send(answer + tls.end())
        else:
            peer.send(answer)
            assert scene.may_disturb.acquire(timeout=5)
            peer.send(tls.end())
        scene.disturbed.release()
        peer.wait_closed()

    check_that_no_connection_is_used_again(scene, {"ended": ended})


# What must not keep a connection from being used again.


def check_that_the_connection_is_used_again(scene: Scene, script: Script) -> None:
    with scene.client(otherwise=script) as client:
        for token in ("first", "second", "third"):
            assert client.get_info(token) == token
            client.caller.idle(MOMENT)
        assert scene.tokens == [["first", "second", "third"]]


def test_a_connection_is_used_again_after_a_whole_record(scene: Scene) -> None:
    check_that_the_connection_is_used_again(scene, scene.echo)


def test_a_connection_is_used_again_after_records_that_came_in_pieces(scene: Scene) -> None:
    def in_pieces(peer: Peer) -> None:
        tls, tickets = scene.accept(peer)
        peer.send(tickets)
        while True:
            answer = profile(scene.token(tls))
            records = tls.encrypt(answer[:30]) + tls.encrypt(answer[30:])
            for piece in (records[:3], records[3:40], records[40:-1], records[-1:]):
                peer.send(piece)
                peer.stall(0.002)

    check_that_the_connection_is_used_again(scene, in_pieces)


def test_a_connection_is_used_again_after_session_tickets(tls_1_3_scene: Scene) -> None:
    def with_the_first_answer(peer: Peer) -> None:
        tls, tickets = tls_1_3_scene.accept(peer)
        assert tickets
        while True:
            peer.send(tickets + tls.encrypt(profile(tls_1_3_scene.token(tls))))
            tickets = b""

    check_that_the_connection_is_used_again(tls_1_3_scene, with_the_first_answer)


def test_a_connection_is_used_again_after_a_session_ticket_in_pieces(
    tls_1_3_scene: Scene,
) -> None:
    def in_pieces(peer: Peer) -> None:
        tls, tickets = tls_1_3_scene.accept(peer)
        # No answer can have been begun on a new connection: part of a record does no harm.
        peer.send(tickets[:-7])
        rest = tickets[-7:]
        while True:
            peer.send(rest + tls.encrypt(profile(tls_1_3_scene.token(tls))))
            rest = b""

    check_that_the_connection_is_used_again(tls_1_3_scene, in_pieces)
