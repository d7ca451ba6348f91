"""TLS over every transport: what a handshake offers, and what ends a body."""

from __future__ import annotations

import contextlib
import ssl

import pytest
from tests.transports.calls import TRANSPORTS, Outcome, call

from usersmanager import DisconnectedError
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import authority, client_context, server_context
from usersmanager.transports.http1.tls import new_ssl_context

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


def selected(transport: str, context: ssl.SSLContext) -> str | None:
    """Return the protocol that a server selects of what a client offers."""
    protocols: list[str | None] = []

    def record(peer: Peer) -> None:
        assert isinstance(peer._sock, ssl.SSLSocket)
        protocols.append(peer._sock.selected_alpn_protocol())
        peer.request()
        peer.send(profile("u"))

    serving = server_context("localhost")
    serving.set_alpn_protocols(["h2", "x", "http/1.1"])
    with FaultServer(record, ssl_context=serving, host="localhost") as server:
        outcome = call(transport, "get_info", server.origin, ssl_context=context)
    assert outcome.error is None
    return protocols[0]


def test_the_default_context_offers_http_1_1(transport: str) -> None:
    context = new_ssl_context()
    authority().configure_trust(context)
    assert selected(transport, context) == "http/1.1"


def test_a_users_context_is_left_as_it_is(transport: str) -> None:
    context = client_context()
    assert selected(transport, context) is None
    context.set_alpn_protocols(["x"])
    for _ in range(2):
        assert selected(transport, context) == "x"


def unsized_response(transport: str, *, has_close_notify: bool) -> Outcome:
    """Return the outcome of a call whose response ends with the connection."""

    def respond(peer: Peer) -> None:
        peer.request()
        peer.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"sub": "u"}')
        if has_close_notify:
            assert isinstance(peer._sock, ssl.SSLSocket)
            with contextlib.suppress(OSError):  # The client need not reply.
                peer._sock.unwrap()

    with FaultServer(respond, ssl_context=server_context(), host="localhost") as server:
        return call(transport, "get_info", server.origin, ssl_context=client_context())


def test_close_notify_completes_a_body_without_a_length(transport: str) -> None:
    assert unsized_response(transport, has_close_notify=True).result == {"sub": "u"}


def test_an_end_without_close_notify_completes_no_body(transport: str) -> None:
    error = unsized_response(transport, has_close_notify=False).error
    assert isinstance(error, DisconnectedError)
    assert (error.reason, error.sent) == ("truncated", True)
