"""What a TLS handshake offers: http/1.1 by default, and what the user's context says."""

from __future__ import annotations

import ssl

import pytest
from tests.transports.calls import TRANSPORTS, call

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
