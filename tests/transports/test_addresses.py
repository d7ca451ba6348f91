"""A host with several addresses: which are tried, when, and what becomes of the others.

The rules of RFC 8305 hold over every transport.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import Any

import pytest
from tenacity import wait_none
from tests.descriptors import count_descriptors, settled_descriptors
from tests.transports.calls import TRANSPORTS, Outcome, call
from tests.transports.faults import SHORT
from tests.transports.names import HOST, black_hole, refusing_address, resolving_to

from usersmanager import ConnectError
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.certificates import client_context, server_context
from usersmanager_retry import Retry

EVERY_TRANSPORT = pytest.mark.parametrize("transport", TRANSPORTS)


def address_of(server: FaultServer) -> tuple[str, int]:
    return ("127.0.0.1", server.port)


def fetch(transport: str, scheme: str = "http", **settings: Any) -> Outcome:
    """Get a profile from the host, with retries. The port is that of a test, for its own memory."""
    retry = Retry(wait=wait_none())
    port = settings.pop("port")
    return call(transport, "get_info", f"{scheme}://{HOST}:{port}", plugins=[retry], **settings)


@EVERY_TRANSPORT
def test_after_an_address_that_refuses_the_next_is_tried_at_once(transport: str) -> None:
    # With 250 ms for each, the last one would be tried too late.
    with (
        FaultServer() as server,
        refusing_address() as refusing,
        resolving_to(*[refusing] * 49, address_of(server)),
    ):
        outcome = fetch(transport, port=server.port)
    assert outcome.error is None
    assert len(outcome.attempts) == 1


@EVERY_TRANSPORT
def test_after_an_address_that_is_silent_the_next_is_tried_soon(transport: str) -> None:
    with (
        FaultServer() as server,
        black_hole() as silent,
        resolving_to(*[silent] * 3, address_of(server)),
    ):
        outcome = fetch(transport, port=server.port)
    assert outcome.error is None
    assert len(outcome.attempts) == 1


@EVERY_TRANSPORT
def test_an_address_that_failed_is_not_the_first_of_the_next_connection(transport: str) -> None:
    with (
        FaultServer() as server,
        black_hole() as silent,
        resolving_to(silent, address_of(server)),
    ):
        assert fetch(transport, port=server.port).error is None
        # Too short for another address after the silent one.
        outcome = fetch(transport, port=server.port, connect_timeout=0.2)
    assert outcome.error is None
    assert len(outcome.attempts) == 1


@EVERY_TRANSPORT
def test_an_address_that_is_silent_in_tls_costs_one_attempt(transport: str) -> None:
    with (
        FaultServer(otherwise=Peer.wait_closed) as silent,
        FaultServer(ssl_context=server_context(HOST)) as server,
        resolving_to(address_of(silent), address_of(server)),
    ):
        outcome = fetch(
            transport,
            "https",
            port=server.port,
            connect_timeout=SHORT,
            ssl_context=client_context(),
        )
        assert silent.connections == 1
    assert outcome.error is None


@EVERY_TRANSPORT
def test_a_proxy_address_that_does_not_answer_costs_one_attempt(transport: str) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with (
        FaultServer(otherwise=Peer.wait_closed) as silent,
        FaultServer(otherwise=refuse) as server,
        resolving_to(address_of(silent), address_of(server)),
    ):
        outcome = fetch(
            transport,
            "https",
            port=443,
            connect_timeout=SHORT,
            proxy=f"http://proxy.example:{server.port}",
        )
        assert silent.connections == 1
    assert isinstance(outcome.error, ConnectError)
    assert outcome.error.proxy_status == 403


@EVERY_TRANSPORT
def test_the_families_take_turns(transport: str) -> None:
    # Each address of the first family costs 250 ms, unless the system lacks the family.
    with FaultServer() as server, black_hole() as silent:
        mapped = (f"::ffff:{silent[0]}", silent[1], 0, 0)
        with resolving_to(*[mapped] * 20, address_of(server)):
            outcome = fetch(transport, port=server.port)
    assert outcome.error is None
    assert len(outcome.attempts) == 1


@EVERY_TRANSPORT
def test_a_family_that_the_system_lacks_costs_nothing(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithoutIPv6(socket.socket):
        def __init__(self, family: int = -1, *rest: Any, **named: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(97, os.strerror(97))
            super().__init__(family, *rest, **named)

    with FaultServer() as server:
        monkeypatch.setattr(socket, "socket", WithoutIPv6)
        with resolving_to(*[("2001:db8::1", 9, 0, 0)] * 20, address_of(server)):
            outcome = fetch(transport, port=server.port)
        monkeypatch.undo()
    assert outcome.error is None
    assert len(outcome.attempts) == 1


class IPv6Server(FaultServer):
    """A server on the loopback address of IPv6."""

    @staticmethod
    def listen(backlog: int) -> tuple[socket.socket, int]:
        try:
            listener = socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=backlog)
        except OSError:
            pytest.skip("the system has no IPv6")
        return listener, int(listener.getsockname()[1])


@EVERY_TRANSPORT
def test_ipv6_first_is_used(transport: str) -> None:
    with FaultServer() as server, IPv6Server() as first:
        with resolving_to(("::1", first.port, 0, 0), address_of(server)):
            outcome = fetch(transport, port=server.port)
        assert (first.connections, server.connections) == (1, 0)
    assert outcome.error is None


@EVERY_TRANSPORT
def test_the_reason_is_that_of_the_last_address_if_all_fail(transport: str) -> None:
    unreachable = ("224.0.0.1", 9)  # No system has a route for TCP to a multicast address.
    with refusing_address() as refusing, resolving_to(unreachable, *[refusing] * 49):
        outcome = fetch(transport, port=refusing[1])
    assert isinstance(outcome.error, ConnectError)
    assert outcome.error.reason == "refused"


@EVERY_TRANSPORT
def test_the_reason_is_a_timeout_if_all_are_silent(transport: str) -> None:
    with black_hole() as silent, resolving_to(*[silent] * 50):
        outcome = fetch(transport, port=silent[1], connect_timeout=0.4, timeout=0.8)
    assert isinstance(outcome.attempts[0].error, ConnectError)
    assert outcome.attempts[0].error.reason == "connect_timeout"


@EVERY_TRANSPORT
def test_the_connections_that_did_not_win_are_closed(transport: str) -> None:
    with FaultServer() as server, black_hole() as silent, black_hole() as other:
        descriptors = count_descriptors()
        with resolving_to(silent, other, address_of(server)):
            assert fetch(transport, port=server.port).error is None
        with resolving_to(silent, other):
            fetch(transport, port=silent[1], connect_timeout=0.4, timeout=0.4)
        assert settled_descriptors(descriptors) <= descriptors


@EVERY_TRANSPORT
def test_the_final_dot_of_a_name_is_for_the_resolver_alone(transport: str) -> None:
    names: list[str | None] = []
    context = server_context(HOST)
    context.sni_callback = lambda sock, name, context: names.append(name)
    with FaultServer(ssl_context=context) as server, resolving_to(address_of(server)) as asked:
        origin = f"https://{HOST}.:{server.port}"
        outcome = call(transport, "get_info", origin, ssl_context=client_context())
    assert outcome.error is None
    assert asked == [f"{HOST}."]
    assert names == [HOST]
    assert f"\r\nHost: {HOST}.:{server.port}\r\n".encode() in server.requests[0]


@EVERY_TRANSPORT
def test_the_final_dot_of_a_name_is_not_checked_in_a_tunnel(transport: str) -> None:
    context = server_context(HOST)

    def tunnel(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer._sock = context.wrap_socket(peer._sock, server_side=True)
        peer.request()
        peer.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"sub": "u"}')
        assert isinstance(peer._sock, ssl.SSLSocket)
        peer._sock.unwrap()

    with FaultServer(tunnel) as proxy:
        outcome = call(
            transport,
            "get_info",
            f"https://{HOST}.",
            proxy=proxy.origin,
            ssl_context=client_context(),
        )
    assert outcome.error is None
    assert proxy.requests[0].startswith(f"CONNECT {HOST}.:443 HTTP/1.1\r\n".encode())
