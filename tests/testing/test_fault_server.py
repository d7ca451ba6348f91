"""FaultServer and Peer, from the client's side of a plain socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.contracts.scripts import ending
from usersmanager.testing.fault_server import token_of

GET = b"GET / HTTP/1.1\r\nAuthorization: Bearer mine\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"


def connect(server: FaultServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def answer_of(server: FaultServer, request: bytes = GET) -> bytes:
    """Send a request, and return all that is received until the connection ends."""
    with connect(server) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


def test_each_connection_has_its_script_and_later_ones_echo_the_token() -> None:
    def numbered(peer: Peer) -> None:
        peer.request()
        peer.send(b"%d" % peer.number)

    with FaultServer(numbered, numbered) as server:
        answers = [answer_of(server) for _ in range(3)]
        assert answers == [b"0", b"1", profile("mine")]
        assert server.connections == 3


def test_another_script_may_serve_all_later_connections() -> None:
    with FaultServer(ending(b"first"), otherwise=ending(b"later")) as server:
        assert [answer_of(server) for _ in range(3)] == [b"first", b"later", b"later"]


def test_complete_requests_are_recorded_one_by_one() -> None:
    def read(peer: Peer) -> None:
        while peer.request():
            pass

    with FaultServer(otherwise=read) as server:
        answer_of(server, GET + POST + GET[:-1])
        answer_of(server, POST[:-1])
        assert server.requests == [GET, POST]


def test_received_bytes_are_not_recorded() -> None:
    def read(peer: Peer) -> None:
        peer.send(peer.receive(3) + b", " + peer.receive())

    with FaultServer(read) as server:
        assert answer_of(server) == b"GET, " + GET[3:]
        assert server.requests == []


def test_a_server_that_does_not_accept_reads_nothing() -> None:
    with FaultServer(accept=False) as server, connect(server) as client:
        client.sendall(GET)
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert server.connections == 0


def test_dripped_bytes_arrive_in_order_and_with_pauses() -> None:
    started = time.monotonic()
    with FaultServer(lambda peer: [peer.request(), peer.drip(b"abc", every=0.02)]) as server:
        assert answer_of(server) == b"abc"
    assert time.monotonic() - started >= 0.06


def test_a_reset_is_not_an_orderly_end() -> None:
    with FaultServer(ending(b"", reset=True)) as server, connect(server) as client:
        client.sendall(GET)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.fixture
def leaves_no_thread() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before


@pytest.mark.parametrize("wait", [Peer.stall, Peer.wait_closed, Peer.request])
@pytest.mark.usefixtures("leaves_no_thread")
def test_the_end_of_the_server_ends_its_scripts_and_its_connections(
    wait: Callable[[Peer], object],
) -> None:
    is_running = threading.Event()

    def script(peer: Peer) -> None:
        is_running.set()
        wait(peer)

    with FaultServer(script) as server:
        client = connect(server)
        assert is_running.wait(5)
    with client:
        assert read_all(client) == b""


def test_a_request_has_a_token_or_none() -> None:
    assert token_of(GET) == "mine"
    assert token_of(GET.replace(b"Authorization: Bearer", b"authorization: bearer")) == "mine"
    assert token_of(POST) == ""
