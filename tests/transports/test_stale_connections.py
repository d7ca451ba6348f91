"""Stale connections of the pool do not use up the attempts of a call.

A client may notice only when it sends the next request that a server has dropped its connections.
Then every idle connection to that server may be stale, and the next attempt needs a new one.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import pytest
from tests.callers import KINDS, Caller, Kind

from usersmanager import DeadlineExceededError, DisconnectedError
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.contracts.cases import with_short_timeout
from usersmanager.testing.fault_server import token_of

# The number of idle connections.
WARM = 5
USERS = [f"user-{number}" for number in range(WARM)]
# Long enough for an event loop to notice the end of a connection, in seconds.
MOMENT = 0.01

End: TypeAlias = Callable[[Peer], None]
Certificates: TypeAlias = tuple[ssl.SSLContext, ssl.SSLContext]
ENDS = [pytest.param(Peer.close, id="closed"), pytest.param(Peer.reset, id="reset")]

LINK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n\r\n"
    b"https://links.example/"
)


class Server(FaultServer):
    """A server whose first, warm connections are opened concurrently and answer one request each.

    Args:
        then: the script of a warm connection after its first response.
        later: the scripts of the connections after the warm ones; all others answer.
        warm: the number of warm connections.
        ssl_context: for TLS.

    Attributes:
        seen: the number of the connection and the token of each request, in order.
        closed: the numbers of the connections that the client has closed.
    """

    def __init__(
        self,
        then: Callable[[Server, Peer], object],
        *later: Callable[[Server, Peer], object],
        warm: int = WARM,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(
            *[self._warm] * warm,
            *[lambda peer, script=script: script(self, peer) for script in later],
            otherwise=self.serve,
            ssl_context=ssl_context,
            host="127.0.0.1" if ssl_context is None else "localhost",
        )
        self.seen: list[tuple[int, str]] = []
        self.closed: set[int] = set()
        self.restarting = threading.Event()
        self.restarted = threading.Semaphore(0)
        self._warm_connections = warm
        self._then = then
        self._together = threading.Barrier(warm)

    def _warm(self, peer: Peer) -> None:
        self.answer_next(peer)
        self._then(self, peer)

    def serve(self, peer: Peer) -> None:
        """Answer all requests."""
        while self.answer_next(peer):
            pass

    def answer_next(self, peer: Peer) -> bool:
        """Answer a request; return whether there was one. Those of USERS are answered together."""
        request = self.read(peer)
        if not request:
            return False
        token = token_of(request)
        if token in USERS:
            self._together.wait(5)
        peer.send(LINK if request.startswith(b"POST") else profile(token))
        return True

    def read(self, peer: Peer) -> bytes:
        """Read and record a request; b"" if the client has closed the connection."""
        try:
            request = peer.request()
        except OSError:
            request = b""
        if request:
            self.seen.append((peer.number, token_of(request)))
        else:
            self.closed.add(peer.number)
        return request

    def connections_of(self, token: str) -> list[int]:
        """Return the numbers of the connections that carried a token."""
        return [number for number, seen in self.seen if seen == token]

    def restart(self) -> None:
        """End all warm connections, and return when they have ended."""
        self.restarting.set()
        for _ in range(self._warm_connections):
            assert self.restarted.acquire(timeout=5)


def failing(end: End) -> Callable[[Server, Peer], None]:
    """Return a script that ends the connection when it has received a request."""

    def script(server: Server, peer: Peer) -> None:
        if server.read(peer):
            end(peer)

    return script


def restarting(end: End) -> Callable[[Server, Peer], None]:
    """Return a script that ends the connection while it is idle."""

    def script(server: Server, peer: Peer) -> None:
        assert server.restarting.wait(5)
        end(peer)
        server.restarted.release()

    return script


def silent(server: Server, peer: Peer) -> None:
    """Read a request, and never answer it."""
    server.read(peer)
    peer.wait_closed()


def wait_until(caller: Caller, condition: Callable[[], bool]) -> None:
    """Wait until the server has seen what the client did."""
    limit = time.monotonic() + 5
    while not condition() and time.monotonic() < limit:
        caller.idle(MOMENT)


def check_that_idle_connections_are_closed(caller: Caller, server: Server, used: int) -> None:
    """Check that the client has closed all warm connections but the one that it used."""
    idle = set(range(WARM)) - {used}
    wait_until(caller, lambda: server.closed >= idle)
    assert server.closed == idle


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    """The contexts of a server, and of a client that trusts it."""
    return server_context(), client_context()


# Connections that fail when they are used.


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_a_call_uses_one_stale_connection_at_most(
    kind: Kind, end: End, is_tls: bool, certificates: Certificates
) -> None:
    serving, trusting = certificates if is_tls else (None, None)
    with (
        Server(failing(end), ssl_context=serving) as server,
        kind.caller(ssl_context=trusting) as caller,
    ):
        assert caller.get_info_together(server.origin, USERS) == USERS
        assert caller.get_info(server.origin, "bob") == "bob"
        stale, new = server.connections_of("bob")
        assert (stale < WARM, new) == (True, WARM)
        check_that_idle_connections_are_closed(caller, server, stale)
        # The new one stays open.
        assert caller.get_info(server.origin, "carol") == "carol"
        assert server.connections_of("carol") == [WARM]


@pytest.mark.parametrize("end", ENDS)
def test_a_stale_connection_fails_its_attempt_and_the_next_has_a_new_one(
    kind: Kind, end: End
) -> None:
    """Only the retry plugin retries, not the transport."""
    with Server(failing(end)) as server, kind.caller(discover=False) as caller:
        assert caller.get_info_together(server.origin, USERS) == USERS
        with pytest.raises(DisconnectedError):
            caller.get_info(server.origin, "bob")
        [stale] = server.connections_of("bob")
        assert stale < WARM
        assert caller.get_info(server.origin, "carol") == "carol"
        assert server.connections_of("carol") == [WARM]
        check_that_idle_connections_are_closed(caller, server, stale)


@pytest.mark.parametrize("calls", [2, WARM])
def test_each_of_several_calls_uses_one_stale_connection_at_most(kind: Kind, calls: int) -> None:
    tokens = [f"late-{number}" for number in range(calls)]
    with Server(failing(Peer.close)) as server, kind.caller() as caller:
        assert caller.get_info_together(server.origin, USERS) == USERS
        assert caller.get_info_together(server.origin, tokens) == tokens
        for token in tokens:
            *stale, new = server.connections_of(token)
            assert len(stale) <= 1
            assert new >= WARM


def test_connections_to_another_server_stay_open(kind: Kind) -> None:
    with (
        Server(Server.serve) as other,
        Server(failing(Peer.close)) as server,
        kind.caller() as caller,
    ):
        assert caller.get_info_together(other.origin, USERS) == USERS
        assert caller.get_info_together(server.origin, USERS) == USERS
        assert caller.get_info(server.origin, "bob") == "bob"
        assert caller.get_info_together(other.origin, USERS) == USERS
        caller.idle(MOMENT)
        assert other.connections == WARM
        assert other.closed == set()


def test_an_impersonation_uses_a_new_connection_and_closes_it(kind: Kind) -> None:
    with Server(failing(Peer.close)) as server, kind.caller() as caller:
        assert caller.get_info_together(server.origin, USERS) == USERS
        for _ in range(2):
            assert caller.impersonate(server.origin, "boss") == "https://links.example/"
        assert server.connections_of("boss") == [WARM, WARM + 1]
        wait_until(caller, lambda: len(server.closed) == 2)
        assert server.closed == {WARM, WARM + 1}


# Connections that have failed before they are used.


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("moment", [MOMENT, 0], ids=["noticed", "not-noticed-by-the-loop"])
def test_a_restart_of_the_server_costs_no_attempt(kind: Kind, end: End, moment: float) -> None:
    with Server(restarting(end)) as server, kind.caller(discover=False) as caller:
        assert caller.get_info_together(server.origin, USERS) == USERS
        server.restart()
        if moment:
            caller.idle(moment)
        assert caller.get_info(server.origin, "bob") == "bob"
        assert server.connections_of("bob") == [WARM]


def test_a_restart_of_the_server_costs_no_attempt_over_tls(
    kind: Kind, certificates: Certificates
) -> None:
    serving, trusting = certificates
    with (
        Server(restarting(Peer.close), ssl_context=serving) as server,
        kind.caller(discover=False, ssl_context=trusting) as caller,
    ):
        assert caller.get_info_together(server.origin, USERS) == USERS
        server.restart()
        assert caller.get_info(server.origin, "bob") == "bob"
        assert server.connections_of("bob") == [WARM]


# Slots of the pool, and the deadline.


def check_that_all_slots_are_free(caller: Caller, server: Server) -> None:
    """Check that all users get a connection: the server answers them only together."""
    assert caller.get_info_together(server.origin, USERS) == USERS
    assert server.connections == 2 * WARM


def test_stale_connections_release_their_slots(kind: Kind) -> None:
    with Server(failing(Peer.close)) as server, kind.caller(pool_size=WARM) as caller:
        assert caller.get_info_together(server.origin, USERS) == USERS
        assert caller.get_info(server.origin, "bob") == "bob"
        check_that_all_slots_are_free(caller, server)


def test_a_restart_of_the_server_releases_all_slots(kind: Kind) -> None:
    with Server(restarting(Peer.close)) as server, kind.caller(pool_size=WARM) as caller:
        assert caller.get_info_together(server.origin, USERS) == USERS
        server.restart()
        check_that_all_slots_are_free(caller, server)


def test_the_only_slot_is_free_again_for_the_next_attempt(kind: Kind) -> None:
    with Server(failing(Peer.close), warm=1) as server, kind.caller(pool_size=1) as caller:
        assert caller.get_info(server.origin, USERS[0]) == USERS[0]
        tokens = ["bob", "carol"]
        assert caller.get_info_together(server.origin, tokens) == tokens
        assert {number for number, _ in server.seen} == {0, 1}
        assert server.connections == 2


def test_the_only_slot_is_free_again_after_a_failed_call(kind: Kind) -> None:
    with (
        Server(failing(Peer.reset), warm=1) as server,
        kind.caller(discover=False, pool_size=1) as caller,
    ):
        assert caller.get_info(server.origin, USERS[0]) == USERS[0]
        with pytest.raises(DisconnectedError):
            caller.get_info(server.origin, "bob")
        assert caller.get_info(server.origin, "carol", timeout=5) == "carol"
        assert server.connections_of("carol") == [1]


def test_a_call_over_a_silent_connection_ends_at_the_deadline(kind: Kind) -> None:
    def check(timeout: float) -> None:
        with Server(silent, warm=1) as server, kind.caller(pool_size=1) as caller:
            assert caller.get_info(server.origin, USERS[0]) == USERS[0]
            with pytest.raises(DeadlineExceededError):
                caller.get_info(server.origin, "bob", timeout=timeout)
            assert server.connections_of("bob") == [0]
            assert caller.get_info(server.origin, "carol", timeout=5) == "carol"
            assert server.connections_of("carol") == [1]

    with_short_timeout(check)


def test_the_deadline_holds_over_a_stale_and_a_new_connection(kind: Kind) -> None:
    def check(timeout: float) -> None:
        with (
            Server(failing(Peer.close), silent, warm=1) as server,
            kind.caller(pool_size=1) as caller,
        ):
            assert caller.get_info(server.origin, USERS[0]) == USERS[0]
            started = time.monotonic()
            with pytest.raises(DeadlineExceededError):
                caller.get_info(server.origin, "bob", timeout=timeout)
            assert time.monotonic() - started < 5
            assert server.connections_of("bob") == [0, 1]
            assert caller.get_info(server.origin, "carol", timeout=5) == "carol"
            assert server.connections_of("carol") == [2]

    with_short_timeout(check)
